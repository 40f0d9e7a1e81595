import type { Result } from 'ethers'
import type { OgpuClient } from '../client.ts'
import { SDK_ERRORS, SdkError } from '../errors.ts'
import { PROGRAM_CLASSES, type ProgramClass, type ProgramContent } from '../proof/program.ts'
import type { Policy } from '../schema/index.ts'

/** What is registered under a program id; SdkError REVERTED (ProgramUnknown) when nothing is. */
export async function readProgram(
  client: OgpuClient,
  options: { readonly programId: string },
): Promise<ProgramContent> {
  const [program] = await client.read('programRegistry', 'program', [options.programId])
  const names = Object.keys(PROGRAM_CLASSES) as ProgramClass[]
  const name = names.find(candidate => PROGRAM_CLASSES[candidate] === Number(program.class))
  if (name === undefined) {
    throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, 'a program of an unknown class', { data: { class: program.class } })
  }
  const { graphRoot, weightsRoot, tokenizerHash, decodeSpecHash, opset } = program
  return { class: name, graphRoot, weightsRoot, tokenizerHash, decodeSpecHash, opset }
}

/** Policy under which a task was published; undefined for a plain task. */
export async function readPolicyOfTask(
  client: OgpuClient,
  options: { readonly task: string },
): Promise<Policy | undefined> {
  // The proof layer refuses to answer for plain tasks.
  const [policyId] = await client.read('task', 'policyId', [], options.task)
  if (policyId === 0n) return undefined
  const [policy] = await client.read('proofManager', 'policyOfTask', [options.task])
  return policyOf(policy)
}

/** A policy as the contracts return it. */
export function policyOf(policy: Result): Policy {
  return {
    programId: policy.programId,
    redundancy: Number(policy.redundancy),
    quorum: Number(policy.quorum),
    auditors: Number(policy.auditors),
    auditQuorum: Number(policy.auditQuorum),
    jury: Number(policy.jury),
    reassignMax: Number(policy.reassignMax),
    auditRateBps: Number(policy.auditRateBps),
    auditFeeBps: Number(policy.auditFeeBps),
    bondBps: Number(policy.bondBps),
    bondMin: policy.bondMin,
    acceptBlocks: Number(policy.acceptBlocks),
    commitBlocks: Number(policy.commitBlocks),
    revealBlocks: Number(policy.revealBlocks),
    auditBlocks: Number(policy.auditBlocks),
    windowBlocks: Number(policy.windowBlocks),
    heartbeatBlocks: Number(policy.heartbeatBlocks),
    retryMax: Number(policy.retryMax),
    checkpointBps: Number(policy.checkpointBps),
    checkpointSteps: Number(policy.checkpointSteps),
    checkpointReceipts: Number(policy.checkpointReceipts),
  }
}
