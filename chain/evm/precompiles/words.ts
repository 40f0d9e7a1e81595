/** 32 bytes of zeros: "no" of the pairing checks. */
export function falseWord(): Uint8Array {
  return new Uint8Array(32)
}

/** The number one in 32 bytes. */
export function trueWord(): Uint8Array {
  const word = new Uint8Array(32)
  word[31] = 1
  return word
}

export function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let index = from; index < to; index++) if (bytes[index] !== 0) return false
  return true
}
