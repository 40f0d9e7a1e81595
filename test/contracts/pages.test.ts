/** Pages of every list of the market, through the published ABI files only, and as the published Python SDK asks for them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { contractsOf, listSources, type OgpuClient } from '@ogpu/sdk'
import { type InterfaceAbi, Result } from 'ethers'
import { expect, test } from 'vitest'
import type { Hex } from '#lib/bytes'
import { createTestChain, type Handle, lower, OGPU, only, Reverted } from './harness.ts'
import { sourceParams } from './market-life.ts'

const VECTORS = join(import.meta.dirname, '..', 'vectors')
const ZERO: Hex = '0x0000000000000000000000000000000000000000'
const HUGE = 2n ** 256n - 1n

interface Read {
  readonly contract: string
  readonly getter: string
  /** What the program called, and the part of the list that the SDK promises for it: [lower, upper). */
  readonly call: string
  readonly length: number
  readonly lower: number
  readonly upper: number
  readonly ethCalls: readonly Hex[]
}

/** Recorded by test/clients/python/record-pages.py. */
const RECORDED = JSON.parse(readFileSync(join(VECTORS, 'python-sdk-pages.json'), 'utf8')) as { readonly reads: Read[] }
const LENGTHS = [...new Set(RECORDED.reads.map(read => read.length))].sort((a, b) => a - b)

function published(name: string): InterfaceAbi {
  return JSON.parse(readFileSync(join(VECTORS, 'abis', `${name}Abi.json`), 'utf8')) as InterfaceAbi
}

type Item = Hex | bigint
const items = (page: Iterable<unknown>): Item[] =>
  [...page].map(each => (typeof each === 'bigint' ? each : lower(each)))

async function answerOf(action: Promise<Iterable<unknown>>): Promise<Item[] | string> {
  try {
    return items(await action)
  } catch (error) {
    if (error instanceof Reverted) return error.reason
    throw error
  }
}

interface List {
  readonly contract: Handle
  readonly getter: string
  /** What the list should hold by now; zero where nobody answered. */
  readonly held: Item[]
}

/** A source whose lists grow by one at a time: tasks, registrants and attempters of its first task, every third answers. */
async function growingLists() {
  const chain = await createTestChain()
  const a = contractsOf(chain.chainId)
  const at = (name: string, address: Hex) => chain.at(name, address, published(name))
  const [nexus, terminal] = [at('Nexus', a.nexus), at('Terminal', a.terminal)]
  const [client, master] = [chain.person('client'), chain.person('master')]
  const publishSource = async () =>
    lower(
      only(await nexus.send(client, 'publishSource', [sourceParams(client, { manual: true })]), 'SourcePublished').args
        .source,
    )
  const source = at('Source', await publishSource())
  const publishTask = async () => {
    const params = [source.address, 'https://example.org/task', chain.now() + 500_000n, 0n]
    return lower(
      only(await at('Controller', a.controller).send(client, 'publishTask', [params]), 'TaskPublished').args.task,
    )
  }
  const other = at('Source', await publishSource())
  const asked = at('Task', await publishTask())
  const list = (contract: Handle, getter: string, ...held: Item[]): List => ({ contract, getter, held })
  const lists = {
    sources: list(nexus, 'getSources', source.address, other.address),
    tasks: list(source, 'getTasks', asked.address),
    registrants: list(source, 'getRegistrants'),
    attempters: list(asked, 'getAttempters'),
    times: list(asked, 'getAttemptTimestamps'),
    responses: list(asked, 'getResponsesOf'),
  }
  async function addProvider(): Promise<void> {
    const number = lists.registrants.held.length
    const provider = chain.person(`provider ${number}`)
    await terminal.send(master, 'announceProvider', [provider, 10n * OGPU], 10n * OGPU)
    await terminal.send(provider, 'announceMaster', [master])
    await nexus.send(provider, 'register', [source.address, provider, 1])
    lists.registrants.held.push(provider)
    chain.pass(1)
    await nexus.send(provider, 'attempt', [asked.address, provider, 0])
    lists.attempters.held.push(provider)
    lists.times.held.push(chain.now())
    if (number % 3 === 1) {
      const answer = [asked.address, provider, `https://example.org/result/${number}`, 0]
      const sent = await nexus.send(provider, 'submitResponse', [answer])
      lists.responses.held.push(lower(only(sent, 'ResponseSubmitted').args.response))
    } else {
      lists.responses.held.push(ZERO)
    }
  }
  return {
    lists: Object.values(lists),
    async growTo(length: number): Promise<void> {
      while (lists.sources.held.length < length) lists.sources.held.push(await publishSource())
      while (lists.tasks.held.length < length) lists.tasks.held.push(await publishTask())
      while (lists.registrants.held.length < length) await addProvider()
    },
  }
}

