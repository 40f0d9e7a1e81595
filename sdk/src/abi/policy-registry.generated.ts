// Written by contracts/build.ts from the compiler's output.
export const policyRegistryAbi = [
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "nexus_",
    "type": "address"
   }
  ],
  "stateMutability": "nonpayable",
  "type": "constructor"
 },
 {
  "inputs": [
   {
    "internalType": "string",
    "name": "field",
    "type": "string"
   }
  ],
  "name": "PolicyInvalid",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "source",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "caller",
    "type": "address"
   }
  ],
  "name": "PolicyNotClient",
  "type": "error"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "source",
    "type": "address"
   }
  ],
  "name": "PolicyCleared",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "source",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "uint256",
    "name": "policyId",
    "type": "uint256"
   },
   {
    "indexed": true,
    "internalType": "bytes32",
    "name": "programId",
    "type": "bytes32"
   },
   {
    "components": [
     {
      "internalType": "bytes32",
      "name": "programId",
      "type": "bytes32"
     },
     {
      "internalType": "uint8",
      "name": "redundancy",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "quorum",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "auditors",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "auditQuorum",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "jury",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "reassignMax",
      "type": "uint8"
     },
     {
      "internalType": "uint16",
      "name": "auditRateBps",
      "type": "uint16"
     },
     {
      "internalType": "uint16",
      "name": "auditFeeBps",
      "type": "uint16"
     },
     {
      "internalType": "uint32",
      "name": "bondBps",
      "type": "uint32"
     },
     {
      "internalType": "uint96",
      "name": "bondMin",
      "type": "uint96"
     },
     {
      "internalType": "uint32",
      "name": "acceptBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "commitBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "revealBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "auditBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "windowBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "heartbeatBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint8",
      "name": "retryMax",
      "type": "uint8"
     },
     {
      "internalType": "uint16",
      "name": "checkpointBps",
      "type": "uint16"
     },
     {
      "internalType": "uint32",
      "name": "checkpointSteps",
      "type": "uint32"
     },
     {
      "internalType": "uint8",
      "name": "checkpointReceipts",
      "type": "uint8"
     }
    ],
    "indexed": false,
    "internalType": "struct Policy",
    "name": "policy",
    "type": "tuple"
   }
  ],
  "name": "PolicySet",
  "type": "event"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "source",
    "type": "address"
   }
  ],
  "name": "clearPolicy",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "nexus",
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
  "inputs": [
   {
    "internalType": "uint256",
    "name": "policyId",
    "type": "uint256"
   }
  ],
  "name": "policy",
  "outputs": [
   {
    "components": [
     {
      "internalType": "bytes32",
      "name": "programId",
      "type": "bytes32"
     },
     {
      "internalType": "uint8",
      "name": "redundancy",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "quorum",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "auditors",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "auditQuorum",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "jury",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "reassignMax",
      "type": "uint8"
     },
     {
      "internalType": "uint16",
      "name": "auditRateBps",
      "type": "uint16"
     },
     {
      "internalType": "uint16",
      "name": "auditFeeBps",
      "type": "uint16"
     },
     {
      "internalType": "uint32",
      "name": "bondBps",
      "type": "uint32"
     },
     {
      "internalType": "uint96",
      "name": "bondMin",
      "type": "uint96"
     },
     {
      "internalType": "uint32",
      "name": "acceptBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "commitBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "revealBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "auditBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "windowBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "heartbeatBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint8",
      "name": "retryMax",
      "type": "uint8"
     },
     {
      "internalType": "uint16",
      "name": "checkpointBps",
      "type": "uint16"
     },
     {
      "internalType": "uint32",
      "name": "checkpointSteps",
      "type": "uint32"
     },
     {
      "internalType": "uint8",
      "name": "checkpointReceipts",
      "type": "uint8"
     }
    ],
    "internalType": "struct Policy",
    "name": "",
    "type": "tuple"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "source",
    "type": "address"
   }
  ],
  "name": "policyIdOf",
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
    "internalType": "address",
    "name": "source",
    "type": "address"
   }
  ],
  "name": "policyOf",
  "outputs": [
   {
    "internalType": "uint256",
    "name": "policyId",
    "type": "uint256"
   },
   {
    "components": [
     {
      "internalType": "bytes32",
      "name": "programId",
      "type": "bytes32"
     },
     {
      "internalType": "uint8",
      "name": "redundancy",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "quorum",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "auditors",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "auditQuorum",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "jury",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "reassignMax",
      "type": "uint8"
     },
     {
      "internalType": "uint16",
      "name": "auditRateBps",
      "type": "uint16"
     },
     {
      "internalType": "uint16",
      "name": "auditFeeBps",
      "type": "uint16"
     },
     {
      "internalType": "uint32",
      "name": "bondBps",
      "type": "uint32"
     },
     {
      "internalType": "uint96",
      "name": "bondMin",
      "type": "uint96"
     },
     {
      "internalType": "uint32",
      "name": "acceptBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "commitBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "revealBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "auditBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "windowBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "heartbeatBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint8",
      "name": "retryMax",
      "type": "uint8"
     },
     {
      "internalType": "uint16",
      "name": "checkpointBps",
      "type": "uint16"
     },
     {
      "internalType": "uint32",
      "name": "checkpointSteps",
      "type": "uint32"
     },
     {
      "internalType": "uint8",
      "name": "checkpointReceipts",
      "type": "uint8"
     }
    ],
    "internalType": "struct Policy",
    "name": "current",
    "type": "tuple"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "source",
    "type": "address"
   },
   {
    "components": [
     {
      "internalType": "bytes32",
      "name": "programId",
      "type": "bytes32"
     },
     {
      "internalType": "uint8",
      "name": "redundancy",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "quorum",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "auditors",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "auditQuorum",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "jury",
      "type": "uint8"
     },
     {
      "internalType": "uint8",
      "name": "reassignMax",
      "type": "uint8"
     },
     {
      "internalType": "uint16",
      "name": "auditRateBps",
      "type": "uint16"
     },
     {
      "internalType": "uint16",
      "name": "auditFeeBps",
      "type": "uint16"
     },
     {
      "internalType": "uint32",
      "name": "bondBps",
      "type": "uint32"
     },
     {
      "internalType": "uint96",
      "name": "bondMin",
      "type": "uint96"
     },
     {
      "internalType": "uint32",
      "name": "acceptBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "commitBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "revealBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "auditBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "windowBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint32",
      "name": "heartbeatBlocks",
      "type": "uint32"
     },
     {
      "internalType": "uint8",
      "name": "retryMax",
      "type": "uint8"
     },
     {
      "internalType": "uint16",
      "name": "checkpointBps",
      "type": "uint16"
     },
     {
      "internalType": "uint32",
      "name": "checkpointSteps",
      "type": "uint32"
     },
     {
      "internalType": "uint8",
      "name": "checkpointReceipts",
      "type": "uint8"
     }
    ],
    "internalType": "struct Policy",
    "name": "policy_",
    "type": "tuple"
   }
  ],
  "name": "setPolicy",
  "outputs": [
   {
    "internalType": "uint256",
    "name": "policyId",
    "type": "uint256"
   }
  ],
  "stateMutability": "nonpayable",
  "type": "function"
 }
] as const
