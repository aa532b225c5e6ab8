/** Changing more of a model than a field: whole nodes and models put in, functions, opsets, values, text of a selection, what cannot be saved. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { buildModel } from '#shared/onnx/testing/build-model'
import { launchStudio, repository } from './hosts'
import { dropFiles, expect, test } from './studio'

const inspector = (page: Page) => page.getByRole('complementary', { name: 'Inspector' })
const dialog = (page: Page) => page.getByRole('dialog')

async function openResnet(page: Page): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'edgefit-models-'))
  cpSync(join(repository, 'resources/samples/digits/resnet.onnx'), join(folder, 'own.onnx'))
  await expect(page.getByRole('button', { name: 'Optimize', exact: true })).toBeEnabled()
  await dropFiles(page, [join(folder, 'own.onnx')])
  await expect(page.getByRole('heading', { name: 'own.onnx' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Input image' })).toBeVisible()
  return folder
}

/** Runs an action by its title, as the palette offers it. */
async function run(page: Page, title: string): Promise<void> {
  await page.keyboard.press('Control+k')
  const search = page.getByPlaceholder('What do you want to do?')
  await search.fill(title)
  await page.getByRole('dialog').getByText(title, { exact: true }).first().click()
}

async function chooseFile(page: Page, action: () => Promise<void>, path: string): Promise<void> {
  const choosing = page.waitForEvent('filechooser')
  await action()
  await (await choosing).setFiles(path)
}

async function submit(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, value] of Object.entries(fields)) await dialog(page).getByLabel(label).fill(value)
  await dialog(page).locator('button[type="submit"]').click()
  await expect(dialog(page)).toHaveCount(0)
}

const node = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name }).first()

function writeModel(folder: string, name: string, spec: Parameters<typeof buildModel>[0]): string {
  const path = join(folder, name)
  writeFileSync(path, joinPieces(encodeModel(buildModel(spec))))
  return path
}

test('nodes become a function and nodes again, are replaced by a model, and a model is appended', async ({ studio, studioHost }) => {
  test.skip(studioHost === 'electron', 'files are picked in the system’s own dialogs there')
  const { page } = studio
  const folder = await openResnet(page)

  await test.step('make a node a function, and inline it again', async () => {
    await node(page, /^Relu/).click()
    await run(page, 'Make selection a function…')
    await submit(page, { 'Function name': 'Act' })
    await expect(node(page, /^Act/)).toBeVisible()
    await node(page, /^Act/).click()
    await run(page, 'Inline function')
    await expect(page.getByRole('button', { name: /^Act/ })).toHaveCount(0)
  })

  await test.step('replace a node by a model', async () => {
    const sigmoid = writeModel(folder, 'sigmoid.onnx', { opset: 13, inputs: { a: null }, outputs: { b: null }, nodes: [['b = Sigmoid(a)', {}, 'gate']] })
    await node(page, /^Relu/).click()
    await chooseFile(page, () => run(page, 'Replace selection by a model…'), sigmoid)
    await expect(node(page, /^Sigmoid/)).toBeVisible()
  })

  await test.step('edit the text of the replaced node alone', async () => {
    await node(page, /^Sigmoid/).click()
    await page.getByText('Text', { exact: true }).click()
    await page.getByText('Selection (1 node)').click()
    const bar = page.getByRole('toolbar', { name: 'Edit model text' })
    await expect(page.locator('.view-lines')).toContainText('Sigmoid')
    await expect(page.locator('.view-lines')).not.toContainText('MaxPool(')
    await page.getByRole('textbox', { name: 'Model text' }).focus()
    await page.keyboard.press('Control+f')
    await page.keyboard.type('Sigmoid')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    await page.keyboard.type('Tanh')
    await bar.getByRole('button', { name: 'Apply' }).click()
    await expect(bar).toContainText('Edits take effect when they are applied')
    await page.getByText('Graph', { exact: true }).click()
    await expect(node(page, /^Tanh/)).toBeVisible()
    await expect(page.getByRole('button', { name: /^Sigmoid/ })).toHaveCount(0)
  })

  await test.step('append a model that turns scores into probabilities', async () => {
    const softmax = writeModel(folder, 'softmax.onnx', { opset: 13, inputs: { scores: 'float32[batch,10]' }, outputs: { probabilities: 'float32[batch,10]' }, nodes: [['probabilities = Softmax(scores)', {}, 'softmax']] })
    await chooseFile(page, () => run(page, 'Append a model…'), softmax)
    await submit(page, {})
    await page.getByRole('application', { name: /^Graph/ }).press('Escape')
    await expect(inspector(page)).toContainText('probabilities')
  })

  await test.step('convert the opset', async () => {
    await run(page, 'Convert opset…')
    await submit(page, { Version: '17' })
    await expect(inspector(page)).toContainText('ai.onnx 17')
  })

  await test.step('save it: the file is valid, and has all of that', async () => {
    const saved = await studio.saveAs(() => page.getByRole('button', { name: 'Save as', exact: true }).click(), folder)
    const bytes = readFileSync(saved)
    expect(['Tanh', 'Softmax', 'probabilities'].every((word) => bytes.includes(word))).toBe(true)
  })
})

