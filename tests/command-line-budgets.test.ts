/** Budgets and reports from the built command line, as a script in CI runs them. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appRoot } from '../src/main/host/testing/sample'

const cli = join(appRoot, 'out/main/cli.js')
const model = join(appRoot, 'resources/samples/digits/mobilenet.onnx')
const evaluation = join(dirname(model), 'evaluation.npz')
let folder: string

beforeAll(() => {
  if (!existsSync(cli)) throw new Error('The command line is not built: run `npm run build` first (`npm test` does).')
  folder = mkdtempSync(join(tmpdir(), 'edgefit-budgets-'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function budgets(...entries: object[]): string {
  const path = join(folder, `budgets-${Math.random().toString(36).slice(2)}.json`)
  writeFileSync(path, JSON.stringify({ budgets: entries }))
  return path
}

/** What a step of a pipeline sees: `set -e` and the exit code. */
function script(line: string): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync('sh', ['-e', '-c', line], { encoding: 'utf8', env: { ...process.env, EDGEFIT_HOME: join(folder, 'home'), EDGEFIT: `${process.execPath} ${cli}`, MODEL: model, DATA: evaluation } })
  return { code: status, stdout, stderr }
}

test('a pipeline goes on where every budget is met', () => {
  const file = budgets({ name: 'small', figure: 'sizeBytes', atMost: 5e6 }, { name: 'good', figure: 'accuracy', metric: 'top-1', atLeast: 0.97 }, { name: 'whole answer', figure: 'p95Ms', atMost: 60_000 })
  const { code, stdout } = script(`$EDGEFIT check "$MODEL" --budget ${file} --data "$DATA"; echo deployed`)
  expect(code).toBe(0)
  const lines = stdout.trim().split('\n')
  expect(lines).toHaveLength(4)
  expect(lines[0]).toMatch(/^met +mobilenet\.onnx {2}small, size ≤ 5\.00 MB: /)
  expect(lines[1]).toMatch(/^met .*accuracy ≥ 97\.00 %: 97\.40 % \(top-1, /)
  expect(lines[3]).toBe('deployed')
})

test('it ends with 1 where one is missed, whatever the others are', () => {
  const file = budgets({ name: 'tiny', figure: 'sizeBytes', atMost: 1000 }, { name: 'on the phone', figure: 'p50Ms', atMost: 100, device: 'Pixel' })
  const { code, stdout } = script(`$EDGEFIT check "$MODEL" --stored --budget ${file}; echo deployed`)
  expect(code).toBe(1)
  expect(stdout).toMatch(/^MISSED {7}mobilenet\.onnx {2}tiny/)
  expect(stdout).not.toContain('deployed')
})

test('it ends with 2 where it cannot be told, and where the budgets are none', () => {
  const unknown = script(`$EDGEFIT check "$MODEL" --stored --budget ${budgets({ preset: 'gesture', device: 'Pixel' })}`)
  expect(unknown).toMatchObject({ code: 2, stdout: expect.stringMatching(/^cannot tell {2}mobilenet\.onnx {2}Gesture, p95 ≤ 100 ms \(not measured on 'Pixel'\)\n$/) as string })
  const wrong = script(`$EDGEFIT check "$MODEL" --budget ${budgets({ name: 'x', figure: 'speed', atMost: 1 })}`)
  expect(wrong).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/budgets\.0\.figure/) as string })
})

test('a report is written as a page, as Markdown and as CSV', () => {
  const file = budgets({ preset: 'image-recognition' })
  for (const ending of ['html', 'md', 'csv']) {
    const { code, stderr } = script(`$EDGEFIT report "$MODEL" --stored --budget ${file} -o ${join(folder, `report.${ending}`)}`)
    expect({ code, stderr }).toMatchObject({ code: 0 })
  }
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toMatch(/<svg[\s\S]*97\.40 %/)
  expect(readFileSync(join(folder, 'report.md'), 'utf8')).toMatch(/^\| Model \| Size/)
  expect(readFileSync(join(folder, 'report.csv'), 'utf8')).toMatch(/^name,role,sha256/)
  expect(script(`$EDGEFIT report "$MODEL" -o ${join(folder, 'report.pdf')}`)).toMatchObject({ code: 2 })
})
