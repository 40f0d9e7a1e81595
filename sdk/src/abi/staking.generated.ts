// Written by contracts/build.ts from the compiler's output.
export const stakingAbi = [
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "epochDuration_",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "unbondingPeriod_",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "minSelfStake_",
    "type": "uint256"
   },
   {
    "internalType": "bytes32",
    "name": "seed",
    "type": "bytes32"
   },
   {
    "internalType": "bool",
    "name": "systemCloses_",
    "type": "bool"
   }
  ],
  "stateMutability": "nonpayable",
  "type": "constructor"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "operator",
    "type": "address"
   },
   {
    "internalType": "bytes32",
    "name": "evidence",
    "type": "bytes32"
   },
   {
    "internalType": "address",
    "name": "witness",
    "type": "address"
   }
  ],
  "name": "AlreadyAttested",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "evidence",
    "type": "bytes32"
   }
  ],
  "name": "AlreadyPunished",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "amount",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "available",
    "type": "uint256"
   }
  ],
  "name": "AmountTooLarge",
  "type": "error"
 },
 {
  "inputs": [],
  "name": "AmountZero",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "maximum",
    "type": "uint256"
   }
  ],
  "name": "CandidatesFull",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "commissionBps",
    "type": "uint256"
   }
  ],
  "name": "CommissionTooHigh",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "bytes32",
    "name": "key",
    "type": "bytes32"
   }
  ],
  "name": "KeyTaken",
  "type": "error"
 },
 {
  "inputs": [],
  "name": "KeysInvalid",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "operator",
    "type": "address"
   }
  ],
  "name": "NotMember",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "operator",
    "type": "address"
   }
  ],
  "name": "NotValidator",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "time",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "allowedFrom",
    "type": "uint256"
   }
  ],
  "name": "NotYet",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "caller",
    "type": "address"
   }
  ],
  "name": "OnlySystem",
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
  "inputs": [
   {
    "internalType": "uint256",
    "name": "stake",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "minimum",
    "type": "uint256"
   }
  ],
  "name": "StakeTooLow",
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
  "name": "TransferFailed",
  "type": "error"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "operator",
    "type": "address"
   },
   {
    "internalType": "enum IStaking.Status",
    "name": "status",
    "type": "uint8"
   }
  ],
  "name": "WrongStatus",
  "type": "error"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "operator",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "delegator",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "amount",
    "type": "uint256"
   }
  ],
  "name": "Delegated",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "uint256",
    "name": "epoch",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "members",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "seed",
    "type": "bytes32"
   }
  ],
  "name": "EpochClosed",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "operator",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "bytes32",
    "name": "evidence",
    "type": "bytes32"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "witness",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "power",
    "type": "uint256"
   }
  ],
  "name": "EquivocationAttested",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "uint256",
    "name": "epoch",
    "type": "uint256"
   }
  ],
  "name": "FeesNotDistributed",
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
    "internalType": "string",
    "name": "name",
    "type": "string"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "value",
    "type": "uint256"
   }
  ],
  "name": "ParameterSet",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "operator",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "amount",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "commission",
    "type": "uint256"
   }
  ],
  "name": "Rewarded",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "operator",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "delegator",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "amount",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "claimableAt",
    "type": "uint256"
   }
  ],
  "name": "Undelegated",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "operator",
    "type": "address"
   }
  ],
  "name": "Unjailed",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "operator",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "consensusKey",
    "type": "bytes32"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "stake",
    "type": "uint256"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "commissionBps",
    "type": "uint256"
   }
  ],
  "name": "ValidatorRegistered",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "operator",
    "type": "address"
   }
  ],
  "name": "ValidatorRetired",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "operator",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "bytes32",
    "name": "evidence",
    "type": "bytes32"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "amount",
    "type": "uint256"
   }
  ],
  "name": "ValidatorSlashed",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "operator",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "bytes32",
    "name": "consensusKey",
    "type": "bytes32"
   },
   {
    "indexed": false,
    "internalType": "string",
    "name": "addresses",
    "type": "string"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "commissionBps",
    "type": "uint256"
   }
  ],
  "name": "ValidatorUpdated",
  "type": "event"
 },
 {
  "anonymous": false,
  "inputs": [
   {
    "indexed": true,
    "internalType": "address",
    "name": "operator",
    "type": "address"
   },
   {
    "indexed": true,
    "internalType": "address",
    "name": "delegator",
    "type": "address"
   },
   {
    "indexed": false,
    "internalType": "uint256",
    "name": "amount",
    "type": "uint256"
   }
  ],
  "name": "Withdrawn",
  "type": "event"
 },
 {
  "inputs": [],
  "name": "candidates",
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
  "inputs": [],
  "name": "closeEpoch",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "epoch_",
    "type": "uint256"
   }
  ],
  "name": "committeeOf",
  "outputs": [
   {
    "components": [
     {
      "internalType": "address",
      "name": "operator",
      "type": "address"
     },
     {
      "internalType": "uint256",
      "name": "power",
      "type": "uint256"
     },
     {
      "internalType": "bytes32",
      "name": "consensusKey",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "networkKey",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "checkpointKey",
      "type": "bytes32"
     },
     {
      "internalType": "string",
      "name": "addresses",
      "type": "string"
     }
    ],
    "internalType": "struct IStaking.Member[]",
    "name": "",
    "type": "tuple[]"
   }
  ],
  "stateMutability": "view",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "committeeSize",
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
    "name": "operator",
    "type": "address"
   }
  ],
  "name": "delegate",
  "outputs": [],
  "stateMutability": "payable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "distribute",
  "outputs": [],
  "stateMutability": "payable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "epoch",
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
  "name": "epochDuration",
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
  "name": "epochEnd",
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
    "name": "epoch",
    "type": "uint256"
   }
  ],
  "name": "epochSeedOf",
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
  "name": "minSelfStake",
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
  "name": "nextCommittee",
  "outputs": [
   {
    "components": [
     {
      "internalType": "address",
      "name": "operator",
      "type": "address"
     },
     {
      "internalType": "uint256",
      "name": "power",
      "type": "uint256"
     },
     {
      "internalType": "bytes32",
      "name": "consensusKey",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "networkKey",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "checkpointKey",
      "type": "bytes32"
     },
     {
      "internalType": "string",
      "name": "addresses",
      "type": "string"
     }
    ],
    "internalType": "struct IStaking.Member[]",
    "name": "members",
    "type": "tuple[]"
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
    "internalType": "address",
    "name": "operator",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "delegator",
    "type": "address"
   }
  ],
  "name": "positionOf",
  "outputs": [
   {
    "internalType": "uint256",
    "name": "",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "",
    "type": "uint256"
   },
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
    "components": [
     {
      "internalType": "bytes32",
      "name": "consensusKey",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "networkKey",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "checkpointKey",
      "type": "bytes32"
     },
     {
      "internalType": "string",
      "name": "addresses",
      "type": "string"
     }
    ],
    "internalType": "struct IStaking.Keys",
    "name": "keys",
    "type": "tuple"
   },
   {
    "internalType": "uint16",
    "name": "commissionBps",
    "type": "uint16"
   }
  ],
  "name": "register",
  "outputs": [],
  "stateMutability": "payable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "operator",
    "type": "address"
   },
   {
    "components": [
     {
      "internalType": "bytes32",
      "name": "consensusKey",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "networkKey",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "checkpointKey",
      "type": "bytes32"
     },
     {
      "internalType": "string",
      "name": "addresses",
      "type": "string"
     }
    ],
    "internalType": "struct IStaking.Keys",
    "name": "keys",
    "type": "tuple"
   },
   {
    "internalType": "uint16",
    "name": "commissionBps",
    "type": "uint16"
   }
  ],
  "name": "registerFor",
  "outputs": [],
  "stateMutability": "payable",
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
    "name": "operator",
    "type": "address"
   },
   {
    "internalType": "bytes32",
    "name": "evidence",
    "type": "bytes32"
   }
  ],
  "name": "reportEquivocation",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "retire",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "seatFirstCommittee",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "value",
    "type": "uint256"
   }
  ],
  "name": "setCommitteeSize",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "value",
    "type": "uint256"
   }
  ],
  "name": "setEpochDuration",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "value",
    "type": "uint256"
   }
  ],
  "name": "setMinSelfStake",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "uint256",
    "name": "value",
    "type": "uint256"
   }
  ],
  "name": "setUnbondingPeriod",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "systemCloses",
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
  "name": "unbondingPeriod",
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
    "name": "operator",
    "type": "address"
   },
   {
    "internalType": "uint256",
    "name": "amount",
    "type": "uint256"
   }
  ],
  "name": "undelegate",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [],
  "name": "unjail",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "components": [
     {
      "internalType": "bytes32",
      "name": "consensusKey",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "networkKey",
      "type": "bytes32"
     },
     {
      "internalType": "bytes32",
      "name": "checkpointKey",
      "type": "bytes32"
     },
     {
      "internalType": "string",
      "name": "addresses",
      "type": "string"
     }
    ],
    "internalType": "struct IStaking.Keys",
    "name": "keys",
    "type": "tuple"
   },
   {
    "internalType": "uint16",
    "name": "commissionBps",
    "type": "uint16"
   }
  ],
  "name": "update",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "operator",
    "type": "address"
   }
  ],
  "name": "validator",
  "outputs": [
   {
    "components": [
     {
      "internalType": "enum IStaking.Status",
      "name": "status",
      "type": "uint8"
     },
     {
      "internalType": "uint16",
      "name": "commissionBps",
      "type": "uint16"
     },
     {
      "internalType": "uint64",
      "name": "jailedUntil",
      "type": "uint64"
     },
     {
      "internalType": "uint256",
      "name": "stake",
      "type": "uint256"
     },
     {
      "internalType": "uint256",
      "name": "leaving",
      "type": "uint256"
     },
     {
      "components": [
       {
        "internalType": "bytes32",
        "name": "consensusKey",
        "type": "bytes32"
       },
       {
        "internalType": "bytes32",
        "name": "networkKey",
        "type": "bytes32"
       },
       {
        "internalType": "bytes32",
        "name": "checkpointKey",
        "type": "bytes32"
       },
       {
        "internalType": "string",
        "name": "addresses",
        "type": "string"
       }
      ],
      "internalType": "struct IStaking.Keys",
      "name": "keys",
      "type": "tuple"
     }
    ],
    "internalType": "struct IStaking.Validator",
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
    "name": "operator",
    "type": "address"
   }
  ],
  "name": "withdraw",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 },
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "operator",
    "type": "address"
   },
   {
    "internalType": "address",
    "name": "to",
    "type": "address"
   }
  ],
  "name": "withdrawTo",
  "outputs": [],
  "stateMutability": "nonpayable",
  "type": "function"
 }
] as const
