// Written by contracts/build.ts from the compiler's output.
export const checkpointsAbi = [
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "terminal_",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "vault_",
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
    "internalType": "bytes32",
    "name": "prevRoot",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "expected",
    "type": "bytes32"
   }
  ],
  "name": "CheckpointBroken",
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
  "name": "CheckpointNotClient",
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
  "name": "CheckpointNotSeated",
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
    "internalType": "uint256",
    "name": "seq",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "expected",
    "type": "uint256"
   }
  ],
  "name": "CheckpointOutOfOrder",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "stepsDone",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "steps",
    "type": "uint256"
   }
  ],
  "name": "CheckpointTooFar",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   },
   {
    "internalType": "uint256",
    "name": "receipts",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "needed",
    "type": "uint256"
   }
  ],
  "name": "CheckpointUnavailable",
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
    "name": "seq",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "stateRoot",
    "type": "bytes32"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "prevRoot",
    "type": "bytes32"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "stepsDone",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "meter",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   }
  ],
  "name": "CheckpointPosted",
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
    "name": "seq",
    "type": "uint256"
   }
  ],
  "name": "CheckpointsDiscarded",
  "type": "event"
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
    "internalType": "uint64",
    "name": "seq",
    "type": "uint64"
   },
   {
    "internalType": "bytes32",
    "name": "stateRoot",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "prevRoot",
    "type": "bytes32"
   },
   {
    "internalType": "uint64",
    "name": "stepsDone",
    "type": "uint64"
   },
   {
    "internalType": "uint256",
    "name": "meter",
    "type": "uint256"
   },
   {
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   }
  ],
  "name": "checkpoint",
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
    "internalType": "uint8",
    "name": "retried",
    "type": "uint8"
   }
  ],
  "name": "creditsOf",
  "outputs": [
   {
    "internalType": "address[]",
    "name": "providers",
    "type": "address[]"
   },
   {
    "internalType": "uint256[]",
    "name": "steps",
    "type": "uint256[]"
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
   }
  ],
  "name": "discard",
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
  "name": "latest",
  "outputs": [
   {
    "components": [
     {
      "internalType": "address",
      "name": "provider",
      "type": "address"
     },
     {
      "internalType": "uint64",
      "name": "seq",
      "type": "uint64"
     },
     {
      "internalType": "uint8",
      "name": "retried",
      "type": "uint8"
     },
     {
      "internalType": "uint64",
      "name": "stepsDone",
      "type": "uint64"
     },
     {
      "internalType": "uint64",
      "name": "blockNumber",
      "type": "uint64"
     },
     {
      "internalType": "uint256",
      "name": "meter",
      "type": "uint256"
     },
     {
      "internalType": "bytes32",
      "name": "stateRoot",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "blobId",
      "type": "bytes32"
     }
    ],
    "internalType": "struct ICheckpoints.Checkpoint",
    "name": "",
    "type": "tuple"
   }
  ],
  "stateMutability": "view",
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
