import { describe, expect, test } from 'vitest'
import { CodedError } from '#lib/errors'
import { isStoreFailure } from '#storage'
import { storeFailure } from '../../chain/storage/store-failure.ts'

const system = (code: string) => Object.assign(new Error(`${code}: a system's words`), { code })

describe('a failure of the store', () => {
  test.each(['ENOSPC', 'EDQUOT', 'EFBIG'])('is a full disk by %s', code => {
    expect(storeFailure('write', system(code))).toMatchObject({ code: 'store full' })
  })

  test('is a full disk by the words of a cause', () => {
    const cause = new Error('batch failed', { cause: new Error('IO error: No space left on device') })
    expect(storeFailure('write', cause)).toMatchObject({ code: 'store full' })
  })

  test('is anything else that the disk says', () => {
    expect(storeFailure('read', system('EIO'))).toMatchObject({
      code: 'store failed',
      message: "the store cannot read: EIO: a system's words",
    })
  })

  test.each(['store failed', 'store full', 'store damaged'])('is told by its code: %s', code => {
    expect(isStoreFailure(new CodedError(code, 'x'))).toBe(true)
  })

  test('is not what another part of the node reports', () => {
    expect(isStoreFailure(new CodedError('history pruned', 'x'))).toBe(false)
    expect(isStoreFailure(new Error('store failed'))).toBe(false)
    expect(isStoreFailure(undefined)).toBe(false)
  })
})
