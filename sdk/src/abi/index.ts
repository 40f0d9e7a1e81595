/** ABIs of the chain's contracts as constants, typed by their own content. Written by contracts/build.ts. */
export { controllerAbi } from './controller.generated.ts'
export { managerAbi } from './manager.generated.ts'
export { nexusAbi } from './nexus.generated.ts'
export { responseAbi } from './response.generated.ts'
export { sourceAbi } from './source.generated.ts'
export { taskAbi } from './task.generated.ts'
export { terminalAbi } from './terminal.generated.ts'
export { vaultAbi } from './vault.generated.ts'
