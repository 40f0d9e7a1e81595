import type { Hex } from '#lib/bytes'

/** One entry of a contract's JSON ABI. */
export interface AbiItem {
  readonly type: string
  readonly name?: string
  readonly inputs?: readonly AbiParameter[]
  readonly outputs?: readonly AbiParameter[]
  readonly stateMutability?: string
  readonly anonymous?: boolean
}

export interface AbiParameter {
  readonly name: string
  readonly type: string
  readonly internalType?: string
  readonly indexed?: boolean
  readonly components?: readonly AbiParameter[]
}

/** What `contracts/build.ts` writes for each contract. */
export interface Artifact {
  readonly name: string
  readonly abi: readonly AbiItem[]
  /** Creation code without constructor arguments. */
  readonly bytecode: Hex
  /** Runtime code with zeros where immutables go. */
  readonly deployedBytecode: Hex
  readonly immutableReferences: Readonly<Record<string, readonly { readonly start: number; readonly length: number }[]>>
  readonly storageLayout: {
    readonly storage: readonly {
      readonly label: string
      readonly slot: string
      readonly offset: number
      readonly type: string
    }[]
  }
}
