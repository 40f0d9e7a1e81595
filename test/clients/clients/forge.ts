import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AbiCoder, id, Wallet } from 'ethers'
import { compiler, writeCompilerProgram } from '../compile.ts'
import { startCompilerList } from '../compiler-list.ts'
import { foundryProgram, runTool } from '../tool.ts'
import { type Client, DETERMINISTIC_DEPLOYER, HERE, rpc, until } from '../world.ts'

const FORGE = foundryProgram('forge')
const COMPILER = compiler().version().replace('.Emscripten.clang', '')

export const client: Client = {
  async run({ rpcUrl, explorerUrl, keys, chainId, dir }, check) {
    cpSync(join(HERE, 'foundry'), dir, { recursive: true })
    mkdirSync(join(dir, 'src'), { recursive: true })
    cpSync(join(HERE, 'contracts/Ledger.sol'), join(dir, 'src/Ledger.sol'))
    writeFileSync(
      join(dir, 'foundry.toml'),
      `[profile.default]
solc = "${writeCompilerProgram(dir)}"
optimizer = true
optimizer_runs = 200
evm_version = "prague"
auto_detect_remappings = false

[fuzz]
runs = 16
`,
    )
    // verify-contract looks only where Foundry's own installer puts compilers.
    const [version = ''] = COMPILER.split('+')
    mkdirSync(join(dir, '.svm', version), { recursive: true })
    cpSync(join(dir, 'solc'), join(dir, '.svm', version, `solc-${version}`))
    const me = new Wallet(keys[0]).address
    const forge = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
      runTool([FORGE, ...args], { cwd: dir, env: { FOUNDRY_OFFLINE: 'true', ...env } })
    const network = ['--rpc-url', rpcUrl]
    let ledger = ''

    await check('builds with the compiler from npm', async () => {
      await forge(['build'])
      const artifact = JSON.parse(readFileSync(join(dir, 'out/Ledger.sol/Ledger.json'), 'utf8'))
      assert.ok(artifact.deployedBytecode.object.length > 100)
    })

    await check('creates a contract', async () => {
      const printed = await forge([
        ...['create', 'src/Ledger.sol:Ledger', ...network, '--private-key', keys[0], '--broadcast', '--json'],
        ...['--constructor-args', '1000'],
      ])
      const { deployedTo, deployer } = JSON.parse(printed)
      assert.equal(deployer, me)
      ledger = deployedTo
      assert.ok((await rpc(rpcUrl, 'eth_getCode', [ledger])).length > 100)
    })

    await check('broadcasts a script', async () => {
      const salt = id(String(process.pid + Date.now()))
      await forge(['script', 'script/Deploy.s.sol:Deploy', ...network, '--private-key', keys[1], '--broadcast'], {
        LEDGER_SALT: salt,
      })
      const broadcast = JSON.parse(readFileSync(join(dir, `broadcast/Deploy.s.sol/${chainId}/run-latest.json`), 'utf8'))
      assert.deepEqual(
        broadcast.transactions.map((each: { transactionType: string }) => each.transactionType),
        ['CREATE', 'CREATE2', 'CALL', 'CALL'],
      )
      assert.deepEqual(
        broadcast.receipts.map((each: { status: string }) => each.status),
        ['0x1', '0x1', '0x1', '0x1'],
      )
      assert.equal(broadcast.transactions[1].transaction.to.toLowerCase(), DETERMINISTIC_DEPLOYER.toLowerCase())
      const at = broadcast.transactions[1].contractAddress
      const supply = await rpc(rpcUrl, 'eth_call', [{ to: at, data: '0x18160ddd' }])
      assert.equal(BigInt(supply), 6_000n)
    })

    await check('broadcasts one by one, too', async () => {
      await forge(
        [
          'script',
          'script/Deploy.s.sol:Deploy',
          ...network,
          '--private-key',
          keys[1],
          '--broadcast',
          '--slow',
          '--legacy',
        ],
        { LEDGER_SALT: id(`slow ${process.pid} ${Date.now()}`) },
      )
    })

    await check('tests on a fork of the network', async () => {
      const printed = await forge(['test', '--fork-url', rpcUrl], {
        LEDGER: ledger,
        HOLDER: me,
        CHAIN_ID: String(chainId),
      })
      assert.match(printed, /4 passed; 0 failed/)
    })

    await check('tests on a fork of an older block', async () => {
      const head = Number(await rpc(rpcUrl, 'eth_blockNumber'))
      const printed = await forge(['test', '--fork-url', rpcUrl, '--fork-block-number', String(head - 1)], {
        LEDGER: ledger,
        HOLDER: me,
        CHAIN_ID: String(chainId),
      })
      assert.match(printed, /4 passed; 0 failed/)
    })

    /** An address that the explorer has in its index, so that it knows the transaction that created it. */
    const indexed = (address: string) =>
      until('the explorer sees the contract', async () => {
        const answer = await fetch(
          `${explorerUrl}/api?module=contract&action=getcontractcreation&contractaddresses=${address}`,
        )
        return ((await answer.json()) as { readonly status: string }).status === '1'
      })
    const create = async (supply: string) => {
      const args = ['create', 'src/Ledger.sol:Ledger', ...network, '--private-key', keys[0], '--broadcast', '--json']
      const { deployedTo } = JSON.parse(await forge([...args, '--constructor-args', supply]))
      await indexed(deployedTo)
      return deployedTo as string
    }
    const list = await startCompilerList(dir, COMPILER)
    const verify = (address: string, ...more: string[]) =>
      forge(
        [
          ...['verify-contract', address, 'src/Ledger.sol:Ledger', ...network, '--chain', String(chainId), '--watch'],
          ...['--retries', '10', '--delay', '1', ...more],
        ],
        list.env,
      )

    await check('verifies a contract, as with Sourcify', async () => {
      await indexed(ledger)
      await verify(ledger, '--verifier', 'sourcify', '--verifier-url', `${explorerUrl}/`)
      const answer = await fetch(`${explorerUrl}/v2/contract/${chainId}/${ledger}`)
      const { match, compilation } = (await answer.json()) as { match: string; compilation: { name: string } }
      assert.deepEqual([match, compilation.name], ['exact_match', 'Ledger'])
    })

    await check('verifies a contract, as with Etherscan and Blockscout', async () => {
      const addresses = [await create('11'), await create('12')]
      // At the same time, as forge waits a quarter of a minute before it asks how it went.
      await Promise.all(
        addresses.map(async (address, i) => {
          const args = AbiCoder.defaultAbiCoder().encode(['uint256'], [11 + i])
          const verifier = i === 0 ? 'custom' : 'blockscout'
          await verify(
            address,
            '--verifier',
            verifier,
            '--verifier-url',
            `${explorerUrl}/api`,
            '--constructor-args',
            args,
          )
          const answer = await fetch(`${explorerUrl}/api?module=contract&action=getsourcecode&address=${address}`)
          const { result } = (await answer.json()) as { result: Readonly<Record<string, string>>[] }
          assert.deepEqual([result[0]?.ContractName, result[0]?.ConstructorArguments], ['Ledger', args.slice(2)])
        }),
      )
    })

    await check('is refused another source', async () => {
      const address = await create('13')
      const path = join(dir, 'src/Ledger.sol')
      writeFileSync(path, readFileSync(path, 'utf8').replace('return 100 / by', 'return 101 / by'))
      await assert.rejects(
        () => verify(address, '--verifier', 'sourcify', '--verifier-url', `${explorerUrl}/`),
        /not the code at this address|no_match/,
      )
    })
    list.close()
  },
}
