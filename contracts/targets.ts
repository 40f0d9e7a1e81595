/** Contracts that get an artefact: source file (below contracts/src, or a package path) → names. */
export const TARGETS: Readonly<Record<string, readonly string[]>> = {
  'market/Manager.sol': ['Manager'],
  'market/Nexus.sol': ['Nexus'],
  'market/Controller.sol': ['Controller'],
  'market/Terminal.sol': ['Terminal'],
  'market/Vault.sol': ['Vault'],
  'market/Source.sol': ['Source'],
  'market/Task.sol': ['Task'],
  'market/Response.sol': ['Response'],
}
