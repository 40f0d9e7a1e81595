// Written by contracts/build.ts from the compiler's output.
export const dataRegistryAbi = [
 {
  "inputs": [
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
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   }
  ],
  "name": "BlobKnown",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   }
  ],
  "name": "BlobUnknown",
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
    "name": "index",
    "type": "uint256"
   }
  ],
  "name": "ChunkProofWrong",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "sent",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "needed",
    "type": "uint256"
   }
  ],
  "name": "FeeWrong",
  "type": "error"
 },
 {
  "inputs": [],
  "name": "LengthZero",
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
    "internalType": "address",
    "name": "node",
    "type": "address"
   }
  ],
  "name": "ReceiptKnown",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "node",
    "type": "address"
   },
   {
    "internalType": "uint256",
    "name": "freeStake",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "needed",
    "type": "uint256"
   }
  ],
  "name": "ReceiptUnsecured",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "requestId",
    "type": "bytes32"
   }
  ],
  "name": "RequestOpen",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "requestId",
    "type": "bytes32"
   }
  ],
  "name": "RequestUnknown",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "value",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "length",
    "type": "uint256"
   }
  ],
  "name": "StringsInsufficientHexLength",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "length",
    "type": "uint256"
   }
  ],
  "name": "TextTooLong",
  "type": "error"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "node",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "receipts",
    "type": "uint256"
   }
  ],
  "name": "AvailabilityConfirmed",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "owner",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "length",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "chunkRoot",
    "type": "bytes32"
   }
  ],
  "name": "BlobRegistered",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
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
    "name": "index",
    "type": "uint256"
   }
  ],
  "name": "ChunkAnswered",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
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
    "name": "index",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "address",
    "name": "requester",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "deadline",
    "type": "uint256"
   }
  ],
  "name": "ChunkRequested",
  "type": "event"
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
    "indexed": false,
    "internalType": "string",
    "name": "gateway",
    "type": "string"
   }
  ],
  "name": "GatewaySet",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
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
    "name": "index",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "penalty",
    "type": "uint256"
   }
  ],
  "name": "Withheld",
  "type": "event"
 },
 {
  "inputs": [],
  "name": "ANSWER_BLOCKS",
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
  "name": "CHUNK_BYTES",
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
  "name": "LIABLE_BLOCKS",
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
  "name": "WITHHOLD_PENALTY",
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
    "name": "requestId",
    "type": "bytes32"
   },
   {
    "internalType": "bytes",
    "name": "chunk",
    "type": "bytes"
   },
   {
    "internalType": "bytes32[]",
    "name": "proof",
    "type": "bytes32[]"
   }
  ],
  "name": "answerChunk",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   }
  ],
  "name": "blob",
  "outputs": [
   {
    "components": [
     {
      "internalType": "address",
      "name": "owner",
      "type": "address"
     },
     {
      "internalType": "uint64",
      "name": "length",
      "type": "uint64"
     },
     {
      "internalType": "uint64",
      "name": "registeredAt",
      "type": "uint64"
     },
     {
      "internalType": "bytes32",
      "name": "chunkRoot",
      "type": "bytes32"
     }
    ],
    "internalType": "struct IDataRegistry.Blob",
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
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   }
  ],
  "name": "confirmAvailability",
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
  "name": "gatewayOf",
  "outputs": [
   {
    "internalType": "string",
    "name": "gateway",
    "type": "string"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "requestId",
    "type": "bytes32"
   }
  ],
  "name": "punish",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   },
   {
    "internalType": "address",
    "name": "node",
    "type": "address"
   }
  ],
  "name": "receiptOf",
  "outputs": [
   {
    "internalType": "uint256",
    "name": "blockNumber",
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
    "name": "blobId",
    "type": "bytes32"
   }
  ],
  "name": "receiptsOf",
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
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   },
   {
    "internalType": "uint64",
    "name": "length",
    "type": "uint64"
   },
   {
    "internalType": "bytes32",
    "name": "chunkRoot",
    "type": "bytes32"
   }
  ],
  "name": "register",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
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
    "name": "index",
    "type": "uint256"
   }
  ],
  "name": "requestChunk",
  "outputs": [
   {
    "internalType": "bytes32",
    "name": "requestId",
    "type": "bytes32"
   }
  ],
  "stateMutability": "payable",
  "type": "function"
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
    "name": "index",
    "type": "uint256"
   },
   {
    "internalType": "address",
    "name": "node",
    "type": "address"
   }
  ],
  "name": "requestChunkFrom",
  "outputs": [
   {
    "internalType": "bytes32",
    "name": "requestId",
    "type": "bytes32"
   }
  ],
  "stateMutability": "payable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "requestFee",
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
    "name": "requestId",
    "type": "bytes32"
   }
  ],
  "name": "requests",
  "outputs": [
   {
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   },
   {
    "internalType": "uint256",
    "name": "index",
    "type": "uint256"
   },
   {
    "internalType": "address",
    "name": "from",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "requester",
    "type": "address"
   },
   {
    "internalType": "uint64",
    "name": "deadline",
    "type": "uint64"
   },
   {
    "internalType": "bool",
    "name": "reserved",
    "type": "bool"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "string",
    "name": "gateway",
    "type": "string"
   }
  ],
  "name": "setGateway",
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
    "internalType": "bytes32",
    "name": "blobId",
    "type": "bytes32"
   }
  ],
  "name": "urlOf",
  "outputs": [
   {
    "internalType": "string",
    "name": "",
    "type": "string"
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
