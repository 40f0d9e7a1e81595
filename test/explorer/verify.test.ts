import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CompiledCode, matchCreation, matchRuntime } from '../../explorer/src/server/verify/match.ts'
import { inputFromForm, inputFromStandardJson } from '../../explorer/src/server/verify/request.ts'
import { type Demo, startDemo } from './harness.ts'

const code = (
  object: string,
  filled: Readonly<Record<string, readonly (readonly [number, number])[]>> = {},
): CompiledCode => ({
  object,
  filled: new Map(
    Object.entries(filled).map(([key, places]) => [key, places.map(([start, length]) => ({ start, length }))]),
  ),
})
/** `a1 64 s o l c 43 00 08 25` and its length: what the compiler appends. */
const META = 'a164736f6c6343000825000a'
const OTHER_META = 'a164736f6c6343000824000a'

describe('matching of code', () => {
  test('tells an exact match from one but for the metadata', () => {
    expect(matchRuntime(`6001${META}`, code(`6001${META}`))).toBe('exact_match')
    expect(matchRuntime(`6001${META}`, code(`6001${OTHER_META}`))).toBe('match')
    expect(matchRuntime(`6002${META}`, code(`6001${META}`))).toBeUndefined()
    expect(matchRuntime(`6001${META}`, code(''))).toBeUndefined()
    expect(matchRuntime('60016002', code('60016003'))).toBeUndefined()
  })

  test('takes immutables from the chain where they agree', () => {
    const compiled = code('60000060000061ff', {
      owner: [
        [1, 2],
        [4, 2],
      ],
    })
    expect(matchRuntime('60abcd60abcd61ff', compiled)).toBe('exact_match')
    expect(matchRuntime('60abcd60abce61ff', compiled)).toBeUndefined()
    expect(matchRuntime('60abcd60', compiled)).toBeUndefined()
  })

  test('takes the address at the beginning of a library from the chain', () => {
    expect(matchRuntime(`73${'ab'.repeat(20)}30`, code(`73${'00'.repeat(20)}30`))).toBe('exact_match')
    expect(matchRuntime(`74${'ab'.repeat(20)}30`, code(`73${'00'.repeat(20)}30`))).toBeUndefined()
  })

  test('finds the arguments of a constructor after its code', () => {
    expect(matchCreation('6080aabb0011', code('6080aabb'))).toEqual({ constructorArguments: '0011' })
    expect(matchCreation('6080aabc0011', code('6080aabb'))).toBeUndefined()
  })
})

describe('forms of a request', () => {
  const json = {
    language: 'Solidity',
    sources: { 'a.sol': { content: 'contract A {}' } },
    settings: { viaIR: true, modelChecker: {} },
  }

  test('keep only what decides the code', () => {
    const input = inputFromStandardJson(json, 'a.sol:A', 'v0.8.37+commit.f401782d')
    expect(input).toMatchObject({
      file: 'a.sol',
      name: 'A',
      compilerVersion: '0.8.37+commit.f401782d',
      settings: { viaIR: true },
    })
    expect(input.settings).not.toHaveProperty('modelChecker')
  })

  test('of a single file become the same', () => {
    const input = inputFromForm({
      codeformat: 'solidity-single-file',
      sourceCode: 'contract A {}',
      contractname: 'A',
      compilerversion: 'v0.8.37',
      optimizationUsed: '1',
      runs: '7',
      evmversion: 'cancun',
      constructorArguements: '0xAB',
    })
    expect(input).toMatchObject({ file: undefined, name: 'A', constructorArguments: 'ab' })
    expect(input.settings).toEqual({ optimizer: { enabled: true, runs: 7 }, evmVersion: 'cancun' })
  })

  test.each([
    [{ ...json, language: 'Yul' }, 'a.sol:A', '0.8.37'],
    [{ ...json, sources: {} }, 'a.sol:A', '0.8.37'],
    [{ ...json, sources: { 'a.sol': { urls: ['http://elsewhere'] } } }, 'a.sol:A', '0.8.37'],
    [json, 'a.sol:', '0.8.37'],
    [json, 'a.sol:A', 'latest'],
    [null, 'a.sol:A', '0.8.37'],
  ])('are refused where they lack something: %#', (body, contract, version) => {
    expect(() => inputFromStandardJson(body, contract, version)).toThrow()
  })
})