test('values of a weight are edited, exported, imported and shown in colours; what cannot be saved is saved anyway', async ({ studio, studioHost }) => {
  test.skip(studioHost === 'electron', 'files are picked in the system’s own dialogs there')
  const { page } = studio
  const folder = await openResnet(page)
  await node(page, /^Weight .*weight/).click()

  await test.step('edit a value', async () => {
    await inspector(page).getByRole('button', { name: 'Edit [0, 0, 0, 0]', exact: true }).click()
    await inspector(page).getByRole('textbox', { name: '[0, 0, 0, 0]', exact: true }).fill('41.5')
    await page.keyboard.press('Enter')
    await expect(inspector(page)).toContainText('… 41.5')
  })

  await test.step('export the tensor, undo the edit, import what was exported: the edit is back', async () => {
    const array = await studio.saveAs(() => inspector(page).getByRole('button', { name: 'Export .npy…' }).click(), folder)
    expect(readFileSync(array).subarray(1, 6).toString()).toBe('NUMPY')
    await page.getByRole('application', { name: /^Graph/ }).focus()
    await page.keyboard.press('Control+z')
    await expect(inspector(page)).not.toContainText('41.5')
    await chooseFile(page, () => inspector(page).getByRole('button', { name: 'Import .npy…' }).click(), array)
    await expect(inspector(page)).toContainText('… 41.5')
  })

  await test.step('see it as a map and by channel', async () => {
    await inspector(page).getByText('Map', { exact: true }).click()
    await expect(inspector(page).getByRole('img', { name: /^\d+ × \d+ values$/ })).toBeVisible()
    await inspector(page).getByText('Channels', { exact: true }).click()
    await expect(inspector(page).getByRole('table', { name: 'Ranges of the channels' }).getByRole('row').nth(1)).toContainText('41.5')
  })

  await test.step('a model that is not valid is refused, and saved anyway', async () => {
    await node(page, /^Conv/).click()
    await page.keyboard.press('Alt+Delete')
    await page.getByRole('button', { name: 'Save as', exact: true }).click()
    await expect(dialog(page)).toContainText('is not valid')
    const saved = await studio.saveAs(() => dialog(page).getByRole('button', { name: 'Save anyway' }).click(), folder)
    expect(readFileSync(saved).length).toBeGreaterThan(1000)
  })
})

test('edits outlive a studio that is killed', async ({ home, look, studioHost }) => {
  // Not the fixture's: the window of a killed studio complains, as it should.
  const studio = await launchStudio(studioHost, { home, ...look })
  const { page } = studio
  await expect(page.getByRole('button', { name: 'Input image' })).toBeVisible()
  await node(page, /^Relu/).click()
  const name = (await node(page, /^Relu/).getAttribute('aria-label')) ?? ''
  await page.keyboard.press('Delete')
  await expect(page.getByRole('button', { name, exact: true })).toHaveCount(0)
  await expect(page.getByRole('img', { name: 'Not saved' }).first()).toBeVisible()
  process.kill(studio.pid, 'SIGKILL')
  await studio.close()
  const again = await launchStudio(studioHost, { home, ...look })
  try {
    await again.page.getByRole('button', { name: 'Restore', exact: true }).click()
    await expect(again.page.getByRole('img', { name: 'Not saved' }).first()).toBeVisible()
    await expect(again.page.getByRole('button', { name, exact: true })).toHaveCount(0)
    await again.page.getByRole('application', { name: /^Graph/ }).focus()
    await again.page.keyboard.press('Control+z')
    await expect(again.page.getByRole('button', { name, exact: true })).toBeVisible()
  } finally {
    await again.close()
  }
})
