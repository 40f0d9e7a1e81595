import { ExplorerError } from '../errors.ts'

/** What has to be compiled, whichever form it came in. */
export interface VerificationInput {
  /** Undefined where the form has no path: the contract's name has to be the only one then. */
  readonly file: string | undefined
  readonly name: string
  readonly compilerVersion: string
  readonly sources: Readonly<Record<string, string>>
  /** Only what decides the code. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Hex without 0x; undefined where the sender did not say. */
  readonly constructorArguments: string | undefined
}

/** Settings that decide the code; others (what to print, model checking) are ours or of no use. */
const SETTINGS = ['optimizer', 'evmVersion', 'viaIR', 'metadata', 'remappings', 'libraries', 'debug', 'experimental']
const FILES_MAX = 2_000
const NAME = /^[A-Za-z_$][\w$]{0,200}$/

const refuse = (message: string) => new ExplorerError('invalid request', message, { status: 422 })

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** From the compiler's standard JSON. `contract` is `path:Name` or `Name`. */
export function inputFromStandardJson(
  json: unknown,
  contract: string,
  compilerVersion: string,
  constructorArguments?: string,
): VerificationInput {
  if (!isObject(json) || !isObject(json.sources)) throw refuse('the source is not a standard JSON input')
  if (json.language !== 'Solidity') throw refuse('only Solidity can be verified here')
  const entries = Object.entries(json.sources)
  if (entries.length === 0 || entries.length > FILES_MAX) throw refuse(`a contract has 1 to ${FILES_MAX} files`)
  const sources: Record<string, string> = Object.create(null)
  for (const [path, source] of entries) {
    if (!isObject(source) || typeof source.content !== 'string')
      throw refuse(`the file ${path.slice(0, 200)} comes without its content`)
    sources[path] = source.content
  }
  const given = isObject(json.settings) ? json.settings : {}
  const settings = Object.fromEntries(SETTINGS.flatMap(name => (name in given ? [[name, given[name]]] : [])))
  const colon = contract.lastIndexOf(':')
  const name = contract.slice(colon + 1)
  if (!NAME.test(name)) throw refuse('name the contract as path:Name')
  return {
    file: colon < 0 ? undefined : contract.slice(0, colon),
    name,
    compilerVersion: versionOf(compilerVersion),
    sources,
    settings,
    constructorArguments: argumentsOf(constructorArguments),
  }
}

/** From the form that Etherscan's clients post. */
export function inputFromForm(form: Readonly<Record<string, string | undefined>>): VerificationInput {
  const { sourceCode = '', contractname = '', compilerversion = '', codeformat } = form
  const constructorArguments = form.constructorArguements ?? form.constructorArguments
  if (codeformat === 'solidity-standard-json-input') {
    let json: unknown
    try {
      json = JSON.parse(sourceCode)
    } catch {
      throw refuse('the source is not JSON')
    }
    return inputFromStandardJson(json, contractname, compilerversion, constructorArguments)
  }
  if (codeformat !== 'solidity-single-file') {
    throw refuse('codeformat is solidity-standard-json-input or solidity-single-file')
  }
  const evmVersion = form.evmversion ?? ''
  const json = {
    language: 'Solidity',
    sources: { 'contract.sol': { content: sourceCode } },
    settings: {
      optimizer: { enabled: form.optimizationUsed === '1', runs: Number(form.runs ?? 200) },
      ...(evmVersion === '' || evmVersion === 'default' ? {} : { evmVersion }),
    },
  }
  const name = contractname.slice(contractname.lastIndexOf(':') + 1)
  return inputFromStandardJson(json, name, compilerversion, constructorArguments)
}

function versionOf(text: string): string {
  const version = text.replace(/^v/, '')
  if (!/^\d+\.\d+\.\d+(\+commit\.[0-9a-f]{8})?$/.test(version)) {
    throw refuse('the compiler version reads like v0.8.37+commit.f401782d')
  }
  return version
}

function argumentsOf(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined
  const hex = text.replace(/^0x/, '').toLowerCase()
  if (!/^([0-9a-f]{2})*$/.test(hex)) throw refuse('constructor arguments are hex')
  return hex
}
