/** What the sub-commands of `./ogpu task` take from the command line. */
import { createClient, type OgpuClient } from '@ogpu/sdk'
import { parseEther } from 'ethers'
import { accountKey } from '../account-key.ts'
import { text, UsageError, type Values } from '../command.ts'
import { required, requiredUrls, urls } from '../sidecar-options.ts'

/** A client that only reads. */
export function openReader(values: Values): Promise<OgpuClient> {
  return createClient({ rpcUrl: required(values, 'rpc'), dataUrls: urls(values, 'data') })
}

/** A client that signs with --key-file. */
export function openSigner(values: Values): Promise<OgpuClient> {
  return createClient({
    rpcUrl: required(values, 'rpc'),
    dataUrls: urls(values, 'data'),
    privateKey: accountKey(values),
  })
}

/** A client that signs, and that has a data node to upload to. */
export function openPublisher(values: Values): Promise<OgpuClient> {
  requiredUrls(values, 'data')
  return openSigner(values)
}

/** The one word that a sub-command takes. */
export function only(words: readonly string[], what: string): string {
  const [word, ...more] = words
  if (word === undefined || more.length > 0) throw new UsageError(`name one ${what}`)
  return word
}

export function address(word: string, what: string): string {
  if (!/^0x[0-9a-fA-F]{40}$/.test(word)) throw new UsageError(`"${word}" is no address of ${what}`)
  return word
}

export function none(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`"${words[0]}" is a word too many`)
}

/** An amount of OGPU, in wei. */
export function amount(word: string | undefined, name: string): bigint {
  try {
    const wei = parseEther(word ?? '')
    if (wei >= 0n) return wei
  } catch {}
  throw new UsageError(`${name} takes an amount of OGPU such as 3 or 0.05`)
}

export function optionalAmount(values: Values, name: string): bigint | undefined {
  const word = text(values, name)
  return word === undefined ? undefined : amount(word, `--${name}`)
}

/** Every --source. */
export function sourcesOf(values: Values): readonly string[] {
  const given = values.source
  const words = Array.isArray(given) ? given : given === undefined ? [] : [given]
  return words.map(word => address(String(word), 'a source'))
}
