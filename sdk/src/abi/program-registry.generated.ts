// Written by contracts/build.ts from the compiler's output.
export const programRegistryAbi = [
 {
  "inputs": [],
  "stateMutability": "nonpayable",
  "type": "constructor"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "length",
    "type": "uint256"
   }
  ],
  "name": "MetaTooLong",
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
  "inputs": [],
  "name": "ProgramRootMissing",
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
  "name": "ProgramUnknown",
  "type": "error"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "enum ProgramClass",
    "name": "class",
    "type": "uint8"
   },
   {
    "indexed": false,
    "internalType": "address",
    "name": "verifier",
    "type": "address"
   }
  ],
  "name": "FaultVerifierSet",
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
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "bytes32",
    "name": "programId",
    "type": "bytes32"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "registrant",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "enum ProgramClass",
    "name": "class",
    "type": "uint8"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "graphRoot",
    "type": "bytes32"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "weightsRoot",
    "type": "bytes32"
   },
   {
    "indexed": false,
    "internalType": "string",
    "name": "meta",
    "type": "string"
   }
  ],
  "name": "ProgramRegistered",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": false,
    "internalType": "string",
    "name": "part",
    "type": "string"
   },
   {
    "indexed": false,
    "internalType": "address",
    "name": "next",
    "type": "address"
   }
  ],
  "name": "Rewired",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": false,
    "internalType": "string",
    "name": "part",
    "type": "string"
   },
   {
    "indexed": false,
    "internalType": "address",
    "name": "next",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "from",
    "type": "uint256"
   }
  ],
  "name": "RewiringAnnounced",
  "type": "event"
 },
 {
  "inputs": [],
  "name": "REWIRING_GRACE",
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
  "name": "REWIRING_NOTICE",
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
    "internalType": "bytes32",
    "name": "programId",
    "type": "bytes32"
   }
  ],
  "name": "classOf",
  "outputs": [
   {
    "internalType": "enum ProgramClass",
    "name": "",
    "type": "uint8"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "programId",
    "type": "bytes32"
   }
  ],
  "name": "exists",
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
    "internalType": "enum ProgramClass",
    "name": "class",
    "type": "uint8"
   }
  ],
  "name": "faultVerifierOf",
  "outputs": [
   {
    "internalType": "address",
    "name": "verifier",
    "type": "address"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "part",
    "type": "bytes32"
   }
  ],
  "name": "noticeOf",
  "outputs": [
   {
    "internalType": "address",
    "name": "next",
    "type": "address"
   },
   {
    "internalType": "uint64",
    "name": "from",
    "type": "uint64"
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
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "programId",
    "type": "bytes32"
   }
  ],
  "name": "program",
  "outputs": [
   {
    "components": [
     {
      "internalType": "enum ProgramClass",
      "name": "class",
      "type": "uint8"
     },
     {
      "internalType": "bytes32",
      "name": "graphRoot",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "weightsRoot",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "tokenizerHash",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "decodeSpecHash",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "opset",
      "type": "bytes32"
     },
     {
      "internalType": "address",
      "name": "registrant",
      "type": "address"
     },
     {
      "internalType": "uint64",
      "name": "registeredAt",
      "type": "uint64"
     }
    ],
    "internalType": "struct IProgramRegistry.Program",
    "name": "",
    "type": "tuple"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "programCount",
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
  "name": "programs",
  "outputs": [
   {
    "internalType": "bytes32[]",
    "name": "page",
    "type": "bytes32[]"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "enum ProgramClass",
    "name": "class",
    "type": "uint8"
   },
   {
    "internalType": "bytes32",
    "name": "graphRoot",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "weightsRoot",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "tokenizerHash",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "decodeSpecHash",
    "type": "bytes32"
   },
   {
    "internalType": "bytes32",
    "name": "opset",
    "type": "bytes32"
   },
   {
    "internalType": "string",
    "name": "meta",
    "type": "string"
   }
  ],
  "name": "register",
  "outputs": [
   {
    "internalType": "bytes32",
    "name": "programId",
    "type": "bytes32"
   }
  ],
  "stateMutability": "nonpayable",
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
    "internalType": "enum ProgramClass",
    "name": "class",
    "type": "uint8"
   },
   {
    "internalType": "address",
    "name": "verifier",
    "type": "address"
   }
  ],
  "name": "setFaultVerifier",
  "outputs": [],
  "stateMutability": "nonpayable",
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
 }
] as const
