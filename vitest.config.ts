import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Tests of code that keeps nothing between calls: one process runs them all, which saves half of their time. */
const PURE = ['src/shared/**/*.test.ts', 'src/renderer/**/*.test.{ts,tsx}', 'src/main/passes/**/*.test.ts']

/**
 * A fresh checkout knows no durations: vitest would begin with the largest files, and run those that take minutes, which are short, last,
 * with nothing left to do beside them.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification) => (/recipes-on-shared-models/.test(moduleId) ? 0 : project.name === 'pure' ? 2 : 1)
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

/** Said once more for each project: what the whole run has is set up once, and a project that took all of that over would do so again. */
const each = {
  environment: 'node',
  setupFiles: 'tests/setup/property-seed.ts',
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 30_000 } },
  pool: 'forks',
  maxWorkers: 2,
  // Some tests wait for other processes; the report marks those that passed only the second time.
  retry: 1,
  restoreMocks: true,
  env: { ORT_DISABLE_TELEMETRY: '1' },
} as const

export default defineConfig({
  test: {
    globalSetup: ['tests/setup/temporary-folder.ts'],
    maxWorkers: each.maxWorkers,
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { ...each, name: 'pure', include: PURE, isolate: false } },
      { test: { ...each, name: 'apart', include: ['src/**/*.test.{ts,tsx}', 'tests/**/*.test.ts'], exclude: [...PURE, 'tests/e2e/**'] } },
    ],
  },
})
