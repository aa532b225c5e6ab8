/** The built command line, as a person or a script runs it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { OptimizeReport } from '#shared/ipc/jobs'
import { ModelDiff } from '#shared/ipc/model-diff'
import { ModelSummary } from '#shared/ipc/model-view'
import { ComparisonResult, ProfileResult } from '#shared/measurement'
import { PruneCurves } from '#shared/prune'
import { appRoot, sample } from '../src/main/host/testing/sample'
import { isAlive } from '../src/main/runtime/is-alive'

const cli = join(appRoot, 'out/main/cli.js')
let folder: string

beforeAll(() => {
  if (!existsSync(cli)) throw new Error('The command line is not built: run `npm run build` first (`npm test` does).')
})

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgefit-cli-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Finished {
  code: number | null
  stdout: string
  stderr: string
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [cli, ...args], { cwd: folder, env: { ...process.env, EDGEFIT_HOME: join(folder, 'home') } })
}

function finish(child: ChildProcess): Promise<Finished> {
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })))
}

const edgefit = (...args: string[]) => finish(start(args))

test('inspect --json prints one document on stdout and nothing else', async () => {
  const { code, stdout, stderr } = await edgefit('inspect', sample.model, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const summary = ModelSummary.parse(JSON.parse(stdout))
  expect(summary).toMatchObject({ irVersion: 7, opsets: [{ domain: 'ai.onnx', version: 13 }], nodeCount: 48, sizeBytes: statSync(sample.model).size, opCounts: { Conv: 13 } })
  expect(summary.inputs).toEqual([{ name: 'image', dtype: 'float32', shape: ['batch', 3, 48, 48] }])
})

test('prune-curves measures each group of layers alone, from all channels down', async () => {
  const { code, stdout } = await edgefit('prune-curves', sample.model, '--samples', '2', '--steps', '2', '--json')
  expect(code).toBe(0)
  const { curves, conditions } = PruneCurves.parse(JSON.parse(stdout))
  expect(curves.length).toBeGreaterThan(3)
  for (const { channels, points } of curves) {
    expect(points[0]).toEqual({ channels, error: 0 })
    expect(points.slice(1).every((point) => point.channels < channels && point.channels % 8 === 0 && point.error > 0)).toBe(true)
  }
  expect(conditions).toContain('random')
})

test('without --json words go to stderr and stdout stays empty', async () => {
  const { code, stdout, stderr } = await edgefit('inspect', sample.model)
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
  expect(stderr).toContain('image: float32[batch,3,48,48]')
})

test('optimize writes the model and a report with hashes, sizes and the recipe with its defaults', async () => {
  const out = join(folder, 'small.onnx')
  const report = join(folder, 'report.json')
  const { code, stdout, stderr } = await edgefit('optimize', sample.model, '--recipe', 'int8-static', '-o', out, '--calibration', sample.calibration, '--report', report, '--json')
  expect(code, stderr).toBe(0)
  const printed = OptimizeReport.parse(JSON.parse(stdout))
  expect(OptimizeReport.parse(JSON.parse(readFileSync(report, 'utf8')))).toEqual(printed)
  expect(printed.result).toMatchObject({ path: out, sizeBytes: statSync(out).size })
  expect(printed.sizeRatio).toBeLessThan(0.3)
  expect(Object.keys(printed.recipe.passes.find(({ pass }) => pass === 'quantize-static')?.options ?? {}).length).toBeGreaterThan(3)
  expect(printed.outputError).toHaveLength(1)
  expect(readdirSync(folder).toSorted()).toEqual(['home', 'report.json', 'small.onnx'])
})

test('a static recipe without --calibration warns that accuracy will not be right', async () => {
  const { code, stderr } = await edgefit('optimize', sample.model, '--recipe', 'int8-static', '-o', join(folder, 'small.onnx'))
  expect(code).toBe(0)
  expect(stderr).toMatch(/warning: no --calibration .*random inputs.*accuracy will not/)
})

test('a recipe may be a file, in its long or its short form', async () => {
  writeFileSync(join(folder, 'recipe.json'), JSON.stringify([{ pass: 'fold-constants' }, { pass: 'eliminate-dead-nodes' }]))
  const { code, stdout, stderr } = await edgefit('optimize', sample.model, '--recipe', 'recipe.json', '-o', 'out.onnx', '--json')
  expect(code, stderr).toBe(0)
  expect(OptimizeReport.parse(JSON.parse(stdout)).passes.map(({ pass }) => pass)).toEqual(['fold-constants', 'eliminate-dead-nodes'])
})

test('profile and compare print what they measured and under which conditions', async () => {
  const profiled = await edgefit('profile', sample.model, '--runs', '5', '--warmup', '1', '--threads', '1', '--input', sample.calibration, '--trace', 'trace.json', '--json')
  expect(profiled.code, profiled.stderr).toBe(0)
  const profile = ProfileResult.parse(JSON.parse(profiled.stdout))
  expect(profile.conditions).toMatchObject({ runs: 5, warmup: 1, threads: 1, provider: 'cpu' })
  expect(profile.samplesMs).toHaveLength(5)
  expect(profile.kernels.length).toBeGreaterThan(5)
  expect(JSON.parse(readFileSync(join(folder, 'trace.json'), 'utf8'))).toBeTruthy()

  const compared = await edgefit('compare', sample.model, sample.model, '--json')
  expect(compared.code, compared.stderr).toBe(0)
  const comparison = ComparisonResult.parse(JSON.parse(compared.stdout))
  expect(comparison.sizeRatio).toBe(1)
  expect(comparison.outputError[0]?.sqnrDb).toBeNull()
  expect(comparison.latencyRatio?.p50).toBeGreaterThan(0)
})

test('compare goes from layer to layer on data', async () => {
  const layers = await edgefit('compare', sample.model, sample.model, '--data', sample.calibration, '--layers')
  expect(layers.code, layers.stderr).toBe(0)
  expect(layers.stderr).toMatch(/On 8 samples .*\nNone is below 20 dB\./)
  expect((await edgefit('compare', sample.model, sample.model, '--layers')).stderr).toContain('Layers are compared on data')
})

test('passes and schema print what recipes are made of', async () => {
  const passes = await edgefit('passes', '--json')
  const listed = JSON.parse(passes.stdout) as { passes: { name: string }[]; recipes: { name: string }[] }
  expect(listed.passes.map(({ name }) => name)).toEqual(expect.arrayContaining(['quantize-dynamic', 'quantize-static', 'fold-constants', 'eliminate-dead-nodes']))
  expect(listed.recipes.map(({ name }) => name)).toEqual(expect.arrayContaining(['int8-dynamic', 'int8-static']))
  const schema = await edgefit('schema', 'recipe')
  expect(JSON.parse(schema.stdout)).toHaveProperty('$schema')
})

test.each([
  [['inspcet', 'x'], 'inspect'],
  [[], 'Usage'],
  [['inspect'], 'model'],
  [['inspect', 'a', 'b'], 'too many arguments'],
  [['optimize', sample.model, '-o', 'x.onnx'], '--recipe'],
  [['optimize', sample.model, '--recipe', 'int8-statik', '-o', 'x.onnx'], 'int8-static'],
  [['profile', sample.model, '--runs', 'many'], 'whole number'],
  [['profile', sample.model, '--runs', '0'], 'whole number'],
  [['profile', sample.model, '--provider', 'cuda'], 'cpu'],
  [['schema', 'model'], 'recipe'],
  [['serve', '--port', '70000'], 'whole number'],
])('bad usage %j ends with 2 and says what would be right', async (args, hint) => {
  const { code, stdout, stderr } = await edgefit(...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(hint)
  expect(stderr).not.toMatch(/\n\s+at .*:\d+/)
})

test('--help of every command ends with 0', async () => {
  for (const command of ['inspect', 'optimize', 'profile', 'compare', 'passes', 'schema', 'serve']) {
    const { code, stdout } = await edgefit(command, '--help')
    expect(code, command).toBe(0)
    expect(stdout).toContain(`Usage: edgefit ${command}`)
  }
})

test('what cannot be done ends with 1, names the problem, and with --json is a document too', async () => {
  writeFileSync(join(folder, 'page.onnx'), '<!doctype html><html></html>')
  writeFileSync(join(folder, 'empty.onnx'), '')
  for (const [file, code] of [['absent.onnx', 'not-found'], ['page.onnx', 'not-a-model'], ['empty.onnx', 'not-a-model'], ['.', 'not-a-model']] as const) {
    const finished = await edgefit('inspect', file, '--json')
    expect(finished.code, file).toBe(1)
    expect(finished.stderr).toMatch(/^error: .*\.\n/)
    expect(finished.stderr).not.toMatch(/\n\s+at .*:\d+/)
    expect(JSON.parse(finished.stdout), file).toMatchObject({ error: { code } })
  }
})

test('Ctrl-C in the middle of a job ends every process and leaves nothing behind', async () => {
  const child = start(['profile', sample.model, '--runs', '100000'])
  const finished = finish(child)
  await expect.poll(() => childrenOf(child.pid ?? 0).length).toBeGreaterThan(0)
  const descendants = childrenOf(child.pid ?? 0)
  child.kill('SIGINT')
  const { code, stderr } = await finished
  expect(code).toBe(1)
  expect(stderr).toContain('Cancelled')
  for (const pid of descendants) await expect.poll(() => isAlive(pid)).toBe(false)
  expect(readdirSync(join(folder, 'home', 'jobs'))).toEqual([])
})

test('a killed command line takes its engine and its job with it', async () => {
  const child = start(['profile', sample.model, '--runs', '100000'])
  const finished = finish(child)
  await expect.poll(() => childrenOf(child.pid ?? 0).length).toBeGreaterThan(0)
  const descendants = childrenOf(child.pid ?? 0)
  child.kill('SIGKILL')
  await finished
  for (const pid of descendants) await expect.poll(() => isAlive(pid)).toBe(false)
})

test('npx finds the command in a checkout, without a network and after a new build', async () => {
  const npx = spawn('npx', ['--no-install', 'edgefit', 'inspect', sample.model, '--json'], {
    cwd: appRoot,
    // A cache of its own, and a registry that nobody answers for.
    env: { ...process.env, EDGEFIT_HOME: join(folder, 'home'), npm_config_cache: join(folder, 'npm'), npm_config_registry: 'http://127.0.0.1:9/' },
  })
  const { code, stdout, stderr } = await finish(npx)
  expect(code, stderr).toBe(0)
  expect(ModelSummary.parse(JSON.parse(stdout)).nodeCount).toBe(48)
  expect(statSync(cli).mode & 0o111).toBe(0o111)
})

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

test('text prints a model, and from-text makes the same bytes of it again with the model at hand', async () => {
  expect((await edgefit('text', sample.model, '-o', 'model.txt')).code).toBe(0)
  const printed = await edgefit('text', sample.model)
  expect(printed.stdout).toBe(readFileSync(join(folder, 'model.txt'), 'utf8'))
  const made = await edgefit('from-text', 'model.txt', '--base', sample.model, '-o', 'again.onnx', '--json')
  expect(made.code, made.stderr).toBe(0)
  expect(JSON.parse(made.stdout)).toEqual({ path: join(folder, 'again.onnx'), sizeBytes: statSync(sample.model).size })
  expect(readFileSync(join(folder, 'again.onnx')).equals(readFileSync(sample.model))).toBe(true)
})

test('from-text names the file, line and column of what is wrong', async () => {
  writeFileSync(join(folder, 'wrong.txt'), 'g (float[2] x) => (float[2] y) {\n  y = Relu(x\n}\n')
  const { code, stderr } = await edgefit('from-text', 'wrong.txt', '-o', 'out.onnx')
  expect(code).toBe(1)
  expect(stderr).toBe("error: wrong.txt:3:1: Expected ',' or ')', found '}'.\n")
  expect(existsSync(join(folder, 'out.onnx'))).toBe(false)
})

test('diff finds nothing between a model and itself, and says what an edited text changed', async () => {
  expect((await edgefit('text', sample.model, '-o', 'model.txt')).code).toBe(0)
  writeFileSync(join(folder, 'edited.txt'), readFileSync(join(folder, 'model.txt'), 'utf8').replace(/ = MaxPool</, ' = AveragePool<'))
  expect((await edgefit('from-text', 'edited.txt', '--base', sample.model, '-o', 'edited.onnx')).code).toBe(0)
  const same = await edgefit('diff', sample.model, sample.model, '--json')
  expect(ModelDiff.parse(JSON.parse(same.stdout)).summary).toEqual({ same: 48, changed: 0, added: 0, removed: 0 })
  const edited = ModelDiff.parse(JSON.parse((await edgefit('diff', sample.model, 'edited.onnx', '--json')).stdout))
  expect(edited.graphs[0]?.removed.map(({ opType }) => opType)).toEqual(['MaxPool'])
  expect(edited.graphs[0]?.added.map(({ opType }) => opType)).toEqual(['AveragePool'])
})

test('render draws the graph as SVG and as PNG, and knows no other format', async () => {
  expect((await edgefit('render', sample.model, '-o', 'graph.svg')).code).toBe(0)
  const svg = readFileSync(join(folder, 'graph.svg'), 'utf8')
  expect(svg).toMatch(/^<svg /)
  expect(svg.match(/>Conv</g)).toHaveLength(13)
  const drawn = await edgefit('render', sample.model, '-o', 'graph.png', '--theme', 'dark')
  expect(drawn.code, drawn.stderr).toBe(0)
  expect([...readFileSync(join(folder, 'graph.png')).subarray(1, 4)]).toEqual([...Buffer.from('PNG')])
  expect(await edgefit('render', sample.model, '-o', 'graph.gif')).toMatchObject({ code: 2, stderr: expect.stringContaining('.svg or .png') as string })
})
