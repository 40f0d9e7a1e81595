import type { Scenario } from '../scenario.ts'
import { byzantineScenarios } from './byzantine.ts'
import { calmScenarios } from './calm.ts'
import { crashScenarios } from './crashes.ts'
import { epochScenarios } from './epochs.ts'
import { networkScenarios } from './network.ts'
import { clockScenarios, executionScenarios, scheduleScenarios, variantScenarios } from './others.ts'

/** The fault matrix F1–F26 (consensus note 4.3), in its order as far as files allow. */
export const SCENARIOS: readonly Scenario[] = [
  ...calmScenarios,
  ...crashScenarios,
  ...networkScenarios,
  ...byzantineScenarios,
  ...scheduleScenarios,
  ...epochScenarios,
  ...clockScenarios,
  ...executionScenarios,
  ...variantScenarios,
]
