import { KEY_OPTIONS } from '../account-key.ts'
import { type Command, UsageError, type Values } from '../command.ts'
import { SIDECAR_OPTIONS } from '../sidecar-options.ts'
import {
  account,
  cancel,
  move,
  program,
  publish,
  result,
  showTask,
  source,
  sources,
  wait,
} from '../task/client-commands.ts'
import { join } from '../task/join.ts'

const WORDS: Readonly<Record<string, (values: Values, words: readonly string[]) => Promise<number>>> = {
  sources,
  publish,
  show: showTask,
  wait,
  result,
  cancel,
  account,
  deposit: (values, words) => move(values, words, 'in'),
  withdraw: (values, words) => move(values, words, 'out'),
  program,
  source,
  join,
}

export const task: Command = {
  name: 'task',
  summary: 'Buys and sells work on the market: sources, tasks, results, the way of a provider',
  usage: 'WORD …',
  description: `As a client:
  sources                 lists what is offered, newest first
  deposit OGPU            moves coins into the Vault, from where tasks are paid; withdraw OGPU takes them out
  account [ADDRESS]       coins, Vault balance, stake; of --key-file without an address
  publish                 publishes a task: --source, --payment, and --text or --input; --wait brings the result
  show TASK, wait TASK    state of a task, now or when it is decided
  result TASK             the result, checked against what the chain agreed on
  cancel TASK             takes a task back that nobody has begun

To offer a program:
  program GRAPH WEIGHTS   uploads and registers an integer program (docs/executor.md)
  source                  publishes a source: --name, and --program for results that are verified

As a provider:
  join                    pairs the provider (--key-file) with its owner (--master-key-file), locks --lockup as stake and
                          registers on each --source; then run ./ogpu executor with the same --key-file`,
  options: {
    rpc: SIDECAR_OPTIONS.rpc,
    data: SIDECAR_OPTIONS.data,
    ...KEY_OPTIONS,
    source: { type: 'string', value: 'ADDRESS', multiple: true, help: 'publish, join: the source; join takes several' },
    text: { type: 'string', value: 'TEXT', help: 'publish: the input as text' },
    input: { type: 'string', value: 'FILE', help: 'publish: the input from a file' },
    payment: { type: 'string', value: 'OGPU', help: 'publish: what the task pays' },
    lifetime: { type: 'string', value: 'SECONDS', help: 'publish: until then it can be begun (an hour when absent)' },
    wait: { type: 'boolean', help: 'publish: wait for the result and show it' },
    timeout: { type: 'string', value: 'SECONDS', default: '300', help: 'publish, wait: longest waiting' },
    decode: { type: 'string', value: 'FORM', help: 'result: hex (when absent), text, base64 or language-id' },
    out: { type: 'string', value: 'FILE', help: 'result: where the bytes go' },
    'from-block': { type: 'string', value: 'N', help: "result: the task's block, for old tasks" },
    name: { type: 'string', value: 'TEXT', help: 'source, program: its name' },
    description: { type: 'string', value: 'TEXT', help: 'source: what it does' },
    program: {
      type: 'string',
      value: 'ID',
      help: 'source: program whose results are verified; publish: the program to run',
    },
    redundancy: {
      type: 'string',
      value: 'N',
      help: 'source: executors for each task (3 when absent); the majority counts',
    },
    'audit-rate': {
      type: 'string',
      value: 'BPS',
      help: 'source: tasks that a verifier re-runs, of 10,000 (1,000 when absent)',
    },
    'min-payment': { type: 'string', value: 'OGPU', help: 'source: least payment of a task' },
    'master-key-file': { type: 'string', value: 'FILE', help: 'join: key of the owner, who pays the first stake' },
    'master-password-file': { type: 'string', value: 'FILE', help: "join: opens the owner's keystore" },
    lockup: { type: 'string', value: 'OGPU', help: 'join: stake of the provider' },
    environment: { type: 'string', value: 'NAME', default: 'CPU', help: 'join: CPU, NVIDIA or AMD' },
    json: { type: 'boolean', help: 'Print JSON; amounts are wei' },
  },
  examples: [
    './ogpu task sources --rpc http://127.0.0.1:8545',
    './ogpu task deposit 10 --key-file client.key',
    './ogpu task publish --source 0x… --text "Wo ist der Bahnhof?" --payment 0.03 --wait --decode language-id --key-file client.key --data http://127.0.0.1:5001',
    './ogpu task result 0x… --decode language-id --data http://127.0.0.1:5001',
    './ogpu task join --master-key-file owner.key --key-file provider.key --lockup 100 --source 0x…',
  ],
  async run({ values, positionals }) {
    const [word = '', ...rest] = positionals
    const act = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined
    if (act === undefined) {
      throw new UsageError(`after "task" comes one of ${Object.keys(WORDS).join(', ')}; see ./ogpu task --help`)
    }
    return act(values, rest)
  },
}
