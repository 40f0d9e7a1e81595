/** The published Uniswap v3 artifacts, deployed and used: factory, pool, positions, quotes, swaps, fees. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { before, describe, it } from 'node:test'
import type { Contract, Interface } from 'ethers'
import { network } from 'hardhat'

const { ethers } = await network.create()
const [me] = await ethers.getSigners()
assert.ok(me)

interface Artifact {
  readonly contractName: string
  readonly abi: ConstructorParameters<typeof Interface>[0]
  readonly bytecode: string
  readonly linkReferences: Readonly<
    Record<string, Readonly<Record<string, readonly { readonly start: number; readonly length: number }[]>>>
  >
}

const require = createRequire(import.meta.url)
const read = (path: string): Artifact => JSON.parse(readFileSync(require.resolve(path), 'utf8'))
const core = (name: string) => read(`@uniswap/v3-core/artifacts/contracts/${name}.sol/${name}.json`)
const periphery = (name: string, folder = '') =>
  read(`@uniswap/v3-periphery/artifacts/contracts/${folder}${name}.sol/${name}.json`)

function link(artifact: Artifact, library: string, address: string): string {
  let code = artifact.bytecode
  for (const libraries of Object.values(artifact.linkReferences))
    for (const { start } of libraries[library] ?? [])
      code = `${code.slice(0, 2 + start * 2)}${address.slice(2).toLowerCase()}${code.slice(2 + (start + 20) * 2)}`
  return code
}

async function deploy(artifact: Artifact, args: readonly unknown[], bytecode = artifact.bytecode): Promise<Contract> {
  const factory = await ethers.getContractFactory(artifact.abi as never, bytecode, me)
  const contract = await factory.deploy(...args)
  return (await contract.waitForDeployment()) as unknown as Contract
}

async function mined(
  sent: Promise<{ wait(): Promise<unknown> }>,
): Promise<{ status: number; gasUsed: bigint; logs: unknown[]; blockNumber: number }> {
  return (await (await sent).wait()) as never
}

const FEE = 3_000
const ONE = 2n ** 96n
const MAX = 2n ** 128n - 1n
const DEADLINE = 10n ** 12n
const LIQUIDITY = 10n ** 21n

describe('Uniswap v3', () => {
  let tokens: Contract[]
  let factory: Contract
  let router: Contract
  let positions: Contract
  let quoter: Contract
  let pool: Contract
  let tokenId = 0n

  before(async () => {
    const coins = [
      await ethers.deployContract('Coin', ['Alpha', 'A']),
      await ethers.deployContract('Coin', ['Beta', 'B']),
    ]
    await Promise.all(coins.map(coin => coin.waitForDeployment()))
    const wrapped = await ethers.deployContract('WrappedCoin')
    await wrapped.waitForDeployment()
    tokens = (coins as unknown as Contract[]).sort((x, y) =>
      String(x.target).toLowerCase() < String(y.target).toLowerCase() ? -1 : 1,
    )
    factory = await deploy(core('UniswapV3Factory'), [])
    router = await deploy(periphery('SwapRouter'), [factory.target, wrapped.target])
    const library = await deploy(periphery('NFTDescriptor', 'libraries/'), [])
    const descriptor = periphery('NonfungibleTokenPositionDescriptor')
    const described = await deploy(
      descriptor,
      [wrapped.target, ethers.encodeBytes32String('OGPU')],
      link(descriptor, 'NFTDescriptor', String(library.target)),
    )
    positions = await deploy(periphery('NonfungiblePositionManager'), [
      factory.target,
      wrapped.target,
      described.target,
    ])
    quoter = await deploy(periphery('QuoterV2', 'lens/'), [factory.target, wrapped.target])
    for (const token of tokens)
      for (const spender of [router, positions]) await mined(token.getFunction('approve')(spender.target, 2n ** 255n))
  })

  it('creates and initialises a pool at the address that its salt says', async () => {
    const [low, high] = tokens.map(token => token.target)
    await mined(positions.getFunction('createAndInitializePoolIfNecessary')(low, high, FEE, ONE))
    const at = await factory.getFunction('getPool')(low, high, FEE)
    const salt = ethers.keccak256(
      ethers.AbiCoder.defaultAbiCoder().encode(['address', 'address', 'uint24'], [low, high, FEE]),
    )
    const codeHash = ethers.keccak256(core('UniswapV3Pool').bytecode)
    assert.equal(at, ethers.getCreate2Address(String(factory.target), salt, codeHash))
    pool = (await ethers.getContractAt(core('UniswapV3Pool').abi as never, at, me)) as unknown as Contract
    assert.equal((await pool.getFunction('slot0')()).sqrtPriceX96, ONE)
  })

  it('mints a position and describes it', async () => {
    const [token0, token1] = tokens.map(token => token.target)
    const range = { tickLower: -6_000, tickUpper: 6_000 }
    const amounts = { amount0Desired: LIQUIDITY, amount1Desired: LIQUIDITY, amount0Min: 0n, amount1Min: 0n }
    const params = { token0, token1, fee: FEE, ...range, ...amounts, recipient: me.address, deadline: DEADLINE }
    const minted = await positions.getFunction('mint').staticCall(params)
    tokenId = minted.tokenId
    await mined(positions.getFunction('mint')(params))
    assert.equal(await pool.getFunction('liquidity')(), minted.liquidity)
    assert.equal(await positions.getFunction('ownerOf')(tokenId), me.address)
    const uri: string = await positions.getFunction('tokenURI')(tokenId)
    const { name } = JSON.parse(Buffer.from(uri.slice('data:application/json;base64,'.length), 'base64').toString())
    assert.match(name, /Uniswap - 0\.3%/)
  })

  it('swaps for exactly what was quoted, both ways', async () => {
    for (const [from, to] of [tokens, [...tokens].reverse()] as [Contract, Contract][]) {
      const amountIn = 10n ** 18n
      const ask = { tokenIn: from.target, tokenOut: to.target, fee: FEE, amountIn, sqrtPriceLimitX96: 0n }
      const [quoted]: readonly bigint[] = await quoter.getFunction('quoteExactInputSingle').staticCall(ask)
      const before: bigint = await to.getFunction('balanceOf')(me.address)
      const params: object = { ...ask, recipient: me.address, deadline: DEADLINE, amountOutMinimum: quoted }
      assert.equal((await mined(router.getFunction('exactInputSingle')(params))).status, 1)
      assert.equal((await to.getFunction('balanceOf')(me.address)) - before, quoted)
    }
    assert.equal((await pool.queryFilter(pool.getEvent('Swap'))).length, 2)
  })

  it('refuses a swap under its minimum, with the reason', async () => {
    const [from, to] = tokens as [Contract, Contract]
    const params = {
      tokenIn: from.target,
      tokenOut: to.target,
      fee: FEE,
      recipient: me.address,
      deadline: DEADLINE,
      amountIn: 10n ** 18n,
      amountOutMinimum: 10n ** 18n,
      sqrtPriceLimitX96: 0n,
    }
    await assert.rejects(() => router.getFunction('exactInputSingle').estimateGas(params), /Too little received/)
  })

  it('collects fees and takes the liquidity back', async () => {
    const everything = { tokenId, recipient: me.address, amount0Max: MAX, amount1Max: MAX }
    const fees = await positions.getFunction('collect').staticCall(everything)
    assert.ok(fees.amount0 > 0n && fees.amount1 > 0n)
    const { liquidity } = await positions.getFunction('positions')(tokenId)
    const calls = [
      positions.interface.encodeFunctionData('decreaseLiquidity', [
        { tokenId, liquidity, amount0Min: 0n, amount1Min: 0n, deadline: DEADLINE },
      ]),
      positions.interface.encodeFunctionData('collect', [everything]),
      positions.interface.encodeFunctionData('burn', [tokenId]),
    ]
    assert.equal((await mined(positions.getFunction('multicall')(calls))).status, 1)
    assert.equal(await pool.getFunction('liquidity')(), 0n)
  })
})
