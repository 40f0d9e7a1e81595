/**
 * Measures how much gas of each precompile runs in a second, with the cryptography of our machine and with EthereumJS'
 * own (noble; for KZG, which it has none for, noble as well), on the same inputs. Run: ./ogpu bench precompiles
 */
import type { EVM } from '@ethereumjs/evm'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { bn254 } from '@noble/curves/bn254.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bigintToBytes, concat, fromHex } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import { fixedFork } from '../../chain/evm/forks.ts'
import { createMachine, rulesOf } from '../../chain/evm/machine.ts'
import { createStockEvm, precompileOf } from '../evm/stock-precompiles.ts'

export interface PrecompileRow {
  readonly name: string
  /** Of one call. */
  readonly gas: number
  /** Millions of gas in a second. */
  readonly ours: number
  readonly stock: number
}

interface Input {
  readonly name: string
  readonly address: number
  readonly data: Uint8Array
}

/** One row for each input, each measured for `milliseconds` in either EVM after a quarter of that to warm up. */
export async function benchPrecompiles(
  options: { readonly milliseconds?: number; readonly print?: (line: string) => void } = {},
): Promise<readonly PrecompileRow[]> {
  const { milliseconds = 240 } = options
  const print = options.print ?? (line => process.stdout.write(`${line}\n`))
  const machine = await createMachine(rulesOf('osaka', 1n, fixedFork('osaka')), () => {
    throw new Error('no precompile asks for a block')
  })
  const stock = await createStockEvm()
  const rows: PrecompileRow[] = []
  for (const input of inputs()) {
    const before = await measure(stock, input, milliseconds)
    const after = await measure(machine.evm, input, milliseconds)
    const row = { name: input.name, gas: after.gas, ours: after.rate, stock: before.rate }
    rows.push(row)
    print(line(row))
  }
  const slowest = rows.reduce((least, row) => (row.ours < least.ours ? row : least))
  print(`slowest: ${line(slowest)}`)
  return rows
}

function line({ name, gas, ours, stock }: PrecompileRow): string {
  return (
    `precompile/${name.padEnd(22)} gas=${String(gas).padEnd(8)} ours=${ours.toFixed(1)} Mgas/s ` +
    `stock=${stock.toFixed(1)} Mgas/s ratio=${(ours / stock).toFixed(1)}`
  )
}

async function measure(evm: EVM, input: Input, milliseconds: number): Promise<{ gas: number; rate: number }> {
  await repeat(evm, input, milliseconds / 4)
  const { calls, gas, ms } = await repeat(evm, input, milliseconds)
  return { gas, rate: (gas * calls) / ms / 1_000 }
}

async function repeat(evm: EVM, { name, address, data }: Input, milliseconds: number) {
  const run = precompileOf(evm, address)
  const start = performance.now()
  let calls = 0
  let gas = 0
  let ms = 0
  do {
    const result = await run({ data, gasLimit: 1n << 40n, common: evm.common, _EVM: evm })
    if (result.exceptionError !== undefined) throw new Error(`${name} failed: ${result.exceptionError.error}`)
    gas = Number(result.executionGasUsed)
    calls += 1
    ms = performance.now() - start
  } while (ms < milliseconds)
  return { calls, gas, ms }
}

const word = (value: bigint) => bigintToBytes(value, 32)
const element = (value: bigint) => bigintToBytes(value, 64)
const times = (bytes: Uint8Array, count: number) => concat(...Array<Uint8Array>(count).fill(bytes))
/** As many set bits as there can be make multiplications long. */
const SCALAR = new Uint8Array(32).fill(0xff)

function* inputs(): Generator<Input> {
  const hash = sha256(Uint8Array.of(1))
  const secret = new Uint8Array(32).fill(7)
  yield { name: 'ecrecover', address: 0x01, data: recoverable(hash, secret) }
  yield { name: 'sha256, 32 bytes', address: 0x02, data: hash }
  yield { name: 'sha256, 64 KiB', address: 0x02, data: new Uint8Array(65_536) }
  yield { name: 'ripemd160, 32 bytes', address: 0x03, data: hash }
  yield { name: 'identity, 64 KiB', address: 0x04, data: new Uint8Array(65_536) }
  yield { name: 'modexp, 32 bytes', address: 0x05, data: concat(times(word(32n), 3), times(SCALAR, 2), odd(32)) }
  yield { name: 'modexp, 256 bytes', address: 0x05, data: concat(times(word(256n), 3), times(SCALAR, 16), odd(256)) }
  yield* bn254Inputs()
  yield { name: 'blake2f, 12 rounds', address: 0x09, data: blake2f(12) }
  yield { name: 'blake2f, 10^6 rounds', address: 0x09, data: blake2f(1_000_000) }
  yield { name: 'kzg', address: 0x0a, data: fromHex(KZG_PROOF) }
  yield* blsInputs()
  const signature = p256.sign(hash, secret, { prehash: false })
  const key = p256.getPublicKey(secret, false).subarray(1)
  yield { name: 'p256verify', address: 0x100, data: concat(hash, signature, key) }
}

