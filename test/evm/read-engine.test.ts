import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { createExecutionEngine, createReadEngine } from '#evm'
import { openChainReader, openChainStore } from '#storage'
import { addressOfUser } from './fixtures.ts'
import { killCommits, killGenesis } from './kill-workload.ts'

const cleanUp: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo()
})

async function openBoth() {
  const directory = mkdtempSync(join(tmpdir(), 'ogpu-reader-'))
  cleanUp.push(() => rmSync(directory, { recursive: true, force: true }))
  const store = await openChainStore(directory, { isShared: true })
  cleanUp.push(() => store.close())
  const writer = await createExecutionEngine({ genesis: killGenesis(), store })
  const reader = await openChainReader(directory)
  cleanUp.push(() => reader.close())
  return { writer, reader, read: createReadEngine({ genesis: killGenesis(), store: reader }) }
}

describe('a reader of a chain that somebody else writes', () => {
  test('answers like the writer once it is renewed, and stays at its moment until then', async () => {
    const { writer, read } = await openBoth()
    let count = 0
    for (const ordered of killCommits()) {
      const before = read.chain.headHeader().number
      await writer.execute(ordered)
      expect(read.chain.headHeader().number).toBe(before)
      const stale = await (await read.chain.stateAt(before)).account(addressOfUser(1))
      expect(stale).toEqual(await (await writer.chain.stateAt(before)).account(addressOfUser(1)))
      read.renew()
      expect(read.chain.headHeader()).toEqual(writer.chain.headHeader())
      if (++count === 12) break
    }
    const head = writer.chain.headHeader().number
    expect(read.chain.head()).toEqual(writer.chain.head())
    for (let number = 0; number <= head; number++) {
      expect(await read.chain.receipts(number)).toEqual(await writer.chain.receipts(number))
      for (let user = 0; user < 4; user++) {
        const own = await (await read.chain.stateAt(number)).account(addressOfUser(user))
        expect(own).toEqual(await (await writer.chain.stateAt(number)).account(addressOfUser(user)))
      }
      const request = { from: addressOfUser(1), to: addressOfUser(2), value: 7n }
      expect(await read.calls.estimateGas(request, { block: number })).toEqual({ gas: 21_000n })
    }
    const state = await read.chain.stateAt(head - 1)
    expect(await state.proof(addressOfUser(1), [])).toEqual(
      await (await writer.chain.stateAt(head - 1)).proof(addressOfUser(1), []),
    )
  })

  test('writes nothing', async () => {
    const { reader } = await openBoth()
    await expect(reader.write([], { durable: true })).rejects.toMatchObject({ code: 'store failed' })
  })
})
