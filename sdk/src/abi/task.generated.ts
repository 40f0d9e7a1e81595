// Written by contracts/build.ts from the compiler's output.
export const taskAbi = [
 {
  "inputs": [
   {
    "components": [
     {
      "internalType": "address",
      "name": "source",
      "type": "address"
     },
     {
      "internalType": "string",
      "name": "config",
      "type": "string"
     },
     {
      "internalType": "uint256",
      "name": "expiryTime",
      "type": "uint256"
     },
     {
      "internalType": "uint256",
      "name": "payment",
      "type": "uint256"
     }
    ],
    "internalType": "struct TaskParams",
    "name": "",
    "type": "tuple"
   },
   {
    "internalType": "enum DeliveryMethod",
    "name": "",
    "type": "uint8"
   },
   {
    "internalType": "address",
    "name": "nexus_",
    "type": "address"
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
  "inputs": [
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   }
  ],
  "name": "attempt",
  "outputs": [],
  "stateMutability": "nonpayable",
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
  "name": "attemptTimestamps",
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
   }
  ],
  "name": "attempterId",
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
  "name": "attempters",
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
  "name": "client",
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
  "name": "deliveryMethod",
  "outputs": [
   {
    "internalType": "enum DeliveryMethod",
    "name": "",
    "type": "uint8"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "facts",
  "outputs": [
   {
    "internalType": "address",
    "name": "source",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "client_",
    "type": "address"
   },
   {
    "internalType": "uint256",
    "name": "policyId_",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "expiryTime",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "payment",
    "type": "uint256"
   },
   {
    "internalType": "enum DeliveryMethod",
    "name": "method",
    "type": "uint8"
   },
   {
    "internalType": "enum TaskStatus",
    "name": "status_",
    "type": "uint8"
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
   }
  ],
  "name": "finalizeWith",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "firstResponse",
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
  "name": "getAttemptCount",
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
  "name": "getAttemptTimestamps",
  "outputs": [
   {
    "internalType": "uint256[]",
    "name": "page",
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
    "name": "provider",
    "type": "address"
   }
  ],
  "name": "getAttempterId",
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
  "name": "getAttempters",
  "outputs": [
   {
    "internalType": "address[]",
    "name": "page",
    "type": "address[]"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "getDeliveryMethod",
  "outputs": [
   {
    "internalType": "enum DeliveryMethod",
    "name": "",
    "type": "uint8"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "getExpiryTime",
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
  "name": "getPayment",
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
  "name": "getResponsesOf",
  "outputs": [
   {
    "internalType": "address[]",
    "name": "page",
    "type": "address[]"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "getSource",
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
  "name": "getStatus",
  "outputs": [
   {
    "internalType": "enum TaskStatus",
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
    "name": "dataHash",
    "type": "bytes32"
   }
  ],
  "name": "isAlreadySubmitted",
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
    "internalType": "address",
    "name": "provider",
    "type": "address"
   }
  ],
  "name": "noteFirstAnswer",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "dataHash",
    "type": "bytes32"
   }
  ],
  "name": "noteSubmission",
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
  "name": "policyId",
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
  "name": "renounceOwnership",
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
   }
  ],
  "name": "responseOf",
  "outputs": [
   {
    "internalType": "address",
    "name": "response",
    "type": "address"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "enum TaskStatus",
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
    "internalType": "enum TaskStatus",
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
    "internalType": "address",
    "name": "response",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   }
  ],
  "name": "submitResponse",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "taskParams",
  "outputs": [
   {
    "internalType": "address",
    "name": "source",
    "type": "address"
   },
   {
    "internalType": "string",
    "name": "config",
    "type": "string"
   },
   {
    "internalType": "uint256",
    "name": "expiryTime",
    "type": "uint256"
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
 },
 {
  "inputs": [],
  "name": "winningProvider",
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
