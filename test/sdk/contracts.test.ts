import { type ContractName, INTERFACES } from '@ogpu/sdk'
import * as abis from '@ogpu/sdk/abi'
import { Interface, type InterfaceAbi } from 'ethers'
import { describe, expect, it } from 'vitest'

describe('the readable signatures', () => {
  it.each(Object.keys(INTERFACES) as ContractName[])('of %s are those of the compiled contract', name => {
    const abi = (abis as Record<string, InterfaceAbi>)[`${name}Abi`]
    expect(abi).toBeDefined()
    const compiled = new Interface(abi ?? [])
    INTERFACES[name].forEachFunction(fragment => {
      const theirs = compiled.getFunction(fragment.selector)
      expect(theirs?.format('sighash'), fragment.format()).toBe(fragment.format('sighash'))
      const returned = (outputs: readonly { format(): string }[] | undefined) => outputs?.map(output => output.format())
      if (fragment.outputs.length > 0)
        expect(returned(theirs?.outputs), fragment.format()).toEqual(returned(fragment.outputs))
    })
    INTERFACES[name].forEachEvent(fragment => {
      const theirs = compiled.getEvent(fragment.topicHash)
      expect(
        theirs?.inputs.map(input => input.indexed === true),
        fragment.format(),
      ).toEqual(fragment.inputs.map(input => input.indexed === true))
    })
    INTERFACES[name].forEachError(fragment => {
      expect(compiled.getError(fragment.selector)?.format(), fragment.format()).toBe(fragment.format())
    })
  })
})
