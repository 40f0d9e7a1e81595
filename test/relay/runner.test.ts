import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SDK_ERRORS, SdkError } from '@ogpu/sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LIMITS } from '../../relay/limits.ts'
import { chat, FREE_MODEL, MODEL, startTestRelay, type TestRelay, temporaryFolder } from './fixtures.ts'
import { MemoryMarket, resultOf, unreachable } from './memory-market.ts'

let dir: string
let remove: () => Promise<void>
beforeEach(async () => {
  ;({ dir, remove } = await temporaryFolder())
})
afterEach(() => remove())

const submit = (relay: TestRelay, key: string, input = 'Hi') =>
  relay.call({ method: 'POST', url: '/v2/tasks', key, payload: { model: MODEL.name, input } })
const ended = async (relay: TestRelay, id: string) => (await relay.call({ url: `/v2/tasks/${id}?wait=5` })).body
const credits = async (relay: TestRelay, key: string) => (await relay.call({ url: '/v2/customer/credits', key })).body

/** Ends a request of the market as a connection that breaks. */
function once(call: string): (made: string) => void {
  let isDone = false
  return made => {
    if (isDone || made !== call) return
    isDone = true
    throw unreachable()
  }
}

describe('a task', () => {
  for (const call of ['head', 'upload', 'publish', 'outcome']) {
    it(`is run once when "${call}" gets no answer at first`, async () => {
      const relay = await startTestRelay(dir)
      const { key } = await relay.customer(1_000)
      relay.market.before = once(call)
      const { body } = await relay.call({ ...chat('Hi'), key })
      expect(body.choices[0].message.content).toBe('Hi')
      expect(relay.market.tasks.length).toBe(1)
      expect(await credits(relay, key)).toMatchObject({ balance_micro_usd: 750, reserved_micro_usd: 0 })
      await relay.stop()
    })
  }

  it('is not published twice when the answer to its publication is lost', async () => {
    const relay = await startTestRelay(dir)
    const { key } = await relay.customer(1_000)
    relay.market.after = once('publish')
    const { status, headers } = await relay.call({ ...chat('Hi'), key })
    expect(status).toBe(200)
    expect(relay.market.tasks.map(task => task.address)).toEqual([headers['x-ogpu-task']])
    await relay.stop()
  })

  it('is not published again while a transaction may still be under way', async () => {
    const relay = await startTestRelay(dir)
    const { key } = await relay.customer(1_000)
    const publish = once('publish')
    relay.market.isUnsettled = true
    relay.market.before = publish
    let looks = 0
    const { body } = await submit(relay, key)
    relay.market.before = call => {
      publish(call)
      if (call === 'find') looks++
    }
    await expect.poll(() => looks).toBeGreaterThan(2)
    expect(relay.market.tasks.length).toBe(0)
    relay.market.isUnsettled = false
    expect((await ended(relay, body.task_id)).status).toBe('completed')
    expect(relay.market.tasks.length).toBe(1)
    await relay.stop()
  })

  it('that the contracts refuse fails at once with a reason, and is refunded', async () => {
    const relay = await startTestRelay(dir)
    const { key } = await relay.customer(1_000)
    for (const [reason, status, code] of [
      ['SourceInactive', 403, 'MODEL_RETIRED'],
      ['InsufficientBalance', 503, 'PAYMENT_SERVICE_UNAVAILABLE'],
      ['ExpiryOutOfRange', 502, 'PROVIDER_UNAVAILABLE'],
    ] as const) {
      relay.market.before = call => {
        if (call === 'publish') throw new SdkError(SDK_ERRORS.REVERTED, 'reverts', { data: { reason } })
      }
      const answer = await relay.call({ ...chat('Hi'), key })
      expect([answer.status, answer.body.error.code]).toEqual([status, code])
    }
    expect(await credits(relay, key)).toMatchObject({ balance_micro_usd: 1_000, reserved_micro_usd: 0 })
    await relay.stop()
  })

  it('that cannot be published for long enough is given up and refunded', async () => {
    const relay = await startTestRelay(dir)
    const { key } = await relay.customer(1_000)
    relay.market.before = call => {
      if (call !== 'upload') return
      relay.clock.nowMs += 400
      throw unreachable()
    }
    const { body } = await submit(relay, key)
    expect(await ended(relay, body.task_id)).toMatchObject({ status: 'failed', error_code: 'PROVIDER_UNAVAILABLE' })
    expect(await credits(relay, key)).toMatchObject({ balance_micro_usd: 1_000, reserved_micro_usd: 0 })
    await relay.stop()
  })

  it('fails and is refunded after an error that nobody foresaw', async () => {
    const relay = await startTestRelay(dir)
    const { key } = await relay.customer(1_000)
    relay.market.answer = () => {
      throw new TypeError('surprise')
    }
    const { status, body } = await relay.call({ ...chat('Hi'), key })
    expect([status, body.error.code]).toEqual([500, 'INTERNAL_ERROR'])
    expect(JSON.stringify(body)).not.toContain('surprise')
    expect((await credits(relay, key)).available_micro_usd).toBe(1_000)
    await relay.stop()
  })
})

