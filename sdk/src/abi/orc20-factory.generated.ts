// Written by contracts/build.ts from the compiler's output.
export const orc20FactoryAbi = [
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "length",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "maximum",
    "type": "uint256"
   }
  ],
  "name": "ParamsTooLong",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "index",
    "type": "uint256"
   }
  ],
  "name": "TokenUnknown",
  "type": "error"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "token",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "creator",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "string",
    "name": "name",
    "type": "string"
   },
   {
    "indexed": false,
    "internalType": "string",
    "name": "symbol",
    "type": "string"
   }
  ],
  "name": "TokenCreated",
  "type": "event"
 },
 {
  "inputs": [
   {
    "components": [
     {
      "internalType": "string",
      "name": "name",
      "type": "string"
     },
     {
      "internalType": "string",
      "name": "symbol",
      "type": "string"
     },
     {
      "internalType": "uint8",
      "name": "decimals",
      "type": "uint8"
     },
     {
      "internalType": "uint256",
      "name": "initialSupply",
      "type": "uint256"
     },
     {
      "internalType": "string",
      "name": "description",
      "type": "string"
     },
     {
      "internalType": "string",
      "name": "logoUri",
      "type": "string"
     },
     {
      "internalType": "string",
      "name": "projectGif",
      "type": "string"
     },
     {
      "internalType": "string",
      "name": "projectEmoji",
      "type": "string"
     },
     {
      "internalType": "string[]",
      "name": "socialPlatforms",
      "type": "string[]"
     },
     {
      "internalType": "string[]",
      "name": "socialUris",
      "type": "string[]"
     }
    ],
    "internalType": "struct Orc20Params",
    "name": "params",
    "type": "tuple"
   }
  ],
  "name": "create",
  "outputs": [
   {
    "internalType": "address",
    "name": "token",
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
    "name": "token",
    "type": "address"
   }
  ],
  "name": "isToken",
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
  "name": "tokenCount",
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
    "name": "index",
    "type": "uint256"
   }
  ],
  "name": "tokens",
  "outputs": [
   {
    "internalType": "address",
    "name": "",
    "type": "address"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 }
] as const
