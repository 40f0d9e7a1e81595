import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { id } from 'ethers'
import { describe, expect, test } from 'vitest'
import { type AbiItem, type AbiParameter, artifactOf } from '#contracts'

function published(name: string): AbiItem[] {
  const path = join(import.meta.dirname, '..', 'vectors', 'abis', `${name}.json`)
  return JSON.parse(readFileSync(path, 'utf8')) as AbiItem[]
}

/** Types down to the components, and names of components: all that the encoding depends on. */
function typeOf(parameter: AbiParameter): string {
  const inner = parameter.components?.map(part => `${typeOf(part)} ${part.name}`).join(',')
  return inner === undefined ? parameter.type : `(${inner})${parameter.type.slice('tuple'.length)}`
}

function signatureOf(item: AbiItem): string {
  const inputs = (item.inputs ?? []).map(input => `${typeOf(input)}${input.indexed === true ? ' indexed' : ''}`)
  const outputs = (item.outputs ?? []).map(typeOf)
  const mutability = item.type === 'function' || item.type === 'constructor' ? item.stateMutability : ''
  return `${item.type} ${item.name ?? ''}(${inputs}) ${mutability} → (${outputs})`
}

const FILES = [
  ['ManagerAbi', 'Manager'],
  ['NexusAbi', 'Nexus'],
  ['ControllerAbi', 'Controller'],
  ['TerminalAbi', 'Terminal'],
  ['VaultAbi', 'Vault'],
  ['VaultAbi.testnet', 'Vault'],
  ['SourceAbi', 'Source'],
  ['TaskAbi', 'Task'],
  ['ResponseAbi', 'Response'],
] as const

describe('the published ABIs', () => {
  test.each(FILES)('every entry of %s is in %s, with the same types', (file, contract) => {
    const ours = new Set(artifactOf(contract).abi.map(signatureOf))
    const missing = published(file)
      .map(signatureOf)
      .filter(signature => !ours.has(signature))
    expect(missing).toEqual([])
  })

  test('names of parameters that clients encode by name are the same', () => {
    for (const [file, contract] of FILES) {
      const ours = artifactOf(contract).abi
      for (const item of published(file)) {
        if (item.type !== 'event' && item.type !== 'constructor') continue
        const mine = ours.find(other => other.type === item.type && other.name === item.name)
        if (item.type === 'constructor') continue
        expect(mine?.inputs?.map(input => input.name)).toEqual(item.inputs?.map(input => input.name))
      }
    }
  })

  test('no revert word of ours contains one of the eleven words that the SDK maps, unless it is one', () => {
    const mapped = [
      'NotOwner',
      'NotMaster',
      'NotProvider',
      'Expired',
      'AlreadyConfirmed',
      'AlreadyFinalized',
      'InsufficientBalance',
      'InsufficientLockup',
      'UnbondingNotElapsed',
      'NotEligible',
      'SourceInactive',
    ]
    const folder = join(import.meta.dirname, '..', '..', 'contracts', 'src', 'market')
    for (const file of ['Nexus', 'Controller', 'Terminal', 'Vault', 'Source', 'Task', 'Response']) {
      const text = readFileSync(join(folder, `${file}.sol`), 'utf8')
      for (const [, word] of text.matchAll(/"(\w+)"\s*\)/g)) {
        for (const key of mapped) if (word?.includes(key)) expect(word).toBe(key)
      }
    }
  })

  test('the documented selectors and topics are those of our ABIs', () => {
    expect(id('attempt(address,address,uint256)').slice(0, 10)).toBe('0x84895f34')
    expect(id('Attempted(address,address,uint256)')).toBe(
      '0x88c89788e8b61b93ed2a66e02b36e04d60275b78893674aa6134fad20874022d',
    )
    const source = 'address,string,uint8,uint256,uint256,uint256,bool,string,uint8,uint256'
    expect(id(`publishSource((${source}))`).slice(0, 10)).toBe('0x4912f56d')
    expect(id(`SourceUpdated(address,(${source}))`)).toBe(
      '0x5f9bf4e8a1679156115361af50849b7807ce9be1880b79fc30ded34053274895',
    )
  })
})
