import { existsSync, readFileSync, rmSync } from 'node:fs'
import { CodedError } from '#lib/errors'
import { replaceFile } from '#lib/files'
import type { Epoch } from '#types'
import type { Ed25519Key } from './keys/index.ts'
import { createSigningGuard, openSigningGuard, type SigningGuard } from './signing-guard.ts'

/** Local clocks are compared with commit times; a first guard that is this much older than an epoch is trusted in it. */
const CLOCK_MARGIN_MS = 2_000

/** Opens the signing guard of each epoch in which this key is a member. */
export interface EpochGuards {
  /** `isNew` when the key may have signed in this epoch before, on a disk that is lost: the amnesia protocol decides. */
  open(epoch: Epoch, epochStartMs: number): SigningGuard
}

/**
 * One file per epoch, since the last vertices of an epoch are signed while the next one has begun. A missing file means
 * "never signed in this epoch" only when these files have been kept since before the epoch began, and none was opened
 * for it yet: `<path>.since` says since when, and up to which epoch. The file of epoch 0 is `path` itself.
 */
export function createEpochGuards(options: {
  readonly path: string
  readonly chainId: number
  readonly key: Ed25519Key
  readonly nowMs: number
}): EpochGuards {
  const { path, chainId, key, nowMs } = options
  const sincePath = `${path}.since`
  const fileOf = (epoch: Epoch) => (epoch === 0 ? path : `${path}.e${epoch}`)
  const write = (sinceMs: number, last: Epoch) => replaceFile(sincePath, `${sinceMs} ${last}\n`, 0o600)
  // A guard from before this file existed has been kept since epoch 0.
  if (!existsSync(sincePath)) write(existsSync(path) ? 0 : nowMs, 0)
  const fields = /^(\d{1,15}) (\d{1,10})\n$/.exec(readFileSync(sincePath, 'latin1'))
  if (fields === null) {
    throw new CodedError(
      'signing guard corrupt',
      `${sincePath} is damaged, so it is unknown since when signatures are recorded. Remove it together with every ` +
        'signing-guard file: the node then asks the other validators before it signs again.',
    )
  }
  const sinceMs = Number(fields[1])
  let last = Number(fields[2])

  return {
    open(epoch, epochStartMs) {
      const signing = { path: fileOf(epoch), chainId, epoch, key }
      if (epoch > last && sinceMs + CLOCK_MARGIN_MS <= epochStartMs && !existsSync(signing.path))
        createSigningGuard(signing)
      if (epoch > last) {
        write(sinceMs, epoch)
        last = epoch
      }
      // Only the epoch before may still be signed in. The first file stays: it tells a launched key from a lost one.
      if (epoch >= 3) rmSync(fileOf(epoch - 2), { force: true })
      return openSigningGuard(signing)
    },
  }
}
