import { concat, fromHex, type Hex, toHex } from '#lib/bytes'
import type { Choices } from './differential-random.ts'

/** Where the contracts of a round lie: programs first, then codes that do one thing each. */
export const PROGRAMS = 6
export const contractAddress = (i: number): Hex => `0x${(0xc0de00 + i).toString(16).padStart(40, '0')}`

/** Runtime codes by what they do with the call data. */
export const CODES = {
  store: '0x6020355f355500',
  clearAndLog: '0x5f5f35555f355f5260205fa0',
  revertAfterStore: '0x60015f556020355f5260205ffd',
  destroy: '0x5f35ff',
  // Calls, or delegates to, the program at 0x…c0de00 with its own call data and all gas.
  forward: '0x365f5f375f5f365f5f62c0de005af13d5f5f3e3d5ffd',
  delegate: '0x365f5f375f5f365f62c0de005af45f553d5f5f3e3d5ff3',
  callCode: '0x365f5f375f5f365f5f62c0de015af26001553d5ff3',
  create: '0x365f5f37365f5ff05f5500',
  create2: '0x365f5f375f365f5ff56001555f5fa000',
  // Creates from its call data, then calls what it made, twice.
  createAndCall: '0x365f5f37365f34f05f525f5f5f5f5f5f515af15f5f5f5f5f5f515af15f5500',
  loop: '0x5b5f5fa05f56',
  transient: '0x5f355f5d5f5c5f5560015f5d00',
} as const satisfies Readonly<Record<string, Hex>>

export const CODE_NAMES = Object.keys(CODES) as readonly (keyof typeof CODES)[]
export const codeAddress = (name: keyof typeof CODES): Hex => contractAddress(PROGRAMS + CODE_NAMES.indexOf(name))

const WORDS: readonly string[] = [
  '00',
  '01',
  '02',
  '1f',
  '20',
  'ff',
  '0100',
  'ffffffff',
  `80${'0'.repeat(62)}`,
  'ff'.repeat(32),
  'c0de00',
  'c0de01',
  'c0de06',
  'c0de09',
  '04',
]

function push(digits: string): Uint8Array {
  return concat(Uint8Array.of(0x5f + digits.length / 2), fromHex(digits))
}

/** Calls with all gas of a contract, a precompile or nothing, by CALL, CALLCODE, DELEGATECALL or STATICCALL. */
function callPiece(choices: Choices): Uint8Array {
  const target =
    choices.below(4) === 0
      ? push(choices.oneOf(['01', '02', '03', '04', '05', '06', '07', '08', '09', '0100', 'dead']))
      : push(contractAddress(choices.below(PROGRAMS + CODE_NAMES.length)).slice(-6))
  const gas = choices.chance(80) ? fromHex('5a') : push(choices.oneOf(['00', '08fc', '5208', 'c350']))
  const opcode = choices.oneOf([0xf1, 0xf1, 0xf2, 0xf4, 0xfa])
  const value = opcode === 0xf4 || opcode === 0xfa ? [] : [push(choices.oneOf(['00', '00', '01', '02']))]
  const room = ['20', '5f', '40'].map(() => push(choices.oneOf(['00', '20', '40', '04'])))
  return concat(...room, push('00'), ...value, target, gas, Uint8Array.of(opcode))
}

// Copies init code of a few bytes into memory and creates from it.
function createPiece(choices: Choices): Uint8Array {
  const init = choices.oneOf([
    // Deploys one byte; stores and deploys nothing; destroys itself; reverts; deploys a forbidden 0xef.
    '60015f5360015ff3',
    '600760085560015f5360015ff3',
    '60ff60055533ff',
    '5f5ffd',
    '60ef5f5360015ff3',
  ])
  const length = init.length / 2
  const word = init.padEnd(64, '0')
  const head = concat(push(word), fromHex('5f52'))
  const salt = choices.chance(50) ? push(choices.oneOf(['00', '01'])) : undefined
  const size = push(length.toString(16).padStart(2, '0'))
  return salt === undefined
    ? concat(head, size, push('00'), push(choices.oneOf(['00', '01'])), Uint8Array.of(0xf0))
    : concat(head, salt, size, push('00'), push('00'), Uint8Array.of(0xf5))
}

function piece(choices: Choices): Uint8Array {
  const kind = choices.below(20)
  if (kind < 8) {
    const operands = Array.from({ length: 3 }, () => push(choices.oneOf(WORDS)))
    return concat(...operands, Uint8Array.of(choices.below(256)))
  }
  if (kind < 11)
    return fromHex(
      choices.oneOf(['60065f55', '5f5460010160005500', '6020355f3555', '5f54600155', '5f5f55', '5f351e5f55']),
    )
  if (kind < 13) return fromHex(choices.oneOf(['5f5fa0', '60205f525f3560205fa1', '5f355f525f35602035604060205fa2']))
  if (kind < 16) return callPiece(choices)
  if (kind === 16) return createPiece(choices)
  if (kind === 17) return fromHex(choices.oneOf(['62c0de01ff', '33ff', '30ff', '60205ffd', 'fe', '5b']))
  if (kind === 18) return fromHex(choices.oneOf(['365f5f37', '3d5f5f3e', '60015f5d5f5c', '43600190405f52', '4a', '5e']))
  return push(choices.oneOf(WORDS))
}

/** A program of random pieces that mostly find their operands. */
export function randomProgram(choices: Choices): Hex {
  return toHex(concat(...Array.from({ length: 1 + choices.below(18) }, () => piece(choices))))
}
