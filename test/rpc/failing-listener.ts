/** The thread of JSON-RPC; in a first life, which the environment tells, it fails after a while. */
await import('../../chain/node/rpc-listener-thread.ts')
if (process.env.OGPU_TEST_LISTENER_FAILS !== undefined) {
  setTimeout(() => {
    throw new Error('a fault of the listener')
  }, 300)
}