function* bn254Inputs(): Generator<Input> {
  const p = bn254.G1.Point.BASE.multiply(12_345n).toAffine()
  const other = bn254.G1.Point.BASE.multiply(678n).toAffine()
  const q = bn254.G2.Point.BASE.multiply(777n).toAffine()
  const g1 = concat(word(p.x), word(p.y))
  const pair = concat(g1, word(q.x.c1), word(q.x.c0), word(q.y.c1), word(q.y.c0))
  yield { name: 'bn254 add', address: 0x06, data: concat(g1, word(other.x), word(other.y)) }
  yield { name: 'bn254 mul', address: 0x07, data: concat(g1, SCALAR) }
  yield { name: 'bn254 pairing, 1', address: 0x08, data: pair }
  yield { name: 'bn254 pairing, 16', address: 0x08, data: times(pair, 16) }
}

function* blsInputs(): Generator<Input> {
  const { G1, G2 } = bls12_381
  const g1 = encode1(G1.Point.BASE.multiply(12_345n))
  const g2 = encode2(G2.Point.BASE.multiply(777n))
  const sum1 = concat(g1, encode1(G1.Point.BASE.multiply(678n)))
  const sum2 = concat(g2, encode2(G2.Point.BASE.multiply(678n)))
  yield { name: 'bls g1add', address: 0x0b, data: sum1 }
  yield { name: 'bls g1msm, 1', address: 0x0c, data: concat(g1, SCALAR) }
  yield { name: 'bls g1msm, 128', address: 0x0c, data: concat(...terms(i => encode1(G1.Point.BASE.multiply(i)))) }
  yield { name: 'bls g2add', address: 0x0d, data: sum2 }
  yield { name: 'bls g2msm, 1', address: 0x0e, data: concat(g2, SCALAR) }
  yield { name: 'bls g2msm, 128', address: 0x0e, data: concat(...terms(i => encode2(G2.Point.BASE.multiply(i)))) }
  yield { name: 'bls pairing, 1', address: 0x0f, data: concat(g1, g2) }
  yield { name: 'bls pairing, 16', address: 0x0f, data: times(concat(g1, g2), 16) }
  yield { name: 'bls map to g1', address: 0x10, data: element(123_456n) }
  yield { name: 'bls map to g2', address: 0x11, data: concat(element(123_456n), element(999n)) }
}

function encode1(point: InstanceType<typeof bls12_381.G1.Point>): Uint8Array {
  const { x, y } = point.toAffine()
  return concat(element(x), element(y))
}

function encode2(point: InstanceType<typeof bls12_381.G2.Point>): Uint8Array {
  const { x, y } = point.toAffine()
  return concat(...[x.c0, x.c1, y.c0, y.c1].map(element))
}

// 128 different points with different factors of 256 bits.
function terms(pointOf: (factor: bigint) => Uint8Array): Uint8Array[] {
  return Array.from({ length: 128 }, (_, index) => concat(pointOf(BigInt(index) + 5n), sha256(Uint8Array.of(index))))
}

function recoverable(hash: Uint8Array, secret: Uint8Array): Uint8Array {
  const signature = secp256k1.sign(hash, secret, { prehash: false, format: 'recovered' })
  return concat(hash, word(27n + BigInt(signature[0] as number)), signature.subarray(1))
}

// A large odd number of so many bytes.
function odd(bytes: number): Uint8Array {
  const number = new Uint8Array(bytes).fill(0xff)
  number[0] = 0xfd
  return number
}

function blake2f(rounds: number): Uint8Array {
  return concat(bigintToBytes(BigInt(rounds), 4), new Uint8Array(208).fill(0x5a), Uint8Array.of(1))
}

/** `pointEvaluation1` of test/vectors/precompiles.json. */
const KZG_PROOF =
  '01e798154708fe7789429634053cbf9f99b619f9f084048927333fce637f549b564c0a11a0f704f4fc3e8acfe0f8245f' +
  '0ad1347b378fbf96e206da11a5d3630624d25032e67a7e6a4910df5834b8fe70e6bcfeeac0352434196bdf4b2485d5a1' +
  '8f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca25f26936857bc3a7c2539ea8ec3a952b7' +
  '873033e038326e87ed3e1276fd140253fa08e9fc25fb2d9a98527fc22a2c9612fbeafdad446cbc7bcdbdcd780af2c16a'

if (import.meta.main) await benchPrecompiles()
