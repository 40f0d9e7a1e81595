/** How a program is named on chain: by roots over its operators and its weights, and by its class and operator set. */
import { AbiCoder, encodeBytes32String, keccak256 as ethersKeccak256, getBytes, hexlify, toUtf8Bytes } from 'ethers'
import { SDK_ERRORS, SdkError } from '../errors.ts'
import { canonicalJson, type Json } from '../schema/canonical-json.ts'
import { type Keccak, merkleRoot, outputRoot, portableKeccak } from './merkle.ts'

/** The chain's `ProgramClass`; the numbers are part of the wire format. */
export const PROGRAM_CLASSES = { EXACT_INT: 0, TOLERANT_FP: 1, TEE_ONLY: 2, ZK: 3, OPAQUE: 4 } as const
export type ProgramClass = keyof typeof PROGRAM_CLASSES

/** bytes32 of the operator set that `executor/runtimes/int` implements. */
export const INT_OPS_V1 = encodeBytes32String('IntOps v1')

export const ZERO_HASH = `0x${'00'.repeat(32)}`

/** What the chain knows of a program, as 0x-hex 32-byte words. */
export interface ProgramContent {
  readonly class: ProgramClass
  readonly graphRoot: string
  readonly weightsRoot: string
  readonly tokenizerHash: string
  readonly decodeSpecHash: string
  readonly opset: string
}

/**
 * Root over a graph file: leaf 0 is the keccak256 of the canonical JSON of everything but the nodes, leaf i + 1 that of
 * node i. Throws {@link SdkError} INVALID_ARGUMENT when the bytes are no canonical graph file.
 */
export function graphRootOf(graph: Uint8Array, keccak: Keccak = portableKeccak): Uint8Array {
  let json: Json
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(graph))
  } catch (cause) {
    throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, 'the graph file is not JSON', { cause })
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, 'the graph file is not an object')
  }
  const { nodes, ...header } = json as { readonly [key: string]: Json }
  if (!Array.isArray(nodes)) throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, 'the graph file has no nodes')
  const leaves = [header, ...(nodes as Json[])].map(part => keccak(toUtf8Bytes(canonicalJson(part))))
  return merkleRoot(leaves, keccak)
}

/** Root over the hashed 32-byte words of the weights blob. */
export function weightsRootOf(weights: Uint8Array, keccak: Keccak = portableKeccak): Uint8Array {
  return outputRoot(weights, keccak)
}

/** What `ProgramRegistry.register` is told of an integer program. */
export function intProgramContent(
  graph: Uint8Array,
  weights: Uint8Array,
  keccak: Keccak = portableKeccak,
): ProgramContent {
  return {
    class: 'EXACT_INT',
    graphRoot: hexlify(graphRootOf(graph, keccak)),
    weightsRoot: hexlify(weightsRootOf(weights, keccak)),
    tokenizerHash: ZERO_HASH,
    decodeSpecHash: ZERO_HASH,
    opset: INT_OPS_V1,
  }
}

/** `programId` as the registry computes it. */
export function programIdOf(content: ProgramContent): string {
  return ethersKeccak256(
    AbiCoder.defaultAbiCoder().encode(
      ['uint8', 'bytes32', 'bytes32', 'bytes32', 'bytes32', 'bytes32'],
      [
        PROGRAM_CLASSES[content.class],
        content.graphRoot,
        content.weightsRoot,
        content.tokenizerHash,
        content.decodeSpecHash,
        content.opset,
      ],
    ),
  )
}

/** `keccak256(abi.encode(outRoot, traceRoot))`: what the chain compares between providers, and an auditor's verdict. */
export function digestOf(outRoot: string, traceRoot: string): string {
  return ethersKeccak256(AbiCoder.defaultAbiCoder().encode(['bytes32', 'bytes32'], [outRoot, traceRoot]))
}

export interface SealInput {
  readonly task: string
  readonly provider: string
  readonly outRoot: string
  readonly traceRoot: string
  /** sha256 of the output blob. */
  readonly blobId: string
  /** 32 random bytes, kept secret until the reveal. */
  readonly salt: string
}

/** A provider's sealed result, as `ProofManager.sealOf` computes it. */
export function sealOf({ task, provider, outRoot, traceRoot, blobId, salt }: SealInput): string {
  return ethersKeccak256(
    AbiCoder.defaultAbiCoder().encode(
      ['address', 'address', 'bytes32', 'bytes32', 'bytes32', 'bytes32'],
      [task, provider, outRoot, traceRoot, blobId, salt],
    ),
  )
}

export interface AuditSealInput {
  readonly task: string
  readonly auditor: string
  readonly verdict: string
  /** {@link auditReportOf} for exact programs; {@link ZERO_HASH} when there is none. */
  readonly report: string
  readonly salt: string
}

/** An auditor's sealed verdict, as `AuditManager.sealOf` computes it. */
export function auditSealOf({ task, auditor, verdict, report, salt }: AuditSealInput): string {
  return ethersKeccak256(
    AbiCoder.defaultAbiCoder().encode(
      ['address', 'address', 'bytes32', 'bytes32', 'bytes32'],
      [task, auditor, verdict, report, salt],
    ),
  )
}

/** Steps that a report shows. */
const REPORT_STEPS = 8

/**
 * What an auditor reports beside its verdict: a hash over the inner roots of the steps that the draw's seed picks. Nothing
 * that was revealed contains them, so who did not run the program cannot make it. ZERO_HASH without steps.
 */
export function auditReportOf(seed: string, stepRoots: readonly string[]): string {
  if (stepRoots.length === 0) return ZERO_HASH
  const coder = AbiCoder.defaultAbiCoder()
  const picked = Array.from({ length: REPORT_STEPS }, (_, i) => {
    const drawn = BigInt(ethersKeccak256(coder.encode(['bytes32', 'uint256'], [seed, i])))
    return stepRoots[Number(drawn % BigInt(stepRoots.length))]
  })
  return ethersKeccak256(coder.encode(['bytes32', 'bytes32[]'], [seed, picked]))
}

/** 32 unpredictable bytes as 0x-hex, from the platform's secure source. */
export function randomSalt(): string {
  return hexlify(crypto.getRandomValues(getBytes(ZERO_HASH)))
}
