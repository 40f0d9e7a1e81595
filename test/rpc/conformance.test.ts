import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readIoFiles } from '../conformance/io-file.ts'
import { readSchemas, runIoFile, startNode } from '../conformance/rpc.ts'

const FOLDER = resolve(import.meta.dirname, '../vectors/execution-apis/tests')

describe('execution-apis', () => {
  const files = readIoFiles(FOLDER)
  const schemas = readSchemas(FOLDER)
  const methods = [...new Set(files.map(file => file.method))]
  let node: Awaited<ReturnType<typeof startNode>>
  beforeAll(async () => {
    node = await startNode(FOLDER)
  })
  afterAll(async () => {
    await node.close()
  })

  it('the fixtures are there', () => {
    expect(files.length).toBeGreaterThanOrEqual(130)
  })

  it.each(methods)('%s answers as the reference client', async method => {
    for (const file of files.filter(candidate => candidate.method === method)) {
      expect(await runIoFile(file, node.ask, schemas)).toEqual({ id: file.name, passed: true })
    }
  })

  it('the runner notices a wrong answer', async () => {
    const wrong = async (request: string) => (await node.ask(request)).replace('"result":', '"result":1,"other":')
    const exact = files.filter(file => !file.isSpecOnly && file.method === 'eth_getBalance')
    for (const file of exact) expect((await runIoFile(file, wrong, schemas)).passed).toBe(false)
    const loose = files.filter(file => file.isSpecOnly && file.method === 'txpool_status')
    for (const file of loose) expect((await runIoFile(file, wrong, schemas)).passed).toBe(false)
  })
})
