// Written by contracts/build.ts from the compiler's output.
export const priceOracleAbi = [
 {
  "inputs": [
   {
    "internalType": "uint128",
    "name": "floor",
    "type": "uint128"
   },
   {
    "internalType": "uint64",
    "name": "capacity",
    "type": "uint64"
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
    "internalType": "enum ProgramClass",
    "name": "class",
    "type": "uint8"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "price",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "settled",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "offered",
    "type": "uint256"
   }
  ],
  "name": "BasePriceChanged",
  "type": "event"
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
    "internalType": "uint256",
    "name": "floor",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "capacity",
    "type": "uint256"
   }
  ],
  "name": "MarketSet",
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
  "inputs": [],
  "name": "EPOCH_BLOCKS",
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
    "internalType": "enum ProgramClass",
    "name": "class",
    "type": "uint8"
   }
  ],
  "name": "basePrice",
  "outputs": [
   {
    "internalType": "uint256",
    "name": "price",
    "type": "uint256"
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
    "internalType": "uint256",
    "name": "seats",
    "type": "uint256"
   }
  ],
  "name": "noteSettled",
  "outputs": [],
  "stateMutability": "nonpayable",
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
    "internalType": "enum ProgramClass",
    "name": "class",
    "type": "uint8"
   },
   {
    "internalType": "uint128",
    "name": "floor",
    "type": "uint128"
   },
   {
    "internalType": "uint64",
    "name": "capacity",
    "type": "uint64"
   }
  ],
  "name": "setMarket",
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
