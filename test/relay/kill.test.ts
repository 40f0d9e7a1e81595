import { fork } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { openBook } from '../../relay/ledger/book.ts'
import { availableOf } from '../../relay/ledger/state.ts'
import { temporaryFolder } from './fixtures.ts'

const PROGRAM = new URL('./ledger-process.ts', import.meta.url).pathname

it('a process that is killed in the middle of business keeps everything that it confirmed, over and over', async () => {
  const { dir, remove } = await temporaryFolder()
  const topUps = new Set<string>()
  const ended = new Set<string>()
  const accepted = new Set<string>()
  for (let round = 0; round < 6; round++) {
    const child = fork(PROGRAM, [dir, String(round)], { execArgv: ['--disable-warning=ExperimentalWarning'] })
    let count = 0
    child.on('message', (said: { topUp?: string; accepted?: string; ended?: string }) => {
      if (said.topUp !== undefined) topUps.add(said.topUp)
      if (said.accepted !== undefined) accepted.add(said.accepted)
      if (said.ended !== undefined) ended.add(said.ended)
      // At another point of the work each time.
      if (++count === 40 + 37 * round) child.kill('SIGKILL')
    })
    await once(child, 'exit')

    const book = await openBook({ dir, clock: { now: () => Date.now() } })
    const [account] = [...book.state.accounts.values()]
    const { references, balanceMicroUsd, reservedMicroUsd, chargedMicroUsd } =
      account ?? expect.unreachable('no account')
    for (const reference of topUps) expect(references.has(reference), reference).toBe(true)
    for (const id of accepted) expect(book.state.open.has(id) || book.state.finished.has(id), id).toBe(true)
    for (const id of ended) expect(book.state.finished.has(id), id).toBe(true)
    const open = [...book.state.open.values()].reduce((sum, task) => sum + task.microUsd, 0)
    expect(reservedMicroUsd).toBe(open)
    expect(balanceMicroUsd + chargedMicroUsd).toBe(10 * references.size)
    expect(account === undefined ? -1 : availableOf(account)).toBeGreaterThanOrEqual(0)
    await book.close()
  }
  expect(ended.size).toBeGreaterThan(50)
  await remove()
})