describe('a restart', () => {
  it('at every moment of a task ends with one task on chain and one charge', async () => {
    // A first run tells how the journal grows; each of its prefixes is a moment at which the process may have died.
    const market = new MemoryMarket()
    let relay = await startTestRelay(dir, { market })
    const { key } = await relay.customer(1_000)
    const path = join(dir, 'journal-000001.log')
    const beforeBytes = (await readFile(path)).length
    await relay.call({ ...chat('Hi'), key })
    await relay.stop()
    const whole = await readFile(path)
    const lineEnds = [...whole.entries()]
      .filter(([at, byte]) => byte === 0x0a && at >= beforeBytes)
      .map(([at]) => at + 1)
    // accepted, publishing, published, completed
    expect(lineEnds.length).toBe(4)
    for (const length of lineEnds) {
      for (const isPublished of [false, true]) {
        const stage = lineEnds.indexOf(length)
        // What the chain had seen by then: nothing before "publishing", the task after "published".
        if ((stage === 0 && isPublished) || (stage >= 2 && !isPublished)) continue
        await writeFile(path, whole.subarray(0, length))
        const chain = new MemoryMarket()
        if (isPublished) chain.tasks.push(...market.tasks)
        relay = await startTestRelay(dir, { market: chain })
        const { keys } = (await relay.call({ url: '/v2/customer/keys', key })).body
        await expect.poll(async () => (await credits(relay, key)).reserved_micro_usd).toBe(0)
        expect(keys.length).toBe(1)
        expect(await credits(relay, key)).toMatchObject({ balance_micro_usd: 750 })
        expect(chain.tasks.length, `stage ${stage}, on chain ${isPublished}`).toBe(1)
        await relay.stop()
      }
    }
  })

  it('goes on with tasks that stopping left open, and answers those who waited', async () => {
    const market = new MemoryMarket()
    market.answer = () => new Promise(() => {})
    let relay = await startTestRelay(dir, { market })
    const { key } = await relay.customer(1_000)
    const asking = relay.call({ ...chat('Hi'), key })
    const streaming = relay.call({ ...chat('Ho', { stream: true }), key })
    await expect.poll(() => market.tasks.length).toBe(2)
    await new Promise(resolve => setTimeout(resolve, 50))
    await relay.stop()
    const { status, body } = await asking
    expect([status, body.error.code]).toEqual([504, 'UPSTREAM_TIMEOUT'])
    expect(String((await streaming).body)).toContain('UPSTREAM_TIMEOUT')
    market.answer = () => resultOf('late')
    relay = await startTestRelay(dir, { market })
    expect(await ended(relay, body.error.detail.task_id)).toMatchObject({
      status: 'completed',
      result: { text: 'late' },
    })
    await expect.poll(async () => (await credits(relay, key)).balance_micro_usd).toBe(500)
    await relay.stop()
  })

  it('without the model refunds its open tasks', async () => {
    const market = new MemoryMarket()
    market.answer = () => new Promise(() => {})
    let relay = await startTestRelay(dir, { market })
    const { key } = await relay.customer(1_000)
    const { body } = await submit(relay, key)
    await expect.poll(() => market.tasks.length).toBe(1)
    await new Promise(resolve => setTimeout(resolve, 20))
    await relay.stop()
    const { parseModels } = await import('../../relay/models.ts')
    relay = await startTestRelay(dir, { market, models: parseModels(JSON.stringify([FREE_MODEL])) })
    expect(await ended(relay, body.task_id)).toMatchObject({ status: 'failed', error_code: 'MODEL_NOT_FOUND' })
    expect((await credits(relay, key)).available_micro_usd).toBe(1_000)
    await relay.stop()
  })
})

