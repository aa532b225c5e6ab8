/**
 * `npm test`: system packages, the runtime of the test phones, build, unit tests, journeys. The last line is `N passed, N failed`, everything added up; the
 * exit code says whether all passed. A part that does not run to its end counts as one failure.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensurePhoneRuntime } from './phone-runtime.mjs'
import { ensureSystemPackages } from './system-packages.mjs'

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..')
const results = join(repository, 'test-results')
const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1' }

function run(name, command, args) {
  console.log(`\n== ${name}`)
  const { status, error } = spawnSync(command, args, { cwd: repository, stdio: 'inherit', env })
  if (error) console.log(`${name} could not be started: ${error.message}`)
  return status === 0
}

/** What is read of a result file, or null where the run did not get so far. */
function counts(file, read) {
  try {
    return read(JSON.parse(readFileSync(join(results, file), 'utf8')))
  } catch {
    return null
  }
}

function tool(name) {
  return join(repository, 'node_modules', '.bin', name)
}

/** Adds a run up: a run that failed without a failed test (a file that does not load, a crash) is one failure. */
function total(ok, counted) {
  if (!counted) return { passed: 0, failed: 1, skipped: 0, failures: [] }
  return { ...counted, failed: !ok && counted.failed === 0 ? 1 : counted.failed }
}

function unitTests() {
  rmSync(join(results, 'unit.json'), { force: true })
  const ok = run('Unit tests', tool('vitest'), ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${join(results, 'unit.json')}`])
  return total(
    ok,
    counts('unit.json', (json) => ({
      passed: json.numPassedTests,
      failed: json.numFailedTests,
      skipped: json.numPendingTests + json.numTodoTests,
      failures: json.testResults.flatMap(failedUnitTests),
    })),
  )
}

/** A failed file counts too: one that does not load has no tests. */
function failedUnitTests({ name, status, message, assertionResults }) {
  const failed = assertionResults.filter((test) => test.status === 'failed')
  if (failed.length === 0 && status === 'failed') return [`${name}: ${message}`]
  return failed.map((test) => `${name} > ${test.fullName}: ${test.failureMessages.join(' | ')}`)
}

function failedJourneys(suite) {
  const own = (suite.specs ?? []).flatMap(({ title, file, tests }) =>
    tests
      .filter(({ status }) => status === 'unexpected' || status === 'flaky')
      .map(({ status, results }) => `${file} > ${title}${status === 'flaky' ? ' (passed the second time)' : ''}: ${results[0]?.error?.message ?? ''}`),
  )
  return [...own, ...(suite.suites ?? []).flatMap(failedJourneys)]
}

function journeys() {
  rmSync(join(results, 'e2e.json'), { force: true })
  const ok = run('Journeys', tool('playwright'), ['test', '-c', 'tests/e2e/playwright.config.ts'])
  return total(
    ok,
    counts('e2e.json', ({ stats, suites }) => ({
      passed: stats.expected + stats.flaky,
      failed: stats.unexpected,
      skipped: stats.skipped,
      failures: suites.flatMap(failedJourneys),
    })),
  )
}

mkdirSync(results, { recursive: true })
const missing = ensureSystemPackages()
await ensurePhoneRuntime()
const parts = []
if (run('Build', tool('electron-vite'), ['build', '--logLevel', 'warn'])) parts.push(unitTests(), journeys())
else parts.push({ passed: 0, failed: 1, skipped: 0, failures: [] })

const sum = (field) => parts.reduce((all, part) => all + part[field], 0)
if (missing.length > 0) console.log(`\nNot installed: ${missing.join(', ')}`)
for (const failure of parts.flatMap(({ failures }) => failures)) console.log(`\nFailed: ${failure.slice(0, 600)}`)
console.log(`\n${sum('skipped')} skipped`)
console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
process.exit(sum('failed') === 0 ? 0 : 1)
