import { defineConfig } from 'vitest/config'
import type { Reporter, TestModule } from 'vitest/node'

/** Counts every test, every file that could not be loaded and every stray error, and prints them as the very last line. */
class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0
    let failed = errors.length
    for (const module of modules) {
      if (module.errors().length > 0) failed += 1
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed += 1
        else if (state === 'failed') failed += 1
      }
    }
    process.once('exit', () => process.stdout.write(`${passed} passed, ${failed} failed\n`))
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A process for each file: what a file leaves behind (a native addon's memory, a stray timer) ends with it.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 120_000,
    reporters: ['minimal', new SummaryReporter()],
    // Modules are run by Node itself, so tests see what production sees (native type stripping included).
    experimental: { viteModuleRunner: false },
  },
})