test('a page has both of its bounds; whatever is asked for beyond the end panics, as the published contracts do', async () => {
  const { lists, growTo } = await growingLists()
  for (const length of [0, 1, 2, 5]) {
    await growTo(length)
    for (const { contract, getter, held } of lists) {
      const page = (from: number | bigint, to: number | bigint) => answerOf(contract.read(getter, from, to))
      const n = held.length
      for (let from = 0; from <= n + 1; from++) {
        for (let to = 0; to <= n + 1; to++) {
          const wanted = from > to ? [] : to < n ? held.slice(from, to + 1) : 'Panic(50)'
          expect([getter, from, to, await page(from, to)]).toEqual([getter, from, to, wanted])
        }
      }
      expect(await page(0, HUGE)).toBe('Panic(50)')
      expect(await page(HUGE, HUGE)).toBe('Panic(50)')
      expect(await page(HUGE, 0)).toEqual([])
    }
  }
})

test('our own SDK lists sources page by page, from none to one more than a page', async () => {
  const chain = await createTestChain()
  const nexus = chain.at('Nexus', contractsOf(chain.chainId).nexus, published('Nexus'))
  const client = chain.person('client')
  const reader: Pick<OgpuClient, 'read'> = {
    read: async (_, method, args = []) => Result.fromItems([await nexus.read(method, ...args)]),
  }
  const pageOf = (from: number, limit: number) => listSources(reader as OgpuClient, { from, limit })
  expect(await answerOf(nexus.read('getSources', 0, 0))).toBe('Panic(50)')
  const sources: Hex[] = []
  for (;;) {
    const total = sources.length
    for (const from of [0, 1, 4, 5, 9]) {
      for (const limit of [0, 1, 4]) {
        const page = await pageOf(from, limit)
        expect([page.total, page.sources.map(lower)]).toEqual([total, sources.slice(from, from + limit)])
      }
    }
    if (total === 5) return
    const sent = await nexus.send(client, 'publishSource', [sourceParams(client)])
    sources.push(lower(only(sent, 'SourcePublished').args.source))
  }
})

test('a registrant that leaves makes the list shorter by one, without a hole', async () => {
  const { lists, growTo } = await growingLists()
  await growTo(3)
  const registrants = lists.find(list => list.getter === 'getRegistrants') as List
  const [first, , last] = registrants.held as Hex[]
  const { contract: nexus } = lists.find(list => list.getter === 'getSources') as List
  await nexus.send(first as Hex, 'unregister', [registrants.contract.address, first])
  const page = (from: number, to: number) => answerOf(registrants.contract.read('getRegistrants', from, to))
  expect(await page(0, 1)).toEqual([last, registrants.held[1]])
  expect(await page(0, 2)).toBe('Panic(50)')
})

test('the calls of the published Python SDK get the lists that it promises, from none to three of its pages', async () => {
  const { lists, growTo } = await growingLists()
  const zeroless = (page: readonly Item[]) => page.filter(item => item !== ZERO)
  const replayed = new Set<Read>()
  for (const length of LENGTHS) {
    await growTo(length)
    for (const { contract, getter, held } of lists) {
      for (const read of RECORDED.reads.filter(each => each.getter === getter && each.length === held.length)) {
        const found: Item[] = []
        for (const data of read.ethCalls) {
          const call = contract.abi.parseTransaction({ data })
          if (call === null) throw new Error(`${data} is in no published ABI`)
          if (call.args.length === 0) expect(await contract.read(call.name)).toBe(BigInt(held.length))
          else found.push(...items(await contract.read<Iterable<unknown>>(call.name, ...call.args)))
        }
        // Of Source's lists the SDK fetches all up to the upper bound, and drops what lies before the lower one itself.
        const wanted = held.slice(read.contract === 'Source' && read.lower < read.upper ? 0 : read.lower, read.upper)
        expect([read.call, length, zeroless(found)]).toEqual([read.call, length, zeroless(wanted)])
        replayed.add(read)
      }
    }
  }
  // The task whose attempters are listed is one of the source's: that list is never empty here.
  const left = RECORDED.reads.filter(read => !replayed.has(read))
  expect(left.map(({ getter, length }) => [getter, length])).toEqual([['getTasks', 0]])
})
