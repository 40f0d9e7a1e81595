// Written by contracts/build.ts from the compiler's output.
export const checkpointsAbi = [
 {
  "inputs": [
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
 }
] as const
