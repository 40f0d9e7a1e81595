/** Writes the parts of docs/json-rpc.md that follow from the code: `node chain/rpc/document.ts` prints them. */
import { RPC_ERRORS } from './errors.ts'
import { DEFAULT_RPC_LIMITS } from './limits.ts'
import { METHODS } from './table.ts'

/** Methods by namespace as Markdown tables. */
export function methodTables(): string {
  const byNamespace = Map.groupBy(METHODS, ({ name }) => name.split(/[_.]/, 1)[0] ?? name)
  const tables = Array.from(byNamespace, ([namespace, methods]) => {
    const rows = methods.map(({ name, params, summary, weight }) => {
      const shown = params.map(param => (param.optional ? `[${param.name}]` : param.name)).join(', ')
      return `| \`${name}\` | ${shown} | ${weight} | ${summary} |`
    })
    return [`### ${namespace}`, '', '| method | parameters | weight | what |', '|---|---|---|---|', ...rows].join('\n')
  })
  return tables.sort().join('\n\n')
}

/** Default limits as a Markdown table. */
export function limitTable(): string {
  const rows = Object.entries(DEFAULT_RPC_LIMITS).map(([name, value]) => {
    const shown = typeof value === 'number' ? value.toLocaleString('en-US') : 'off'
    return `| \`${name}\` | ${shown} |`
  })
  return ['| limit | default |', '|---|---|', ...rows].join('\n')
}

/** Error codes as a Markdown table. */
export function errorTable(): string {
  const rows = Object.entries(RPC_ERRORS).map(([name, code]) => `| ${code} | ${name} |`)
  return ['| code | name |', '|---|---|', ...rows].join('\n')
}

if (import.meta.main) {
  process.stdout.write(`${methodTables()}\n\n${limitTable()}\n\n${errorTable()}\n`)
}
