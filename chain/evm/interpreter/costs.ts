/** Static gas of each opcode from Cancun on; 0xffff marks the ones that do not exist. Dynamic parts are in `frame.ts`. */
export const UNDEFINED = 0xffff

function table(isOsaka: boolean): Uint16Array {
  const costs = new Uint16Array(256).fill(UNDEFINED)
  const set = (cost: number, ...opcodes: number[]) => {
    for (const opcode of opcodes) costs[opcode] = cost
  }
  const range = (cost: number, first: number, last: number) => {
    for (let opcode = first; opcode <= last; opcode++) costs[opcode] = cost
  }
  set(0, 0x00, 0xf3, 0xfd)
  // ADD SUB, comparisons and bit operations.
  set(3, 0x01, 0x03)
  range(3, 0x10, 0x1d)
  // MUL DIV SDIV MOD SMOD SIGNEXTEND.
  set(5, 0x02, 0x04, 0x05, 0x06, 0x07, 0x0b)
  // ADDMOD MULMOD.
  set(8, 0x08, 0x09)
  // EXP and KECCAK256 without their data.
  set(10, 0x0a)
  set(30, 0x20)
  // CLZ (EIP-7939).
  if (isOsaka) set(5, 0x1e)
  // ADDRESS ORIGIN CALLER CALLVALUE CALLDATASIZE CODESIZE GASPRICE RETURNDATASIZE, block fields, POP PC MSIZE GAS.
  set(2, 0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d)
  range(2, 0x41, 0x46)
  set(2, 0x48, 0x4a, 0x50, 0x58, 0x59, 0x5a, 0x5f)
  // CALLDATALOAD and the copies without their data.
  set(3, 0x35, 0x37, 0x39, 0x3e, 0x49, 0x51, 0x52, 0x53, 0x5e)
  // BLOCKHASH SELFBALANCE.
  set(20, 0x40)
  set(5, 0x47)
  // Account and storage access: all dynamic (EIP-2929).
  set(0, 0x31, 0x3b, 0x3c, 0x3f, 0x54, 0x55)
  set(8, 0x56)
  set(10, 0x57)
  set(1, 0x5b)
  // TLOAD TSTORE (EIP-1153).
  set(100, 0x5c, 0x5d)
  // PUSH DUP SWAP.
  range(3, 0x60, 0x9f)
  // LOG without data; CREATE CREATE2; calls; SELFDESTRUCT.
  for (let topics = 0; topics <= 4; topics++) set(375 * (topics + 1), 0xa0 + topics)
  set(32_000, 0xf0, 0xf5)
  set(0, 0xf1, 0xf2, 0xf4, 0xfa)
  set(5_000, 0xff)
  return costs
}

export const CANCUN_COSTS: Uint16Array = table(false)
export const OSAKA_COSTS: Uint16Array = table(true)

/** Items that each opcode needs on the stack, and by how many it grows (negative: shrinks). */
export const STACK_NEEDS: Uint8Array = new Uint8Array(256)
export const STACK_GROWTH: Int8Array = new Int8Array(256)

function shape(needs: number, gives: number, ...opcodes: number[]): void {
  for (const opcode of opcodes) {
    STACK_NEEDS[opcode] = needs
    STACK_GROWTH[opcode] = gives - needs
  }
}

shape(2, 1, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18)
shape(2, 1, 0x1a, 0x1b, 0x1c, 0x1d, 0x20)
shape(3, 1, 0x08, 0x09, 0xf0)
shape(1, 1, 0x15, 0x19, 0x1e, 0x31, 0x35, 0x3b, 0x3f, 0x40, 0x49, 0x51, 0x54, 0x5c)
shape(0, 1, 0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x4a)
shape(0, 1, 0x58, 0x59, 0x5a, 0x5f)
shape(3, 0, 0x37, 0x39, 0x3e, 0x5e)
shape(4, 0, 0x3c)
shape(1, 0, 0x50, 0x56, 0xff)
shape(2, 0, 0x52, 0x53, 0x55, 0x57, 0x5d, 0xf3, 0xfd)
for (let i = 0; i < 32; i++) shape(0, 1, 0x60 + i)
for (let i = 0; i < 16; i++) {
  shape(i + 1, i + 2, 0x80 + i)
  shape(i + 2, i + 2, 0x90 + i)
}
for (let i = 0; i <= 4; i++) shape(i + 2, 0, 0xa0 + i)
shape(7, 1, 0xf1, 0xf2)
shape(6, 1, 0xf4, 0xfa)
shape(4, 1, 0xf5)
