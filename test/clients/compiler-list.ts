import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'

const HOST = 'binaries.soliditylang.org'

export interface CompilerList {
  /** What a tool needs in its environment to come here for the list. */
  readonly env: Readonly<Record<string, string>>
  close(): void
}

/**
 * Stands in for the one file that `forge verify-contract` always fetches from the internet, the list of the compiler's
 * releases: a proxy to a server with a certificate made for this run. Needs the openssl program.
 */
export async function startCompilerList(dir: string, compilerVersion: string): Promise<CompilerList> {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' })
  const subject = (name: string) => ['-nodes', '-newkey', 'rsa:2048', '-subj', `/CN=${name}`]
  openssl('req', '-x509', ...subject('clients'), '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2')
  openssl('req', ...subject(HOST), '-keyout', 'list.key', '-out', 'list.csr')
  writeFileSync(join(dir, 'list.ext'), `subjectAltName=DNS:${HOST}\nextendedKeyUsage=serverAuth\n`)
  openssl(
    ...['x509', '-req', '-in', 'list.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'],
    ...['-extfile', 'list.ext', '-out', 'list.pem'],
  )
  const read = (name: string) => readFileSync(join(dir, name))
  const list = createHttpsServer({ key: read('list.key'), cert: read('list.pem') }, (_request, response) => {
    response.end(`soljson-v${compilerVersion}.js\n`)
  })
  const proxy = createHttpServer()
  proxy.on('connect', (_request, client, head) => {
    const server = connect((list.address() as AddressInfo).port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      server.write(head)
      client.pipe(server).pipe(client)
    })
    for (const end of [client, server]) end.on('error', () => end.destroy())
  })
  for (const server of [list, proxy]) await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    env: {
      HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      NO_PROXY: '127.0.0.1',
      SSL_CERT_FILE: join(dir, 'ca.pem'),
    },
    close() {
      proxy.close()
      list.close()
    },
  }
}
