// Written by contracts/build.ts from the compiler's output.
export const responseAbi = [
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
      "name": "provider",
      "type": "address"
     },
     {
      "internalType": "string",
      "name": "data",
      "type": "string"
     },
     {
      "internalType": "uint256",
      "name": "payment",
      "type": "uint256"
     }
    ],
    "internalType": "struct ResponseParams",
    "name": "",
    "type": "tuple"
   }
  ],
  "stateMutability": "payable",
  "type": "constructor"
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
  "inputs": [],
  "name": "confirm",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "confirmedFinal",
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
  "name": "getResponseParams",
  "outputs": [
   {
    "components": [
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
      "internalType": "string",
      "name": "data",
      "type": "string"
     },
     {
      "internalType": "uint256",
      "name": "payment",
      "type": "uint256"
     }
    ],
    "internalType": "struct ResponseParams",
    "name": "params",
    "type": "tuple"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "getStatus",
  "outputs": [
   {
    "internalType": "enum ResponseStatus",
    "name": "",
    "type": "uint8"
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
  "inputs": [],
  "name": "responseParams",
  "outputs": [
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
    "internalType": "string",
    "name": "data",
    "type": "string"
   },
   {
    "internalType": "uint256",
    "name": "payment",
    "type": "uint256"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "responseTimestamp",
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
    "internalType": "enum ResponseStatus",
    "name": "_status",
    "type": "uint8"
   }
  ],
  "name": "setStatus",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "status",
  "outputs": [
   {
    "internalType": "enum ResponseStatus",
    "name": "",
    "type": "uint8"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "taskAndProvider",
  "outputs": [
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
    "internalType": "uint256",
    "name": "payment",
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
