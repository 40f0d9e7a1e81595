// Written by contracts/build.ts from the compiler's output.
export const auditManagerAbi = [
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "vault_",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "terminal_",
    "type": "address"
   },
   {
    "internalType": "uint256",
    "name": "minStake_",
    "type": "uint256"
   }
  ],
  "stateMutability": "nonpayable",
  "type": "constructor"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "auditor",
    "type": "address"
   }
  ],
  "name": "AlreadyEnrolled",
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
  "name": "AuditPhase",
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
    "name": "auditor",
    "type": "address"
   }
  ],
  "name": "AuditSealMismatch",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "stake",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "minimum",
    "type": "uint256"
   }
  ],
  "name": "AuditorStakeTooLow",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "auditor",
    "type": "address"
   },
   {
    "internalType": "uint256",
    "name": "count",
    "type": "uint256"
   }
  ],
  "name": "AuditsOpen",
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
    "name": "auditor",
    "type": "address"
   }
  ],
  "name": "NotDrawn",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "auditor",
    "type": "address"
   }
  ],
  "name": "NotEnrolled",
  "type": "error"
 },
 {
  "inputs": [],
  "name": "OnlyProofManager",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "owner",
    "type": "address"
   }
  ],
  "name": "OwnableInvalidOwner",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "account",
    "type": "address"
   }
  ],
  "name": "OwnableUnauthorizedAccount",
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
    "name": "auditor",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "sealedVerdict",
    "type": "bytes32"
   }
  ],
  "name": "AuditCommitted",
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
    "name": "auditor",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "round",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "commitDeadline",
    "type": "uint256"
   }
  ],
  "name": "AuditDrawn",
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
    "name": "round",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "bool",
    "name": "decided",
    "type": "bool"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "verdict",
    "type": "bytes32"
   }
  ],
  "name": "AuditResolved",
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
    "name": "round",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "revealDeadline",
    "type": "uint256"
   }
  ],
  "name": "AuditRevealOpened",
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
    "name": "auditor",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "verdict",
    "type": "bytes32"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "report",
    "type": "bytes32"
   }
  ],
  "name": "AuditRevealed",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "auditor",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "stake",
    "type": "uint256"
   }
  ],
  "name": "AuditorEnrolled",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "auditor",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "released",
    "type": "uint256"
   }
  ],
  "name": "AuditorLeft",
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
    "name": "auditor",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "fee",
    "type": "uint256"
   }
  ],
  "name": "AuditorPaid",
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
    "name": "auditor",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "amount",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "bool",
    "name": "silent",
    "type": "bool"
   }
  ],
  "name": "AuditorSlashed",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "minStake",
    "type": "uint256"
   }
  ],
  "name": "MinStakeSet",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "previousOwner",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "newOwner",
    "type": "address"
   }
  ],
  "name": "OwnershipTransferred",
  "type": "event"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   }
  ],
  "name": "auditOf",
  "outputs": [
   {
    "components": [
     {
      "internalType": "uint8",
      "name": "round",
      "type": "uint8"
     },
     {
      "internalType": "bool",
      "name": "open",
      "type": "bool"
     },
     {
      "internalType": "uint8",
      "name": "drawn",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "committed",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "revealed",
      "type": "uint8"
     },
     {
      "internalType": "uint64",
      "name": "commitDeadline",
      "type": "uint64"
     },
     {
      "internalType": "uint64",
      "name": "revealDeadline",
      "type": "uint64"
     },
     {
      "internalType": "bytes32",
      "name": "seed",
      "type": "bytes32"
     }
    ],
    "internalType": "struct IAuditManager.Audit",
    "name": "",
    "type": "tuple"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "auditorCount",
  "outputs": [
   {
    "internalType": "uint256",
    "name": "",
    "type": "uint256"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "lower",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "upper",
    "type": "uint256"
   }
  ],
  "name": "auditors",
  "outputs": [
   {
    "internalType": "address[]",
    "name": "",
    "type": "address[]"
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
    "internalType": "bytes32",
    "name": "sealedVerdict",
    "type": "bytes32"
   }
  ],
  "name": "commitAudit",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "stake",
    "type": "uint256"
   }
  ],
  "name": "enrol",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "account",
    "type": "address"
   }
  ],
  "name": "isAuditor",
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
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "auditor",
    "type": "address"
   }
  ],
  "name": "isDrawn",
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
  "name": "minStake",
  "outputs": [
   {
    "internalType": "uint256",
    "name": "",
    "type": "uint256"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [
   {
    "components": [
     {
      "internalType": "address",
      "name": "task",
      "type": "address"
     },
     {
      "internalType": "address",
      "name": "client",
      "type": "address"
     },
     {
      "internalType": "bytes32",
      "name": "seed",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "expected",
      "type": "bytes32"
     },
     {
      "internalType": "bool",
      "name": "split",
      "type": "bool"
     },
     {
      "internalType": "uint8",
      "name": "auditors",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "quorum",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "jury",
      "type": "uint8"
     },
     {
      "internalType": "uint32",
      "name": "auditBlocks",
      "type": "uint32"
     },
     {
      "internalType": "bool",
      "name": "exact",
      "type": "bool"
     },
     {
      "internalType": "address[]",
      "name": "providers",
      "type": "address[]"
     }
    ],
    "internalType": "struct AuditOrder",
    "name": "order",
    "type": "tuple"
   }
  ],
  "name": "open",
  "outputs": [
   {
    "internalType": "uint256",
    "name": "drawn",
    "type": "uint256"
   }
  ],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "auditor",
    "type": "address"
   }
  ],
  "name": "openAuditsOf",
  "outputs": [
   {
    "internalType": "uint256",
    "name": "count",
    "type": "uint256"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "owner",
  "outputs": [
   {
    "internalType": "address",
    "name": "",
    "type": "address"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "renounceOwnership",
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
    "internalType": "uint256",
    "name": "jury",
    "type": "uint256"
   }
  ],
  "name": "reopen",
  "outputs": [
   {
    "internalType": "uint256",
    "name": "drawn",
    "type": "uint256"
   }
  ],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "resign",
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
  "name": "resolve",
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
    "name": "verdict",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "report",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "salt",
    "type": "bytes32"
   }
  ],
  "name": "revealAudit",
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
  "name": "rightAuditors",
  "outputs": [
   {
    "internalType": "address[]",
    "name": "right",
    "type": "address[]"
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
    "internalType": "address",
    "name": "auditor",
    "type": "address"
   },
   {
    "internalType": "bytes32",
    "name": "verdict",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "report",
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
  "inputs": [
   {
    "internalType": "uint256",
    "name": "minStake_",
    "type": "uint256"
   }
  ],
  "name": "setMinStake",
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
    "internalType": "uint256",
    "name": "fee",
    "type": "uint256"
   }
  ],
  "name": "settle",
  "outputs": [
   {
    "internalType": "address[]",
    "name": "right",
    "type": "address[]"
   },
   {
    "internalType": "uint256",
    "name": "each",
    "type": "uint256"
   }
  ],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "auditor",
    "type": "address"
   }
  ],
  "name": "stakeOf",
  "outputs": [
   {
    "internalType": "uint256",
    "name": "",
    "type": "uint256"
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
  "inputs": [
   {
    "internalType": "address",
    "name": "newOwner",
    "type": "address"
   }
  ],
  "name": "transferOwnership",
  "outputs": [],
  "stateMutability": "nonpayable",
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
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "task",
    "type": "address"
   }
  ],
  "name": "votesOf",
  "outputs": [
   {
    "components": [
     {
      "internalType": "address",
      "name": "auditor",
      "type": "address"
     },
     {
      "internalType": "uint8",
      "name": "round",
      "type": "uint8"
     },
     {
      "internalType": "bool",
      "name": "committed",
      "type": "bool"
     },
     {
      "internalType": "bool",
      "name": "revealed",
      "type": "bool"
     },
     {
      "internalType": "bytes32",
      "name": "verdict",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "report",
      "type": "bytes32"
     }
    ],
    "internalType": "struct IAuditManager.Vote[]",
    "name": "",
    "type": "tuple[]"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 }
] as const
