import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'src/**/*.test.tsx', 'tests/**/*.test.ts'],
    exclude: ['tests/e2e/**'],
    environment: 'node',
    globalSetup: ['tests/setup/temporary-folder.ts'],
    setupFiles: ['tests/setup/property-seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    // Some tests wait for other processes; the report marks those that passed only the second time.
    retry: 1,
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
})
