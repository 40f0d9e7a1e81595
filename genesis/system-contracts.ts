import type { Hex } from '#lib/bytes'

/** Runtime code of contracts that tools and Ethereum's forks expect at fixed addresses, byte for byte as published. */

/** EIP-2935: hashes of the last 8,191 blocks. */
export const HISTORY_STORAGE_CODE: Hex =
  '0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500'

/** EIP-4788: the parent beacon root by timestamp; on this chain that is the digest of a commit. */
export const BEACON_ROOTS_CODE: Hex =
  '0x3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560495762001fff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff42064281555f359062001fff015500'

/** Arachnid's deterministic deployment proxy: salt ‖ creation code → CREATE2. */
export const DETERMINISTIC_DEPLOYER_CODE: Hex =
  '0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3'
