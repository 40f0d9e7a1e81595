import { putToken, tokenTransfer } from './demo-chain.ts'
import { type Demo, indexedUpTo } from './harness.ts'

/** Strings that became markup or script somewhere in some explorer. */
export const HOSTILE = [
  '<script>window.pwned=1</script>',
  '"><img src=x onerror=window.pwned=1>',
  '</script><script>window.pwned=1</script>',
  "'-window.pwned=1-'",
  '<svg/onload=window.pwned=1>',
  'javascript:window.pwned=1',
  '<!--<script>',
  '\u2028window.pwned=1\u2029',
  '{{constructor.constructor("window.pwned=1")()}}',
  '&lt;script&gt;window.pwned=1&lt;/script&gt;',
  '</title><script>window.pwned=1</script>',
  '<iframe srcdoc="<script>parent.pwned=1</script>">',
  '<a href="javascript:window.pwned=1">x</a>',
  '\u0000<b>\u202Egnp.exe',
  '<style>*{display:none}</style>',
  `${'A'.repeat(5_000)}<script>window.pwned=1</script>`,
]

/** Adds tokens, a source, a task and a response whose every text is hostile; returns the paths that show them. */
export async function addHostile(demo: Demo): Promise<readonly string[]> {
  const { node, market } = demo
  const paths: string[] = ['/', '/tokens', '/tasks', '/sources', '/search?q=%3Cscript%3E']
  for (const [index, text] of HOSTILE.entries()) {
    const token = node.address(`hostile ${index}`)
    putToken(node, token, text, text)
    const { source, plan } = market.publishSource(node.address('person 0'), text)
    const published = market.publishTask(node.address('person 1'), source, text, 10n ** 17n)
    node.addBlock([
      tokenTransfer(token, `0x${'0'.repeat(40)}`, node.address('person 2'), 5n),
      plan,
      published.plan,
      market.attempt(published.task, node.address('provider 0')),
      market.respond(published.task, node.address('provider 0'), text),
    ])
    const block = node.blocks.at(-1)
    paths.push(`/token/${token}`, `/source/${source}`, `/task/${published.task}`)
    paths.push(`/tx/${block?.transactions[0]?.hash}`, `/tx/${block?.transactions[2]?.hash}?tab=logs`)
  }
  paths.push(`/address/${node.address('person 2')}?tab=tokens`)
  await indexedUpTo(demo.explorer, node.head)
  return paths
}
