import { encodeJobFile } from '@ogpu/sdk'
import { describe, expect, it } from 'vitest'
import { DECODERS, decode } from '../../relay/decoders.ts'
import { parseModels } from '../../relay/models.ts'
import { assembleRelay } from '../../relay/start.ts'
import { MODEL, temporaryFolder } from './fixtures.ts'
import { MemoryMarket } from './memory-market.ts'

const parse = (...models: readonly object[]) => parseModels(JSON.stringify(models))

describe('the models file', () => {
  it('gives models by name, whose programs are what job files take', () => {
    const models = parse(MODEL, { ...MODEL, name: 'other', source: `0x${'AB'.repeat(20)}` })
    expect([...models.keys()]).toEqual([MODEL.name, 'other'])
    const model = models.get('other')
    expect(model).toMatchObject({ source: `0x${'ab'.repeat(20)}`, paymentWei: 1000n, decoder: 'text' })
    if (model !== undefined) {
      const input = { hash: 'c0'.repeat(32), size: 1 }
      encodeJobFile({ functionName: 'run', ...model.program, input, dataUrls: [] })
    }
  })

  const wrong: readonly (readonly [string, object | string])[] = [
    ['no JSON', '{'],
    ['no array', '{}'],
    ['no models', '[]'],
    ['a model that is no object', '[1]'],
    ['an unknown field', { ...MODEL, price: 1 }],
    ['a name with a space', { ...MODEL, name: 'a b' }],
    ['an empty display name', { ...MODEL, displayName: '' }],
    ['a source that is no address', { ...MODEL, source: '0x12' }],
    ['a payment that is a number', { ...MODEL, paymentWei: 1000 }],
    ['a negative payment', { ...MODEL, paymentWei: '-1' }],
    ['a price with decimals', { ...MODEL, priceMicroUsd: 0.5 }],
    ['an unknown decoder', { ...MODEL, decoder: 'toString' }],
    ['no program', { ...MODEL, program: null }],
    ['a program without weights', { ...MODEL, program: { ...MODEL.program, weights: undefined } }],
    ['a hash in capitals', { ...MODEL, program: { ...MODEL.program, graph: { hash: 'C0'.repeat(32), size: 1 } } }],
  ]
  for (const [what, value] of wrong) {
    it(`is refused with ${what}`, () => {
      const json = typeof value === 'string' ? value : JSON.stringify([value])
      expect(() => parseModels(json)).toThrow(expect.objectContaining({ code: 'BAD_MODELS' }))
    })
  }

  it('is refused with one name twice', () => {
    expect(() => parse(MODEL, MODEL)).toThrow(/comes twice/)
  })
})

describe('decoders', () => {
  it('read what their programs write, and refuse the rest', () => {
    expect(decode('text', new TextEncoder().encode('é'))).toMatchObject({ text: 'é' })
    expect(decode('bytes', new Uint8Array([1, 2, 255]))).toMatchObject({ text: 'AQL/' })
    for (const decoder of ['text', 'language-id'] as const) {
      expect(() => decode(decoder, new Uint8Array([0xc3]))).toThrow(
        expect.objectContaining({ code: 'PROVIDER_SCHEMA_MISMATCH' }),
      )
    }
    expect(Object.keys(DECODERS)).toEqual(['language-id', 'text', 'bytes'])
  })
})

describe('starting', () => {
  it('is refused with an admin key that could be guessed, or a model that the market does not take', async () => {
    const { dir, remove } = await temporaryFolder()
    const market = new MemoryMarket()
    const models = parse(MODEL)
    await expect(assembleRelay({ market, models, dir, adminKey: 'short' })).rejects.toMatchObject({
      code: 'BAD_ADMIN_KEY',
    })
    market.check = async () => {
      throw Object.assign(new Error('no'), { code: 'MODEL_UNFIT' })
    }
    const adminKey = 'x'.repeat(32)
    await expect(assembleRelay({ market, models, dir, adminKey })).rejects.toMatchObject({ code: 'MODEL_UNFIT' })
    await remove()
  })
})