describe('the account that pays', () => {
  const funding = { depositWei: 5_000n, depositDayMaxWei: 12_000n }

  it('deposits when its Vault balance does not cover a task, up to the bound of a day', async () => {
    const market = new MemoryMarket()
    market.vaultWei = 0n
    let relay = await startTestRelay(dir, { market, funding })
    const { key } = await relay.customer(10_000)
    const ask = async () => (await relay.call({ ...chat('Hi'), key })).status
    for (let i = 0; i < 5; i++) expect(await ask()).toBe(200)
    expect(market.deposits).toEqual([5_000n])
    for (let i = 0; i < 5; i++) expect(await ask()).toBe(200)
    expect(market.deposits).toEqual([5_000n, 5_000n])
    // The bound outlives a restart.
    await relay.stop()
    relay = await startTestRelay(dir, { market, funding, clock: relay.clock })
    expect([await ask(), await ask()]).toEqual([200, 200])
    expect(market.deposits).toEqual([5_000n, 5_000n, 2_000n])
    const refused = await relay.call({ ...chat('Hi'), key })
    expect([refused.status, refused.body.error.code]).toEqual([503, 'PAYMENT_SERVICE_UNAVAILABLE'])
    expect(await credits(relay, key)).toMatchObject({ balance_micro_usd: 7_000, reserved_micro_usd: 0 })
    relay.clock.nowMs += 24 * 3_600_000
    expect(await ask()).toBe(200)
    await relay.stop()
  })

  it('never promises the same coins to two tasks', async () => {
    const market = new MemoryMarket()
    market.vaultWei = 3_000n
    market.coinsWei = 0n
    const relay = await startTestRelay(dir, { market, funding })
    const { key } = await relay.customer(10_000)
    const answers = await Promise.all(Array.from({ length: 8 }, () => relay.call({ ...chat('Hi'), key })))
    expect(answers.filter(answer => answer.status === 200).length).toBe(3)
    for (const answer of answers.filter(answer => answer.status !== 200)) expect(answer.status).toBe(503)
    expect(market.vaultWei).toBe(0n)
    expect(market.deposits).toEqual([])
    await relay.stop()
  })
})

describe('bounds', () => {
  it('at most so many tasks run at once, so many are open, and the others are refused', async () => {
    const market = new MemoryMarket()
    const relay = await startTestRelay(dir, { market })
    const { key } = await relay.customer(1_000_000, 'custom')
    let atOnce = 0
    let mostAtOnce = 0
    const ends: (() => void)[] = []
    market.answer = () => {
      mostAtOnce = Math.max(mostAtOnce, ++atOnce)
      return new Promise(resolve =>
        ends.push(() => {
          atOnce--
          resolve(resultOf('x'))
        }),
      )
    }
    const answers = await Promise.all(Array.from({ length: LIMITS.openTasksMax + 10 }, () => submit(relay, key)))
    expect(answers.filter(answer => answer.status === 202).length).toBe(LIMITS.openTasksMax)
    const refused = answers.find(answer => answer.status !== 202)
    expect([refused?.status, refused?.body.error.code, refused?.headers['retry-after']]).toEqual([
      503,
      'CAPACITY_EXHAUSTED',
      '5',
    ])
    let done = 0
    while (done < LIMITS.openTasksMax) {
      await expect.poll(() => ends.length).toBeGreaterThan(0)
      done += ends.length
      for (const end of ends.splice(0)) end()
    }
    await expect.poll(async () => (await credits(relay, key)).reserved_micro_usd).toBe(0)
    expect(mostAtOnce).toBe(LIMITS.tasksAtOnceMax)
    expect(market.tasks.length).toBe(LIMITS.openTasksMax)
    await relay.stop()
  })

  it('at most so many requests wait', async () => {
    const market = new MemoryMarket()
    market.answer = () => new Promise(() => {})
    const relay = await startTestRelay(dir, { market })
    const { key } = await relay.customer(1_000)
    const { body } = await submit(relay, key)
    const waits = Array.from({ length: LIMITS.waitingRequestsMax + 3 }, (_, i) =>
      relay.call({ url: `${body.poll_url}?wait=30`, remoteAddress: `10.0.${i >> 8}.${i & 255}` }),
    )
    const refused = await Promise.race(waits)
    expect(refused.status).toBe(503)
    await relay.stop()
    const statuses = (await Promise.all(waits)).map(answer => answer.status)
    expect(statuses.filter(status => status === 503).length).toBe(3)
  })
})
