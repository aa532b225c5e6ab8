/** `edgefit edit` and `edgefit extract` as a script runs them. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { EditScript } from '#shared/ipc/edit-commands'
import { ModelSummary } from '#shared/ipc/model-view'
import { appRoot, sample } from '../src/main/host/testing/sample'

const cli = join(appRoot, 'out/main/cli.js')
let folder: string

beforeAll(() => {
  if (!existsSync(cli)) throw new Error('The command line is not built: run `npm run build` first (`npm test` does).')
})

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgefit-cli-edit-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function edgefit(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [cli, ...args], { cwd: folder, env: { ...process.env, EDGEFIT_HOME: join(folder, 'home') }, maxBuffer: 1 << 26 }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr })
    })
  })
}

async function inspect(path: string): Promise<ModelSummary> {
  return ModelSummary.parse(JSON.parse((await edgefit('inspect', path, '--json')).stdout))
}

function script(commands: unknown): string {
  const path = join(folder, 'commands.json')
  writeFileSync(path, JSON.stringify(commands))
  return path
}

test('edit carries out a list of commands, with files named relative to it', async () => {
  const pool = join(folder, 'part.onnx')
  expect((await edgefit('extract', sample.model, '--inputs', 'image', '--outputs', 'logits', '-o', pool)).code).toBe(0)
  const commands = script({ label: 'twice', commands: [{ kind: 'renameValue', from: 'image', to: 'picture' }, { kind: 'setDimension', input: 'picture', axis: 0, dim: 1 }, { kind: 'paste', model: { path: 'part.onnx' }, connect: { image: 'picture' } }] })
  const out = join(folder, 'out.onnx')
  const { code, stdout } = await edgefit('edit', sample.model, '--commands', commands, '-o', out, '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ path: out, nodeCount: 96, notes: [] })
  expect(await inspect(out)).toMatchObject({ nodeCount: 96, inputs: [{ name: 'picture', shape: [1, 3, 48, 48] }], outputs: [{ name: 'logits', shape: [1, 10] }] })
  // No draft of it stays behind.
  expect(existsSync(join(folder, 'home/drafts'))).toBe(false)
})

test('what cannot be done, or is no list of commands, is said, and nothing is written', async () => {
  const out = join(folder, 'out.onnx')
  const wrong = await edgefit('edit', sample.model, '--commands', script([{ kind: 'renameNode', node: 'x' }]), '-o', out)
  expect(wrong).toMatchObject({ code: 2, stdout: '' })
  expect(wrong.stderr).toContain('0.name')
  const refused = await edgefit('edit', sample.model, '--commands', script([{ kind: 'setMetadata', key: 'a', value: 'b' }, { kind: 'removeOutput', name: 'nothing' }]), '-o', out)
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('Edit 2 of 2: Graph')
  const unsound = script([{ kind: 'setInput', node: 'logits', input: 0, value: '' }])
  expect((await edgefit('edit', sample.model, '--commands', unsound, '-o', out)).stderr).toContain('save it anyway')
  expect(readdirSync(folder).filter((name) => name.includes('out'))).toEqual([])
  expect((await edgefit('edit', sample.model, '--commands', unsound, '-o', out, '--force')).code).toBe(0)
  expect(existsSync(out)).toBe(true)
})

test('extract cuts a model between values', async () => {
  const out = join(folder, 'head.onnx')
  const { stdout } = await edgefit('extract', sample.model, '--nodes', 'logits', '-o', out, '--json')
  expect(JSON.parse(stdout)).toMatchObject({ path: out, nodeCount: 1 })
  expect(await inspect(out)).toMatchObject({ opCounts: { Gemm: 1 }, outputs: [{ name: 'logits' }] })
  const bad = await edgefit('extract', sample.model, '--inputs', 'nowhere', '-o', out)
  expect(bad.code).toBe(1)
  expect(bad.stderr).toContain("no value 'nowhere'")
})

test('schema edit describes the commands', async () => {
  const { stdout, code } = await edgefit('schema', 'edit')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(z.toJSONSchema(EditScript, { io: 'input', unrepresentable: 'any' }))))
})
