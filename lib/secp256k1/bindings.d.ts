// The package describes only its main entry, which hides a missing addon behind slow JavaScript; we load the addon itself.
declare module 'secp256k1/bindings.js' {
  import type * as secp256k1 from 'secp256k1'

  const bindings: typeof secp256k1
  export default bindings
}
