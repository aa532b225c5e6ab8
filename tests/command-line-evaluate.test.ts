/** Evaluation from the built command line. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EvaluationResult } from '#shared/evaluation/evaluation-result'
import { appRoot } from '../src/main/host/testing/sample'

const cli = join(appRoot, 'out/main/cli.js')
const digits = join(appRoot, 'resources/samples/digits')
let folder: string

beforeAll(() => {
  if (!existsSync(cli)) throw new Error('The command line is not built: run `npm run build` first (`npm test` does).')
  folder = mkdtempSync(join(tmpdir(), 'edgefit-evaluate-'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function edgefit(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', env: { ...process.env, EDGEFIT_HOME: join(folder, 'home') } })
}

test('evaluate prints the accuracy that the sample\'s README says, and answers again from the store', () => {
  const args = ['evaluate', join(digits, 'mobilenet.onnx'), '--data', join(digits, 'evaluation.npz')]
  const first = edgefit(...args)
  expect(first.status, first.stderr).toBe(0)
  expect(first.stderr).toContain('top-1: 97.40 % (95 %: ')
  expect(first.stderr).toContain('1000 samples')
  const again = edgefit(...args, '--json')
  const result = EvaluationResult.parse(JSON.parse(again.stdout))
  expect(result).toMatchObject({ cached: true, samples: 1000, metric: 'top-1', value: 0.974 })
})

test('two models are told apart, or not, and what cannot be evaluated is refused', () => {
  const data = ['--data', join(digits, 'evaluation.npz'), '--limit', '100']
  const both = edgefit('evaluate', join(digits, 'mobilenet.onnx'), ...data, '--against', join(digits, 'resnet.onnx'))
  expect(both.status, both.stderr).toBe(0)
  expect(both.stderr).toMatch(/Difference [+−]\d+\.\d\d % on 100 samples: not significant \(McNemar, p = /)
  writeFileSync(join(folder, 'empty.csv'), 'a,label\n')
  const refused = edgefit('evaluate', join(digits, 'mobilenet.onnx'), '--data', join(folder, 'empty.csv'))
  expect(refused).toMatchObject({ status: 1, stdout: '' })
})
