import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { Common, Mainnet } from '@ethereumjs/common'
import { createEVM } from '@ethereumjs/evm'
import { beforeAll, describe, expect, test } from 'vitest'
import { createExecutionEngine } from '#evm'
import { fromHex, toHex } from '#lib/bytes'
import { createMemoryStore } from '#storage'
import { FORKS, fixedFork } from '../../chain/evm/forks.ts'
import { createMachine, rulesOf } from '../../chain/evm/machine.ts'
import { lazy } from '../../chain/evm/precompiles/lazy.ts'
import { commitOf, GENESIS_MS, genesisFile, signed } from './fixtures.ts'
import { createTwins, PLENTY } from './precompile-twins.ts'

interface Vector {
  readonly address: string
  readonly name: string
  readonly input: string
  /** Null: the precompile fails. */
  readonly output: string | null
  readonly gas?: number
}

const { cases } = JSON.parse(readFileSync(new URL('../vectors/precompiles.json', import.meta.url), 'utf8')) as {
  cases: readonly Vector[]
}

describe('precompiles on WebAssembly', () => {
  let twins: Awaited<ReturnType<typeof createTwins>>
  beforeAll(async () => {
    twins = await createTwins()
  })

  // The first test, so that no curve is loaded yet.
  test('give the blocks of the other interpreter on ours, from the first call in a thread on', async () => {
    const addresses = [...new Set(cases.map(({ address }) => address))]
    // Calls each with what it is given, and keeps the first word of the answer and whether it failed.
    const programOf = (called: readonly string[]) => {
      const calls = called.map(address => {
        const at = Number(address).toString(16).padStart(4, '0')
        return `5f610400526040610400365f61${at}62030d40fa610400510161${at}55`
      })
      return { code: `0x365f5f37${calls.join('')}`, balance: '0x0' } as const
    }
    // Ours hands messages over that call BLS12-381 or KZG, so one program calls the others alone.
    const own = ['0x06', '0x07', '0x08', '0x09', '0x0100']
    const targets = [
      '0x0000000000000000000000000000000000c0de00',
      '0x0000000000000000000000000000000000c0de01',
    ] as const
    const alloc = { [targets[0]]: programOf(own), [targets[1]]: programOf(addresses) }
    const genesis = genesisFile({ users: 1, alloc })
    const inputs = addresses.map(wanted => cases.find(({ address, output }) => address === wanted && output !== null))
    const payload = targets.flatMap((target, turn) =>
      inputs.map((vector, index) => {
        const data = fromHex((vector as Vector).input)
        const nonce = BigInt(turn * inputs.length + index)
        return signed(0, { nonce, to: fromHex(target), data, gasLimit: 4_000_000n, value: 0n }).raw
      }),
    )
    const run = async (ownInterpreter: boolean) => {
      const engine = await createExecutionEngine({ genesis, store: createMemoryStore(), ownInterpreter })
      const { blocks, skipped } = await engine.execute(commitOf(1, [payload], { timestampMs: GENESIS_MS + 900 }))
      expect(skipped).toEqual([])
      await engine.close()
      return blocks.map(({ block, receipts }) => ({ hash: toHex(block.hash), receipts }))
    }
    const ours = await run(true)
    expect(ours.flatMap(({ receipts }) => receipts.map(({ status }) => status))).toEqual(payload.map(() => 1))
    expect(ours).toEqual(await run(false))
  })

  test.each(cases)('give the known answer: $address $name', async ({ address, input, output, gas }) => {
    const answer = await twins.ours(Number(address), fromHex(input))
    expect(answer).toEqual(
      output === null
        ? { output: '0x', gas: PLENTY, isFailure: true }
        : { output, gas: BigInt(gas as number), isFailure: false },
    )
  })

  test('fail as EthereumJS has it when gas is short by one', async () => {
    for (const { address, input, gas } of cases) {
      if (gas !== undefined && gas > 0) await twins.same(Number(address), fromHex(input), BigInt(gas) - 1n)
    }
  })

  test('exist in a fork exactly when EthereumJS has them there', async () => {
    for (const fork of FORKS) {
      const { evm, precompiles, rules } = await createMachine(rulesOf(fork, 1n, fixedFork(fork)), () => {
        throw new Error('no precompile asks for a block')
      })
      const stock = await createEVM({
        common: new Common({ chain: Mainnet, hardfork: rules.isOsaka ? 'osaka' : fork }),
      })
      expect([...precompiles].sort()).toEqual([...stock.precompiles.keys()].sort())
      expect([...evm.precompiles.values()].every(run => run !== undefined)).toBe(true)
    }
  })

  test('are loaded once, and end a thread in which they cannot be', async () => {
    let times = 0
    const number = lazy(async () => ++times)
    expect(number.value).toBeUndefined()
    expect(await Promise.all([number.load(), number.load()])).toEqual([1, 1])
    expect(number.value).toBe(1)

    const code = `
      const { lazy } = await import(${JSON.stringify(new URL('../../chain/evm/precompiles/lazy.ts', import.meta.url).href)})
      lazy(() => Promise.reject(new Error('no memory'))).load().catch(() => {})
      setInterval(() => {}, 1_000)
    `
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`))
    await expect(new Promise((_, reject) => worker.once('error', reject))).rejects.toThrow('no memory')
  })

  test('work in a thread', async () => {
    const code = `
      import { parentPort } from 'node:worker_threads'
      const { Mcl } = await import(${JSON.stringify(new URL('../../chain/evm/precompiles/mcl.ts', import.meta.url).href)})
      const { Bn254 } = await import(${JSON.stringify(new URL('../../chain/evm/precompiles/bn254.ts', import.meta.url).href)})
      const curve = new Bn254(await Mcl.load('bn254'))
      parentPort.postMessage(curve.pairing(new Uint8Array(192)))
    `
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`))
    const answer = await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    await worker.terminate()
    expect(Buffer.from(answer as Uint8Array).toString('hex')).toBe('1'.padStart(64, '0'))
  })
})
