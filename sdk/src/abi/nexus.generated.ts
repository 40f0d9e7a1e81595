// Written by contracts/build.ts from the compiler's output.
export const nexusAbi = [
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "_manager",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "_terminal",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "_vault",
    "type": "address"
   }
  ],
  "stateMutability": "nonpayable",
  "type": "constructor"
 },
 {
  "inputs": [],
  "name": "CloneArgumentsTooLong",
  "type": "error"
 },
 {
  "inputs": [],
  "name": "FailedDeployment",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "balance",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "needed",
    "type": "uint256"
   }
  ],
  "name": "InsufficientBalance",
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
    "indexed": false,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "suggestedPayment",
    "type": "uint256"
   }
  ],
  "name": "Attempted",
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
    "indexed": false,
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "registrantId",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "address",
    "name": "source",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint8",
    "name": "preferredEnvironment",
    "type": "uint8"
   }
  ],
  "name": "Registered",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": false,
    "internalType": "address",
    "name": "response",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "enum ResponseStatus",
    "name": "status",
    "type": "uint8"
   }
  ],
  "name": "ResponseStatusChanged",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": false,
    "internalType": "address",
    "name": "response",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "address",
    "name": "task",
    "type": "address"
   }
  ],
  "name": "ResponseSubmitted",
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
  "anonymous": false,
  "inputs": [
   {
    "indexed": false,
    "internalType": "address",
    "name": "source",
    "type": "address"
   }
  ],
  "name": "SourcePublished",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": false,
    "internalType": "address",
    "name": "source",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "enum SourceStatus",
    "name": "status",
    "type": "uint8"
   }
  ],
  "name": "SourceStatusChanged",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": false,
    "internalType": "address",
    "name": "source",
    "type": "address"
   },
   {
    "components": [
     {
      "internalType": "address",
      "name": "client",
      "type": "address"
     },
     {
      "internalType": "string",
      "name": "imageMetadataUrl",
      "type": "string"
     },
     {
      "internalType": "uint8",
      "name": "imageEnvironments",
      "type": "uint8"
     },
     {
      "internalType": "uint256",
      "name": "minPayment",
      "type": "uint256"
     },
     {
      "internalType": "uint256",
      "name": "minAvailableLockup",
      "type": "uint256"
     },
     {
      "internalType": "uint256",
      "name": "maxExpiryDuration",
      "type": "uint256"
     },
     {
      "internalType": "bool",
      "name": "privacyEnabled",
      "type": "bool"
     },
     {
      "internalType": "string",
      "name": "optionalParamsUrl",
      "type": "string"
     },
     {
      "internalType": "enum DeliveryMethod",
      "name": "deliveryMethod",
      "type": "uint8"
     },
     {
      "internalType": "uint256",
      "name": "lastUpdateTime",
      "type": "uint256"
     }
    ],
    "indexed": false,
    "internalType": "struct SourceParams",
    "name": "sourceParams",
    "type": "tuple"
   }
  ],
  "name": "SourceUpdated",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": false,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "address",
    "name": "source",
    "type": "address"
   }
  ],
  "name": "TaskPublished",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": false,
    "internalType": "address",
    "name": "task",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "enum TaskStatus",
    "name": "status",
    "type": "uint8"
   }
  ],
  "name": "TaskStatusChanged",
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
    "indexed": true,
    "internalType": "address",
    "name": "source",
    "type": "address"
   }
  ],
  "name": "Unregistered",
  "type": "event"
 },
 {
  "inputs": [],
  "name": "CONTROLLER",
  "outputs": [
   {
    "internalType": "bytes32",
    "name": "",
    "type": "bytes32"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "PROVIDER",
  "outputs": [
   {
    "internalType": "bytes32",
    "name": "",
    "type": "bytes32"
   }
  ],
  "stateMutability": "view",
  "type": "function"
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
    "internalType": "address",
    "name": "client",
    "type": "address"
   }
  ],
  "name": "activeSourceCountOf",
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
    "name": "suggestedPayment",
    "type": "uint256"
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
  "name": "attemptFor",
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
  "name": "checkController",
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
    "internalType": "uint256",
    "name": "",
    "type": "uint256"
   }
  ],
  "name": "clients",
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
    "name": "response",
    "type": "address"
   }
  ],
  "name": "confirmAs",
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
    "internalType": "address",
    "name": "source",
    "type": "address"
   }
  ],
  "name": "emitTaskPublished",
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
  "name": "expireTask",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "client",
    "type": "address"
   }
  ],
  "name": "getActiveSourceCount",
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
  "name": "getSourceCount",
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
  "name": "getSourceId",
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
  "name": "getSources",
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
    "name": "source",
    "type": "address"
   }
  ],
  "name": "inactivateSource",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "manager",
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
    "components": [
     {
      "internalType": "address",
      "name": "client",
      "type": "address"
     },
     {
      "internalType": "string",
      "name": "imageMetadataUrl",
      "type": "string"
     },
     {
      "internalType": "uint8",
      "name": "imageEnvironments",
      "type": "uint8"
     },
     {
      "internalType": "uint256",
      "name": "minPayment",
      "type": "uint256"
     },
     {
      "internalType": "uint256",
      "name": "minAvailableLockup",
      "type": "uint256"
     },
     {
      "internalType": "uint256",
      "name": "maxExpiryDuration",
      "type": "uint256"
     },
     {
      "internalType": "bool",
      "name": "privacyEnabled",
      "type": "bool"
     },
     {
      "internalType": "string",
      "name": "optionalParamsUrl",
      "type": "string"
     },
     {
      "internalType": "enum DeliveryMethod",
      "name": "deliveryMethod",
      "type": "uint8"
     },
     {
      "internalType": "uint256",
      "name": "lastUpdateTime",
      "type": "uint256"
     }
    ],
    "internalType": "struct SourceParams",
    "name": "_sourceParams",
    "type": "tuple"
   }
  ],
  "name": "publishSource",
  "outputs": [],
  "stateMutability": "nonpayable",
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
    "internalType": "address",
    "name": "provider",
    "type": "address"
   },
   {
    "internalType": "uint8",
    "name": "preferredEnvironment",
    "type": "uint8"
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
    "internalType": "address",
    "name": "provider",
    "type": "address"
   }
  ],
  "name": "registrationsOf",
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
  "name": "respondFor",
  "outputs": [
   {
    "internalType": "address",
    "name": "response",
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
    "name": "_manager",
    "type": "address"
   }
  ],
  "name": "setManager",
  "outputs": [],
  "stateMutability": "nonpayable",
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
    "internalType": "enum ResponseStatus",
    "name": "status",
    "type": "uint8"
   }
  ],
  "name": "setResponseStatus",
  "outputs": [],
  "stateMutability": "nonpayable",
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
    "internalType": "enum SourceStatus",
    "name": "status",
    "type": "uint8"
   }
  ],
  "name": "setSourceStatus",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "enum SourceStatus",
    "name": "status",
    "type": "uint8"
   }
  ],
  "name": "setStatusAsClient",
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
    "internalType": "enum TaskStatus",
    "name": "status",
    "type": "uint8"
   }
  ],
  "name": "setTaskStatus",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "_terminal",
    "type": "address"
   }
  ],
  "name": "setTerminal",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "_vault",
    "type": "address"
   }
  ],
  "name": "setVault",
  "outputs": [],
  "stateMutability": "nonpayable",
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
  "name": "sourceId",
  "outputs": [
   {
    "internalType": "uint256",
    "name": "id",
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
    "name": "",
    "type": "uint256"
   }
  ],
  "name": "sources",
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
    "name": "client",
    "type": "address"
   },
   {
    "internalType": "uint256",
    "name": "",
    "type": "uint256"
   }
  ],
  "name": "sourcesOf",
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
    "name": "_responseParams",
    "type": "tuple"
   }
  ],
  "name": "submitResponse",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "terminal",
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
  "inputs": [
   {
    "internalType": "address",
    "name": "source",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "provider",
    "type": "address"
   }
  ],
  "name": "unregister",
  "outputs": [],
  "stateMutability": "nonpayable",
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
      "internalType": "address",
      "name": "client",
      "type": "address"
     },
     {
      "internalType": "string",
      "name": "imageMetadataUrl",
      "type": "string"
     },
     {
      "internalType": "uint8",
      "name": "imageEnvironments",
      "type": "uint8"
     },
     {
      "internalType": "uint256",
      "name": "minPayment",
      "type": "uint256"
     },
     {
      "internalType": "uint256",
      "name": "minAvailableLockup",
      "type": "uint256"
     },
     {
      "internalType": "uint256",
      "name": "maxExpiryDuration",
      "type": "uint256"
     },
     {
      "internalType": "bool",
      "name": "privacyEnabled",
      "type": "bool"
     },
     {
      "internalType": "string",
      "name": "optionalParamsUrl",
      "type": "string"
     },
     {
      "internalType": "enum DeliveryMethod",
      "name": "deliveryMethod",
      "type": "uint8"
     },
     {
      "internalType": "uint256",
      "name": "lastUpdateTime",
      "type": "uint256"
     }
    ],
    "internalType": "struct SourceParams",
    "name": "_sourceParams",
    "type": "tuple"
   }
  ],
  "name": "updateSource",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "vault",
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
