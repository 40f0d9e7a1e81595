import { describe, expect, test } from 'vitest'
import type { ExecutedCommit, ExecutionEngine } from '#evm'
import { silentLog } from '#lib/env'
import { createExecutionDriver, EXECUTION_LAG_HIGH } from '../../chain/node/execution-driver.ts'
import { commitOf } from '../evm/fixtures.ts'
import { until } from './fixture.ts'

/** An engine whose commits finish only when the test lets them. */
function gatedEngine(failAt?: number) {
  const begun: number[] = []
  let open: () => void = () => {}
  let gate = new Promise<void>(resolve => {
    open = resolve
  })
  const engine = {
    async execute({ commit }: { readonly commit: { readonly index: number } }): Promise<ExecutedCommit> {
      begun.push(commit.index)
      if (commit.index === failAt) throw new Error('disk full')
      await gate
      return { blocks: [] } as unknown as ExecutedCommit
    },
  } as unknown as ExecutionEngine
  return {
    engine,
    begun,
    release: () => {
      open()
      gate = Promise.resolve()
    },
  }
}

function driverOf(engine: ExecutionEngine) {
  const executed: number[] = []
  const pressure: boolean[] = []
  const failures: unknown[] = []
  const driver = createExecutionDriver({
    engine,
    clock: { now: () => 0 },
    log: silentLog,
    onExecuted: ordered => {
      executed.push(ordered.commit.index)
    },
    onBackpressure: on => pressure.push(on),
    onFailure: error => failures.push(error),
  })
  return { driver, executed, pressure, failures }
}

const commit = (index: number) => commitOf(index, [[]])
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

describe('the execution driver', () => {
  test('executes every commit in order however slow the engine is, and makes consensus wait when 512 wait', async () => {
    const { engine, begun, release } = gatedEngine()
    const { driver, executed } = driverOf(engine)
    let accepted = 0
    const feeding = (async () => {
      for (const index of upTo(700)) {
        await driver.enqueue(commit(index))
        accepted += 1
      }
    })()
    await until(() => accepted >= 514)
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(accepted).toBe(514)
    expect(begun).toEqual([1, 2])
    release()
    await feeding
    await driver.drained()
    expect(executed).toEqual(upTo(700))
    expect(driver.lag()).toBe(0)
  })

  test('switches own payload off while many commits wait, and on again when few do', async () => {
    const { engine, release } = gatedEngine()
    const { driver, pressure } = driverOf(engine)
    for (const index of upTo(EXECUTION_LAG_HIGH - 1)) await driver.enqueue(commit(index))
    expect(pressure).toEqual([])
    await driver.enqueue(commit(EXECUTION_LAG_HIGH))
    await driver.enqueue(commit(EXECUTION_LAG_HIGH + 1))
    expect(pressure).toEqual([true])
    release()
    await driver.drained()
    expect(pressure).toEqual([true, false])
  })

  test('switches own payload off for few commits too when they hold many transactions', async () => {
    const { engine, release } = gatedEngine()
    const { driver, pressure } = driverOf(engine)
    const payload = Array.from({ length: 512 }, () => Uint8Array.of(1))
    const heavy = (index: number) => commitOf(index, [payload, payload])
    for (const index of upTo(3)) await driver.enqueue(heavy(index))
    expect(pressure).toEqual([])
    await driver.enqueue(heavy(4))
    expect(pressure).toEqual([true])
    release()
    await driver.drained()
    expect(pressure).toEqual([true, false])
  })

  test('reports a failing engine once and executes nothing after it', async () => {
    const { engine, begun, release } = gatedEngine(3)
    release()
    const { driver, executed, failures } = driverOf(engine)
    for (const index of upTo(6)) await driver.enqueue(commit(index))
    await driver.drained()
    expect(failures).toHaveLength(1)
    expect(executed).toEqual([1, 2])
    expect(begun.slice(0, 3)).toEqual([1, 2, 3])
    expect(begun.length).toBeLessThanOrEqual(4)
  })

  test('finishes the commits under way when it is stopped, begins no other, and lets a waiting consensus go', async () => {
    const { engine, begun, release } = gatedEngine()
    const { driver, executed } = driverOf(engine)
    for (const index of upTo(514)) await driver.enqueue(commit(index))
    const waiting = driver.enqueue(commit(515))
    const stopping = driver.stop()
    await waiting
    release()
    await stopping
    expect(begun).toEqual([1, 2])
    expect(executed).toEqual([1, 2])
  })
})
