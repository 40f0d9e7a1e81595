// Written by contracts/build.ts from the compiler's output.
export const reputationAbi = [
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "halfLifeBlocks_",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "freezeBlocks_",
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
    "name": "caller",
    "type": "address"
   }
  ],
  "name": "OnlyProofLayer",
  "type": "error"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "enum ProgramClass",
    "name": "class",
    "type": "uint8"
   },
   {
    "indexed": false,
    "internalType": "enum IReputation.Outcome",
    "name": "outcome",
    "type": "uint8"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "score",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "tasks",
    "type": "uint256"
   }
  ],
  "name": "ReputationChanged",
  "type": "event"
 },
 {
  "inputs": [],
  "name": "freezeBlocks",
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
  "name": "halfLifeBlocks",
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
    "name": "provider",
    "type": "address"
   },
   {
    "internalType": "enum ProgramClass",
    "name": "class",
    "type": "uint8"
   }
  ],
  "name": "isFrozen",
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
    "name": "provider",
    "type": "address"
   },
   {
    "internalType": "enum ProgramClass",
    "name": "class",
    "type": "uint8"
   },
   {
    "internalType": "enum IReputation.Outcome",
    "name": "outcome",
    "type": "uint8"
   },
   {
    "internalType": "uint256",
    "name": "latencyBlocks",
    "type": "uint256"
   }
  ],
  "name": "record",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "internalType": "enum ProgramClass",
    "name": "class",
    "type": "uint8"
   }
  ],
  "name": "recordOf",
  "outputs": [
   {
    "components": [
     {
      "internalType": "uint64",
      "name": "good",
      "type": "uint64"
     },
     {
      "internalType": "uint64",
      "name": "bad",
      "type": "uint64"
     },
     {
      "internalType": "uint64",
      "name": "latency",
      "type": "uint64"
     },
     {
      "internalType": "uint64",
      "name": "touchedAt",
      "type": "uint64"
     },
     {
      "internalType": "uint32",
      "name": "tasks",
      "type": "uint32"
     },
     {
      "internalType": "uint64",
      "name": "frozenUntil",
      "type": "uint64"
     }
    ],
    "internalType": "struct IReputation.Record",
    "name": "r",
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
    "name": "provider",
    "type": "address"
   },
   {
    "internalType": "enum ProgramClass",
    "name": "class",
    "type": "uint8"
   }
  ],
  "name": "scoreOf",
  "outputs": [
   {
    "internalType": "uint256",
    "name": "",
    "type": "uint256"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 }
] as const
