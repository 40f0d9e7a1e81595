// Written by contracts/build.ts from the compiler's output.
export const routingAbi = [
 {
  "inputs": [
   {
    "internalType": "address",
    "name": "vault_",
    "type": "address"
   },
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
   }
  ],
  "name": "UnknownTask",
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
    "name": "lower",
    "type": "uint256"
   },
   {
    "internalType": "uint256",
    "name": "upper",
    "type": "uint256"
   }
  ],
  "name": "candidates",
  "outputs": [
   {
    "components": [
     {
      "internalType": "address",
      "name": "provider",
      "type": "address"
     },
     {
      "internalType": "uint256",
      "name": "score",
      "type": "uint256"
     },
     {
      "internalType": "uint256",
      "name": "reputation",
      "type": "uint256"
     },
     {
      "internalType": "uint256",
      "name": "latency",
      "type": "uint256"
     },
     {
      "internalType": "uint256",
      "name": "freeStake",
      "type": "uint256"
     }
    ],
    "internalType": "struct IRouting.Candidate[]",
    "name": "found",
    "type": "tuple[]"
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
   }
  ],
  "name": "eligibility",
  "outputs": [
   {
    "internalType": "bool",
    "name": "",
    "type": "bool"
   },
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
