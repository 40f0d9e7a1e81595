// Written by contracts/build.ts from the compiler's output.
export const proofResolutionAbi = [
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "nexus_",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "vault_",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "terminal_",
    "type": "address"
   }
  ],
  "stateMutability": "nonpayable",
  "type": "constructor"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   }
  ],
  "name": "AlreadyCommitted",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   }
  ],
  "name": "AlreadySeated",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   }
  ],
  "name": "ChallengeClosed",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "commitment",
    "type": "bytes32"
   }
  ],
  "name": "EvidenceNotAnnounced",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   }
  ],
  "name": "EvidenceRejected",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   }
  ],
  "name": "LinkMismatch",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   }
  ],
  "name": "LinkNeeded",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   }
  ],
  "name": "NoSeat",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "caller",
    "type": "address"
   }
  ],
  "name": "NotActor",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "caller",
    "type": "address"
   }
  ],
  "name": "NotClient",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   }
  ],
  "name": "NotPolicyTask",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   }
  ],
  "name": "NothingToDo",
  "type": "error"
 },
 {
  "inputs": [],
  "name": "OnlyAuditManager",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   }
  ],
  "name": "PlantMismatch",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "master",
    "type": "address"
   }
  ],
  "name": "SameMaster",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   }
  ],
  "name": "SealMismatch",
  "type": "error"
 },
 {
  "inputs": [],
  "name": "SealMissing",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "blockNumber",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "allowedFrom",
    "type": "uint256"
   }
  ],
  "name": "TooEarly",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "blockNumber",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "deadline",
    "type": "uint256"
   }
  ],
  "name": "TooLate",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "programId",
    "type": "bytes32"
   }
  ],
  "name": "VerifierMissing",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "enum IProofTypes.Phase",
    "name": "phase",
    "type": "uint8"
   }
  ],
  "name": "WrongPhase",
  "type": "error"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "seat",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "bond",
    "type": "uint256"
   }
  ],
  "name": "Accepted",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "seats",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "commitDeadline",
    "type": "uint256"
   }
  ],
  "name": "Assigned",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "challenger",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "bond",
    "type": "uint256"
   }
  ],
  "name": "Challenged",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "sealedDigest",
    "type": "bytes32"
   }
  ],
  "name": "Committed",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "bool",
    "name": "audited",
    "type": "bool"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "seed",
    "type": "bytes32"
   }
  ],
  "name": "Drawn",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "commitment",
    "type": "bytes32"
   }
  ],
  "name": "ErrorPlanted",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "refunded",
    "type": "uint256"
   }
  ],
  "name": "Failed",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "challenger",
    "type": "address"
   }
  ],
  "name": "FaultProven",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "winningProvider",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "result",
    "type": "bytes32"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "paid",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "refunded",
    "type": "uint256"
   }
  ],
  "name": "Finalized",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "blockNumber",
    "type": "uint256"
   }
  ],
  "name": "Heartbeat",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "digest",
    "type": "bytes32"
   },
   {
    "indexed": false,
    "internalType": "bool",
    "name": "appealed",
    "type": "bool"
   }
  ],
  "name": "PlantOpened",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "freeSeats",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "round",
    "type": "uint256"
   }
  ],
  "name": "Reopened",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "retried",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "spent",
    "type": "uint256"
   }
  ],
  "name": "Retried",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "drawBlock",
    "type": "uint256"
   }
  ],
  "name": "RevealClosed",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "seats",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "revealDeadline",
    "type": "uint256"
   }
  ],
  "name": "RevealOpened",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "outRoot",
    "type": "bytes32"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "traceRoot",
    "type": "bytes32"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   },
   {
    "indexed": false,
    "internalType": "string",
    "name": "url",
    "type": "string"
   }
  ],
  "name": "Revealed",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "enum IProofTypes.SeatState",
    "name": "outcome",
    "type": "uint8"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "paid",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "slashed",
    "type": "uint256"
   }
  ],
  "name": "SeatSettled",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "penalty",
    "type": "uint256"
   }
  ],
  "name": "SeatVacated",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "steps",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "paid",
    "type": "uint256"
   }
  ],
  "name": "SegmentPaid",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "result",
    "type": "bytes32"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "windowEnd",
    "type": "uint256"
   }
  ],
  "name": "WindowOpened",
  "type": "event"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "commitment",
    "type": "bytes32"
   }
  ],
  "name": "announceFault",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   }
  ],
  "name": "challenge",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   }
  ],
  "name": "challengeBond",
  "outputs": [
   {
    "internalType": "uint256",
    "name": "bond",
    "type": "uint256"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "outRoot",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "traceRoot",
    "type": "bytes32"
   }
  ],
  "name": "digestOf",
  "outputs": [
   {
    "internalType": "bytes32",
    "name": "",
    "type": "bytes32"
   }
  ],
  "stateMutability": "pure",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   }
  ],
  "name": "draw",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   }
  ],
  "name": "finalize",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   },
   {
    "internalType": "string",
    "name": "url",
    "type": "string"
   }
  ],
  "name": "finalizeWithLink",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "master",
    "type": "address"
   }
  ],
  "name": "isBarred",
  "outputs": [
   {
    "internalType": "bool",
    "name": "",
    "type": "bool"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "nexus",
  "outputs": [
   {
    "internalType": "contract INexus",
    "name": "",
    "type": "address"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "bool",
    "name": "decided",
    "type": "bool"
   },
   {
    "internalType": "bytes32",
    "name": "verdict",
    "type": "bytes32"
   }
  ],
  "name": "onVerdict",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "bytes32",
    "name": "outRoot",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "traceRoot",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "salt",
    "type": "bytes32"
   }
  ],
  "name": "openPlant",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "bytes32",
    "name": "commitment",
    "type": "bytes32"
   }
  ],
  "name": "plantError",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "internalType": "bytes32",
    "name": "outRoot",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "traceRoot",
    "type": "bytes32"
   },
   {
    "internalType": "bytes",
    "name": "evidence",
    "type": "bytes"
   }
  ],
  "name": "proveFault",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   }
  ],
  "name": "publishResponse",
  "outputs": [
   {
    "internalType": "address",
    "name": "response",
    "type": "address"
   }
  ],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   },
   {
    "internalType": "string",
    "name": "url",
    "type": "string"
   }
  ],
  "name": "publishResponseWithLink",
  "outputs": [
   {
    "internalType": "address",
    "name": "response",
    "type": "address"
   }
  ],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "internalType": "bytes32",
    "name": "outRoot",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "traceRoot",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "salt",
    "type": "bytes32"
   }
  ],
  "name": "sealOf",
  "outputs": [
   {
    "internalType": "bytes32",
    "name": "",
    "type": "bytes32"
   }
  ],
  "stateMutability": "pure",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "terminal",
  "outputs": [
   {
    "internalType": "contract ITerminal",
    "name": "",
    "type": "address"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "vault",
  "outputs": [
   {
    "internalType": "contract IVault",
    "name": "",
    "type": "address"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 }
] as const
