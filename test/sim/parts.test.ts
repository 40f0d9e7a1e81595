import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EPOCH_MS, SimClock } from './clock.ts'
import { blockName, parseBlockName, parseDag, printDag, randomDag, randomView, topologicalShuffle } from './dag.ts'
import { EventHeap } from './heap.ts'
import { SimKeys } from './keys.ts'
import { Network } from './network.ts'
import { CALM_NETWORK } from './plan.ts'
import { Random } from './prng.ts'
import { decide } from './reference.ts'

describe('random streams', () => {
  it('are the same for the same seed and name, on every machine', () => {
    const random = new Random('1', 'golden')
    expect([random.u32(), random.u32(), random.u32(), random.below(1000)]).toEqual([
      2_424_226_580, 621_682_600, 1_963_416_269, 702,
    ])
  })

  it('do not shift each other', () => {
    const a = new Random('1')
    const before = a.stream('x').u32()
    a.u32()
    a.stream('y').u32()
    expect(a.stream('x').u32()).toBe(before)
  })

  it('stay in their range', () => {
    const random = new Random('range')
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), bound => {
        const value = random.below(bound)
        expect(value >= 0 && value < bound).toBe(true)
      }),
    )
  })
})

describe('the event heap', () => {
  it('gives events back by time, then phase, then arrival', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.boolean()), { maxLength: 60 }), events => {
        const heap = new EventHeap<number>()
        for (const [i, [time, late]] of events.entries()) heap.push(time, late ? 1 : 0, i)
        const want = events
          .map(([time, late], i) => ({ time, phase: late ? 1 : 0, i }))
          .sort((a, b) => a.time - b.time || a.phase - b.phase || a.i - b.i)
        const got: number[] = []
        for (let next = heap.pop(); next; next = heap.pop()) got.push(next.item)
        expect(got).toEqual(want.map(w => w.i))
      }),
    )
  })
})

describe('clocks', () => {
  it('timers fire when the local clock shows the wanted millisecond', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1000, max: 1000 }),
        fc.nat(10_000_000),
        fc.nat(5_000),
        (offsetMs, nowUs, waitMs) => {
          const clock = new SimClock(0, [{ kind: 'clock', node: 0, offsetMs, driftPpm: 0 }])
          const atMs = clock.nowMs(nowUs) + waitMs
          const fire = clock.fireUs(atMs, nowUs)
          expect(clock.nowMs(fire)).toBe(atMs)
          expect(fire >= nowUs).toBe(true)
        },
      ),
    )
  })

  it('a stopped clock shows the same time for ever', () => {
    const clock = new SimClock(0, [{ kind: 'clockStopped', node: 0, atMs: 5 }])
    expect(clock.nowMs(1_000_000)).toBe(EPOCH_MS + 5)
  })
})

describe('the network', () => {
  const plan = { ...CALM_NETWORK, latency: { kind: 'uniform' as const, lowUs: 10, highUs: 500 } }

  it('keeps the order of a link when the plan says so', () => {
    const network = new Network({ ...plan, ordered: true }, [], new Random('n'), [])
    let last = 0
    for (let t = 0; t < 1_000; t += 7) {
      const [arrival] = network.arrivals(0, 1, 100, {}, t)
      expect(arrival).toBeGreaterThanOrEqual(last)
      last = arrival ?? 0
    }
  })

  it('nothing passes a cut, and everything arrives soon after GST', () => {
    const cut = new Network(
      plan,
      [{ kind: 'partition', groups: [[0], [1, 2]], fromMs: 0, toMs: 10 }],
      new Random('n'),
      [],
    )
    expect(cut.arrivals(0, 1, 1, {}, 5_000)).toEqual([])
    expect(cut.arrivals(1, 2, 1, {}, 5_000)).toHaveLength(1)
    expect(cut.arrivals(0, 1, 1, {}, 10_000)).toHaveLength(1)
    const late = new Network({ ...plan, gstMs: 100 }, [], new Random('n'), [])
    for (let t = 0; t < 100_000; t += 999) expect(late.arrivals(0, 1, 1, {}, t)[0]).toBeLessThanOrEqual(100_000 + 500)
  })
})

describe('simulated keys', () => {
  it('verify what their owner signed and nothing else', () => {
    const keys = new SimKeys()
    const a = keys.create('a')
    const b = keys.create('b')
    const message = new Uint8Array([1, 2, 3])
    const signature = keys.sign(a, message)
    expect(keys.verify(a, message, signature)).toBe(true)
    expect(keys.verify(b, message, signature)).toBe(false)
    expect(keys.verify(a, new Uint8Array([1, 2]), signature)).toBe(false)
    expect(keys.verify(a, message, signature.slice(1))).toBe(false)
  })
})

describe('the text form of a DAG', () => {
  it('reads stars, exceptions and twins', () => {
    const dag = parseDag('1: A[*] B[*] C[*] D[*]\n2: A[*] B[-D1] B~1[B1 A1 C1] C[-A1] D[*]', 4)
    expect(dag.get('A1')?.parents).toEqual(['A0', 'B0', 'C0', 'D0'])
    expect(dag.get('B2')?.parents).toEqual(['B1', 'A1', 'C1'])
    expect(dag.get('B2~1')?.parents).toEqual(['B1', 'A1', 'C1'])
  })

  it('survives printing and reading', () => {
    const dag = randomDag(new Random('print'), {
      validators: 5,
      stakes: [1, 1, 1, 1, 1],
      rounds: 6,
      equivocators: [2],
      extraParentChance: 0.5,
      absentChance: 0.2,
    }).blocks
    const again = parseDag(printDag(dag), 5)
    expect([...again.values()].map(b => [b.id, b.parents])).toEqual([...dag.values()].map(b => [b.id, b.parents]))
  })

  it('names of blocks are inverse to their parts', () => {
    fc.assert(
      fc.property(fc.nat(700), fc.nat(10_000), fc.nat(20), (author, round, twin) => {
        expect(parseBlockName(blockName({ author, round, twin }))).toEqual({ author, round, twin })
      }),
    )
    for (const bad of ['', 'A', '1', 'A01', 'A-1', 'a1', 'A1~0', 'A1~']) expect(parseBlockName(bad)).toBeUndefined()
  })
})

describe('the reference model', () => {
  it('does not depend on the order of blocks, and a later view only adds to an earlier one', () => {
    for (let k = 0; k < 60; k++) {
      const random = new Random('views', String(k))
      const stakes = [1, 1, 1, 1]
      const dag = randomDag(random, {
        validators: 4,
        stakes,
        rounds: 9,
        equivocators: [k % 4],
        extraParentChance: 0.6,
        absentChance: 0.1,
      }).blocks
      const settings = { stakes, leaders: (r: number) => (r < 1 ? [] : [r % 4]) }
      const full = decide(dag, settings, null)
      const shuffled = new Map(topologicalShuffle(random, dag).map(b => [b.id, b]))
      expect(decide(shuffled, settings, null)).toEqual(full)
      const part = decide(randomView(random, dag, 2), settings, null).sequence
      const outcome = (d: (typeof part)[number] | undefined) => (d?.status === 'commit' ? d.block : d?.status)
      for (const [i, d] of part.entries())
        if (full.sequence[i] !== undefined) expect(outcome(d)).toBe(outcome(full.sequence[i]))
    }
  })
})
