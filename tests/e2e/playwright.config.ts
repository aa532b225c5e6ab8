import { defineConfig } from '@playwright/test'
import { electronBinary } from './hosts'
import type { StudioTestOptions } from './studio'

/** The same journeys in each host: the browser host in the system's Chromium always, Electron wherever its binary is. */
const electron = electronBinary()
if (!electron) console.log('Electron is not installed here: the journeys run in the browser host only.')

export default defineConfig<object, StudioTestOptions>({
  testDir: '.',
  testMatch: '*.e2e.ts',
  globalSetup: '../setup/temporary-folder.ts',
  outputDir: '../../test-results',
  timeout: 120_000,
  expect: { timeout: 30_000 },
  // Each waits most of its time.
  workers: 2,
  // A loaded machine can make a journey late; one that passes only the second time is named at the end of the run.
  retries: 1,
  use: { screenshot: 'only-on-failure' },
  reporter: [['list'], ['json', { outputFile: '../../test-results/e2e.json' }]],
  projects: [{ name: 'browser', use: { studioHost: 'browser' } }, ...(electron ? [{ name: 'electron', use: { studioHost: 'electron' as const } }] : [])],
})
