import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cpSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createClient, deposit, eventOf, INTERFACES, publishTaskConfig } from '@ogpu/sdk'
import { type Client, HERE, MODULES, post, rpc, until } from '../world.ts'

interface EventRow {
  readonly name: string
  readonly subject: string
  readonly block: number
  readonly transaction: string
  readonly logIndex: number
  readonly gasUsed: string
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number }
      server.close(() => resolve(port))
    })
  })

export const client: Client = {
  async run({ rpcUrl, wsUrl, keys, chainId, dir }, check) {
    const market = await createClient({ rpcUrl, privateKey: keys[0] })
    const { nexus } = market.contracts
    const start = Number(await rpc(rpcUrl, 'eth_blockNumber'))
    let source = ''
    const publish = async () => {
      const sent = await market.send('nexus', 'publishSource', [
        [market.address, 'http://source.test', 1, 0n, 0n, 86_400, false, '', 1, 0n],
      ])
      source = String(eventOf(sent, INTERFACES.nexus, 'SourcePublished', nexus)[0])
    }
    for (let i = 0; i < 4; i++) await publish()
    await deposit(market, { amountWei: 10n ** 18n })
    for (let i = 0; i < 3; i++)
      await publishTaskConfig(market, { source, configUrl: `http://task.test/${i}`, paymentWei: 10n ** 15n })

    cpSync(join(HERE, 'ponder'), dir, { recursive: true })
    symlinkSync(MODULES, join(dir, 'node_modules'))
    writeFileSync(join(dir, 'package.json'), '{ "name": "indexer", "private": true, "type": "module" }\n')
    const abi = INTERFACES.nexus.formatJson()
    writeFileSync(join(dir, 'abi.ts'), `export const nexusAbi = ${abi} as const\n`)
    const port = await freePort()
    const log = openSync(join(dir, 'ponder.log'), 'a')
    const program = join(MODULES, 'ponder/dist/esm/bin/ponder.js')
    const child = spawn(process.execPath, [program, 'start', '--schema', 'market', '--port', String(port)], {
      cwd: dir,
      stdio: ['ignore', log, log],
      env: {
        PATH: process.env.PATH,
        HOME: dir,
        PONDER_TELEMETRY_DISABLED: '1',
        OGPU_RPC: rpcUrl,
        OGPU_WS: wsUrl,
        OGPU_NEXUS: nexus,
        OGPU_CHAIN_ID: String(chainId),
        OGPU_START: String(start),
      },
    })
    const url = `http://127.0.0.1:${port}`
    const query = async <T>(text: string): Promise<T> => {
      const answer = (await post(`${url}/graphql`, { query: text })) as { data?: T; errors?: unknown }
      if (answer.data === undefined) throw new Error(JSON.stringify(answer.errors))
      return answer.data
    }
    const indexed = async (): Promise<readonly EventRow[]> => {
      const fields = 'name subject block transaction logIndex gasUsed'
      const { events } = await query<{ events: { items: EventRow[] } }>(
        `{ events(limit: 1000) { items { ${fields} } } }`,
      )
      return events.items
    }
    /** The same rows from the node's own logs and receipts. */
    const expected = async (): Promise<readonly EventRow[]> => {
      const names = ['SourcePublished', 'TaskPublished']
      const topics = [names.map(name => INTERFACES.nexus.getEvent(name)?.topicHash)]
      const logs = await rpc(rpcUrl, 'eth_getLogs', [{ address: nexus, fromBlock: `0x${start.toString(16)}`, topics }])
      const rows: EventRow[] = []
      for (const each of logs) {
        const parsed = INTERFACES.nexus.parseLog(each)
        const receipt = await rpc(rpcUrl, 'eth_getTransactionReceipt', [each.transactionHash])
        rows.push({
          name: parsed?.name ?? '',
          subject: String(parsed?.args[0]).toLowerCase(),
          block: Number(each.blockNumber),
          transaction: each.transactionHash,
          logIndex: Number(each.logIndex),
          gasUsed: BigInt(receipt.gasUsed).toString(),
        })
      }
      return rows
    }
    const sorted = (rows: readonly EventRow[]) =>
      [...rows]
        .map(row => ({ ...row, subject: row.subject.toLowerCase() }))
        .sort((x, y) => x.block - y.block || x.logIndex - y.logIndex)

    try {
      await check('indexes the market from its first block', async () => {
        await until(
          'ponder is ready',
          async () => {
            if (child.exitCode !== null) throw new Error(readFileSync(join(dir, 'ponder.log'), 'utf8').slice(-1_500))
            return fetch(`${url}/ready`).then(
              answer => answer.ok,
              () => false,
            )
          },
          120_000,
          250,
        ).catch(error => {
          throw new Error(`${error.message}\n${readFileSync(join(dir, 'ponder.log'), 'utf8').slice(-1_500)}`)
        })
        const rows = await expected()
        assert.ok(rows.length >= 7)
        // Ponder holds the last 30 blocks of every chain it does not know for unsettled: they come through its live part, a
        // moment after it says that it is ready.
        await until('all events', async () => (await indexed()).length >= rows.length, 60_000, 250)
        assert.deepEqual(sorted(await indexed()), sorted(rows))
      })

      await check('follows the market live', async () => {
        const before = (await expected()).length
        await publish()
        await publish()
        const rows = await until(
          'both',
          async () => ((await indexed()).length >= before + 2 ? indexed() : undefined),
          30_000,
          250,
        )
        assert.deepEqual(sorted(rows), sorted(await expected()))
      })

      await check('indexes calls from traces, and blocks by their interval', async () => {
        const { calls, tenths } = await query<{
          calls: { items: { sender: string }[] }
          tenths: { items: { number: number; hash: string }[] }
        }>('{ calls(limit: 1000) { items { sender } } tenths(limit: 1000) { items { number hash } } }')
        const mine = calls.items.filter(each => each.sender.toLowerCase() === market.address?.toLowerCase())
        assert.equal(mine.length, 6)
        for (const { number, hash } of tenths.items) {
          const block = await rpc(rpcUrl, 'eth_getBlockByNumber', [`0x${number.toString(16)}`, false])
          assert.equal(block.hash, hash)
        }
      })

      await check('answers SQL', async () => {
        const statement = { sql: 'SELECT name, count(*) AS count FROM event GROUP BY name ORDER BY name', params: [] }
        const answer = await fetch(`${url}/sql/db?sql=${encodeURIComponent(JSON.stringify({ json: statement }))}`)
        const text = await answer.text()
        assert.equal(answer.status, 200, text)
        assert.match(text, /SourcePublished/)
      })
    } finally {
      child.kill('SIGKILL')
    }
  },
}
