import { multiaddrConnectionPair } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'
import { expect, test } from 'vitest'
import { safeYamux } from '../../chain/p2p/muxer.ts'

/** Opens a stream in the very moment in which the connection closes; returns errors that nobody could catch. */
async function openWhileClosing(make: typeof yamux | typeof safeYamux): Promise<readonly unknown[]> {
  const [connection] = multiaddrConnectionPair()
  const muxer = make({})().createStreamMuxer(connection)
  const uncaught: unknown[] = []
  const before = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', error => uncaught.push(error))
  try {
    void connection.close().catch(() => {})
    void Promise.resolve(muxer.createStream()).catch(() => {})
    await new Promise(resolve => setTimeout(resolve, 20))
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of before) process.on('uncaughtException', listener)
  }
  return uncaught
}

test('a connection that closes while a stream to it is opened does not end the process', async () => {
  expect(await openWhileClosing(safeYamux)).toEqual([])
  // What the wrapper is for; once the package no longer throws here, the wrapper can go.
  expect(await openWhileClosing(yamux)).toMatchObject([{ name: 'StreamStateError' }])
})