describe('verification over HTTP', () => {
  const address = `0x${'c0'.repeat(20)}`
  const source =
    'pragma solidity ^0.8.0; contract Box { uint256 immutable n; constructor() { n = 5; } function get() external view returns (uint256) { return n; } }'
  const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string; version(): string }
  const version = `v${solc.version().replace('.Emscripten.clang', '')}`
  const stdJsonInput = { language: 'Solidity', sources: { 'Box.sol': { content: source } }, settings: {} }
  let demo: Demo

  beforeAll(async () => {
    demo = await startDemo(2)
    const outputSelection = {
      '*': { '*': ['evm.deployedBytecode.object', 'evm.deployedBytecode.immutableReferences'] },
    }
    const output = JSON.parse(solc.compile(JSON.stringify({ ...stdJsonInput, settings: { outputSelection } })))
    const { object, immutableReferences } = output.contracts['Box.sol'].Box.evm.deployedBytecode
    let runtime: string = object
    for (const { start } of Object.values(immutableReferences as Record<string, { start: number }[]>).flat())
      runtime = runtime.slice(0, start * 2) + '5'.padStart(64, '0') + runtime.slice((start + 32) * 2)
    demo.node.codes.set(address, `0x${runtime}`)
  })
  afterAll(() => demo.stop())

  const form = async (fields: Readonly<Record<string, string>>) => {
    const response = await fetch(`${demo.url}/api`, { method: 'POST', body: new URLSearchParams(fields) })
    return (await response.json()) as { status: string; message: string; result: string }
  }
  const ask = async <T>(query: string) => (await (await fetch(`${demo.url}/api?${query}`)).json()) as T
  const submit = (fields: Readonly<Record<string, string>> = {}) =>
    form({
      module: 'contract',
      action: 'verifysourcecode',
      contractaddress: address,
      codeformat: 'solidity-standard-json-input',
      sourceCode: JSON.stringify(stdJsonInput),
      contractname: 'Box.sol:Box',
      compilerversion: version,
      ...fields,
    })
  const settled = async (guid: string) => {
    for (;;) {
      const answer = await ask<{ message: string; result: string }>(
        `module=contract&action=checkverifystatus&guid=${guid}`,
      )
      if (answer.result !== 'Pending in queue') return answer
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  test('keeps nothing that does not compile to the code, and says why', async () => {
    const wrong = {
      ...stdJsonInput,
      sources: { 'Box.sol': { content: source.replace('n = 5', 'n = 6 + 1').replace('return n', 'return n + 1') } },
    }
    const { result } = await submit({ sourceCode: JSON.stringify(wrong) })
    expect(await settled(result)).toMatchObject({
      result: 'Fail - Unable to verify',
      message: 'the compiled code is not the code at this address',
    })
    const broken = await submit({
      sourceCode: JSON.stringify({ ...stdJsonInput, sources: { 'Box.sol': { content: 'contract' } } }),
    })
    expect((await settled(broken.result)).message).toMatch(/Error/)
    const source_ = await ask<{ result: Record<string, string>[] }>(
      `module=contract&action=getsourcecode&address=${address}`,
    )
    expect(source_.result[0]).toMatchObject({ SourceCode: '', ABI: 'Contract source code not verified' })
  })

  test('keeps what compiles to the code, and shows it in both forms', async () => {
    const { status, result } = await submit()
    expect(status).toBe('1')
    expect((await settled(result)).result).toBe('Pass - Verified')
    const shown = await ask<{ result: Record<string, string>[] }>(
      `module=contract&action=getsourcecode&address=${address}`,
    )
    expect(shown.result[0]).toMatchObject({ ContractName: 'Box', CompilerVersion: version })
    const abi = await ask<{ result: string }>(`module=contract&action=getabi&address=${address}`)
    expect(JSON.parse(abi.result).map((item: { name?: string }) => item.name)).toContain('get')
    const sourcify = await fetch(`${demo.url}/v2/contract/${demo.node.chainId}/${address}`)
    expect(await sourcify.json()).toMatchObject({
      match: 'exact_match',
      compilation: { fullyQualifiedName: 'Box.sol:Box' },
    })
    expect(await submit()).toMatchObject({ status: '0', result: 'Contract source code already verified' })
  })

  test('refuses other compilers, addresses without code and other chains', async () => {
    expect((await submit({ compilerversion: 'v0.8.20+commit.a1b79de6' })).result).toMatch(/0\.8\.20.* is not available/)
    expect((await submit({ contractaddress: `0x${'d0'.repeat(20)}` })).result).toMatch(/Unable to locate ContractCode/)
    const other = await fetch(`${demo.url}/v2/verify/1/${address}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ stdJsonInput, compilerVersion: version, contractIdentifier: 'Box.sol:Box' }),
    })
    expect(other.status).toBe(404)
    expect((await fetch(`${demo.url}/v2/verify/nothing`)).status).toBe(404)
  })
})
