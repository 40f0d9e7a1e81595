import assert from 'node:assert/strict'
import { join } from 'node:path'
import { PYTHON } from '../install-python.ts'
import { runTool } from '../tool.ts'
import { type Client, HERE } from '../world.ts'

interface Line {
  readonly name: string
  readonly ms: number
  readonly error?: string
}

/** The checks themselves are Python: python/sdk_checks.py prints a line of JSON for each. */
export const client: Client = {
  async run({ rpcUrl, keys, dir }, check) {
    const lines: Line[] = []
    await check('the checks run to their end', async () => {
      const printed = await runTool([PYTHON, '-B', join(HERE, 'python/sdk_checks.py'), rpcUrl, dir, ...keys], {
        cwd: dir,
        timeoutMs: 540_000,
      })
      lines.push(...printed.split('\n').map(line => JSON.parse(line) as Line))
      assert.ok(lines.length > 0)
    })
    for (const { name, error } of lines) {
      await check(name, async () => {
        if (error !== undefined) throw new Error(error)
      })
    }
  },
}
