/** The studio's main job: a model in, shrunk, measured, saved. */
import { cpSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { writeLargeExternalModel } from '../fixtures/large-model'
import { launchStudio, repository } from './hosts'
import { engineProcesses } from './processes'
import { dropFiles, expect, test } from './studio'
import type { Page } from '@playwright/test'

const digits = join(repository, 'resources/samples/digits')

function folderWith(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'edgefit-models-'))
  for (const name of names) cpSync(join(digits, name), join(folder, name))
  return folder
}

async function optimize(page: Page, method: string): Promise<void> {
  await page.getByRole('button', { name: 'Optimize', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: method, exact: true }).click()
  await dialog.getByRole('button', { name: 'Start optimizing' }).click()
}

/** A job that goes on until somebody ends it. */
async function startLongProfile(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Profile', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Runs').fill('100000')
  await dialog.getByRole('button', { name: 'Start profiling' }).click()
  await page.getByRole('tab', { name: /Jobs/ }).click()
  await expect(page.getByRole('tabpanel', { name: 'Jobs' }).getByRole('button', { name: 'Cancel' })).toBeVisible()
}

const variants = (page: Page) => page.getByRole('tree', { name: 'Variants' }).getByRole('treeitem')

test('a model is dropped, seen, shrunk twice, measured, saved and opened again', async ({ studio }) => {
  const { page } = studio
  const folder = folderWith('mobilenet.onnx')

  await test.step('drop it: the graph appears', async () => {
    await expect(page.getByRole('button', { name: 'Optimize', exact: true })).toBeEnabled()
    await dropFiles(page, [join(folder, 'mobilenet.onnx')])
    await expect(page.getByRole('heading', { name: 'mobilenet.onnx' })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Input image' })).toBeVisible()
  })

  await test.step('click a node, a weight and an edge: the inspector tells about each', async () => {
    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    await page.getByRole('button', { name: /^Conv / }).first().click()
    await expect(inspector).toContainText('kernel_shape')
    await page.getByRole('button', { name: /^Weight .*weight/ }).first().click()
    await expect(inspector).toContainText('float32')
    await expect(inspector).toContainText('Statistics')
    await page.keyboard.press('Escape')
  })

  await test.step('dynamic and static int8 become variants with their size and error', async () => {
    await optimize(page, 'Dynamic int8')
    await expect(variants(page)).toHaveCount(2, { timeout: 90_000 })
    await optimize(page, 'Static int8')
    await expect(variants(page)).toHaveCount(3, { timeout: 90_000 })
    await expect(variants(page).last()).toContainText(/0\.\d+×/)
    await expect(variants(page).last()).toContainText('dB')
  })

  await test.step('profile it: figures with their conditions, kernels, and heat on the graph', async () => {
    await page.getByRole('button', { name: 'Profile', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Start profiling' }).click()
    const panel = page.getByRole('tabpanel', { name: 'Profile' })
    await expect(panel).toContainText('p95', { timeout: 90_000 })
    await expect(panel).toContainText('50 runs after 5')
    await expect(panel).toContainText('onnxruntime-node 1.')
    await expect(panel.getByRole('row').nth(1)).toContainText('%')
  })

  await test.step('save the source: it is the same file', async () => {
    const saved = await studio.saveAs(() => page.getByRole('button', { name: 'Save as', exact: true }).click(), folder)
    expect(readFileSync(saved).equals(readFileSync(join(digits, 'mobilenet.onnx')))).toBe(true)
  })

  await test.step('open a variant and save it: reopened, it is as it was', async () => {
    await variants(page).last().click()
    await expect(page.getByRole('button', { name: /^QuantizeLinear/ }).first()).toBeVisible()
    const saved = await studio.saveAs(() => page.getByRole('button', { name: 'Save as', exact: true }).click(), folder)
    await dropFiles(page, [saved])
    await expect(page.getByRole('tab', { name: basename(saved) })).toBeVisible()
    await expect(page.getByRole('button', { name: /^QuantizeLinear/ }).first()).toBeVisible()
  })
})

test('what is finished survives quitting in the middle of a job', async ({ studio, home, look, studioHost }) => {
  const { page } = studio
  await expect(page.getByRole('button', { name: 'Input image' })).toBeVisible()
  await optimize(page, 'Dynamic int8')
  await expect(variants(page)).toHaveCount(2, { timeout: 90_000 })
  await startLongProfile(page)
  await studio.close()
  const again = await launchStudio(studioHost, { home, ...look })
  try {
    await expect(variants(again.page)).toHaveCount(2)
    expect(engineProcesses(studio.pid)).toEqual([])
  } finally {
    await again.close()
  }
})

test('an engine that is killed in the middle of a job is started again, with the documents and variants there', async ({ studio }) => {
  test.skip(process.platform !== 'linux', 'processes are found through /proc')
  const { page } = studio
  await expect(page.getByRole('button', { name: 'Input image' })).toBeVisible()
  await optimize(page, 'Dynamic int8')
  await expect(variants(page)).toHaveCount(2, { timeout: 90_000 })
  await startLongProfile(page)
  await expect.poll(() => engineProcesses(studio.pid).length).toBe(2)
  for (const pid of engineProcesses(studio.pid)) process.kill(pid, 'SIGKILL')
  await expect(page.getByText('The engine stopped and was restarted.')).toBeVisible()
  await expect(page.getByText(/^Failed: /).first()).toBeVisible()
  await expect(variants(page)).toHaveCount(2)
  await page.getByRole('button', { name: /^Conv / }).first().click()
  await page.getByRole('button', { name: /^Weight .*weight/ }).first().click()
  await expect(page.getByRole('complementary', { name: 'Inspector' })).toContainText('Statistics')
  await optimize(page, 'Static int8')
  await expect(variants(page)).toHaveCount(3, { timeout: 90_000 })
})

test('a job is cancelled and leaves nothing', async ({ studio }) => {
  test.skip(process.platform !== 'linux', 'processes are found through /proc')
  const { page } = studio
  await expect(page.getByRole('button', { name: 'Input image' })).toBeVisible()
  await startLongProfile(page)
  await page.getByRole('tabpanel', { name: 'Jobs' }).getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('tabpanel', { name: 'Jobs' })).toContainText('Cancelled')
  await expect.poll(() => engineProcesses(studio.pid).length).toBe(1)
  await page.getByRole('tab', { name: 'Profile' }).click()
  await expect(page.getByRole('tabpanel', { name: 'Profile' })).toContainText('not measured yet')
})

test('files that are no models are refused in words, and the open model stays', async ({ studio }) => {
  const { page } = studio
  await expect(page.getByRole('button', { name: 'Input image' })).toBeVisible()
  const folder = folderWith('resnet.onnx')
  const whole = readFileSync(join(folder, 'resnet.onnx'))
  const bad: Record<string, [content: Buffer | string, said: RegExp]> = {
    'empty.onnx': ['', /empty/i],
    'pointer.onnx': ['version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n', /Git LFS/],
    'cut.onnx': [whole.subarray(0, whole.length / 2), /ends at byte/],
    'page.onnx': ['<!doctype html><html></html>', /web page/],
  }
  for (const [name, [content, said]] of Object.entries(bad)) {
    writeFileSync(join(folder, name), content)
    await dropFiles(page, [join(folder, name)])
    await expect(page.getByRole('alert').filter({ hasText: name })).toContainText(said)
    await expect(page.getByRole('button', { name: 'Input image' })).toBeVisible()
  }
})

test('everything is reached by the keyboard, in either language', async ({ studio }) => {
  const { page } = studio
  await expect(page.getByRole('button', { name: 'Input image' })).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.getByPlaceholder('What do you want to do?').fill('简体')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: '优化', exact: true })).toBeVisible()
})

test('a model and its external data are dropped together; without the data it opens and says what is missing', async ({ studio }) => {
  const { page } = studio
  await expect(page.getByRole('button', { name: 'Input image' })).toBeVisible()
  const folder = mkdtempSync(join(tmpdir(), 'edgefit-models-'))
  const { modelPath } = writeLargeExternalModel(folder, { bytes: 4 << 20 })
  const inspector = page.getByRole('complementary', { name: 'Inspector' })
  await dropFiles(page, [modelPath, `${modelPath}.data`])
  await expect(page.getByRole('heading', { name: 'model.onnx' })).toBeVisible()
  await page.getByRole('button', { name: /^Weight / }).first().click()
  await expect(inspector).toContainText('in a file beside it')
  await expect(inspector).toContainText('Statistics')

  const alone = join(mkdtempSync(join(tmpdir(), 'edgefit-models-')), 'alone.onnx')
  renameSync(modelPath, alone)
  await dropFiles(page, [alone])
  await expect(page.getByRole('heading', { name: 'alone.onnx' })).toBeVisible()
  await expect(inspector).toContainText('model.onnx.data')
})
