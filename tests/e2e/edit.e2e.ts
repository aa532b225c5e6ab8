/** Editing a model in the window. */
import { cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { repository } from './hosts'
import { dropFiles, expect, test } from './studio'

const digits = join(repository, 'resources/samples/digits')

/** Copies under names of their own: the window begins with a sample that would be taken for the model that was dropped. */
function folderWith(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'edgefit-models-'))
  for (const name of names) cpSync(join(digits, name), join(folder, `own-${name}`))
  return folder
}

const inspector = (page: Page) => page.getByRole('complementary', { name: 'Inspector' })
const firstConv = (page: Page) => page.getByRole('button', { name: /^Conv / }).first()

async function open(page: Page, path: string, title: string): Promise<void> {
  await expect(page.getByRole('button', { name: 'Optimize', exact: true })).toBeEnabled()
  await dropFiles(page, [path])
  await expect(page.getByRole('heading', { name: title })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Input image' })).toBeVisible()
}

/** Changes a field of the inspector in its place. */
async function setField(page: Page, name: string, value: string): Promise<void> {
  await inspector(page).getByRole('button', { name: `Edit ${name}`, exact: true }).click()
  await inspector(page).getByRole('textbox', { name, exact: true }).fill(value)
  await page.keyboard.press('Enter')
}

test('a model is found in, edited, undone, saved and opened again', async ({ studio }) => {
  const { page } = studio
  const folder = folderWith('resnet.onnx')
  await open(page, join(folder, 'own-resnet.onnx'), 'own-resnet.onnx')

  await test.step('find a node and change an attribute', async () => {
    await firstConv(page).click()
    await setField(page, 'group', 'many')
    await expect(inspector(page)).toContainText('A whole number is needed.')
    await page.keyboard.press('Escape')
    await setField(page, 'dilations', '2, 2')
    await expect(inspector(page)).toContainText('2, 2')
    await expect(page.getByRole('img', { name: 'Not saved' }).first()).toBeVisible()
  })

  await test.step('rename the node', async () => {
    await setField(page, 'Node name', 'stem')
    await expect(page.getByRole('heading', { name: 'stem' })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Conv stem' })).toBeVisible()
  })

  await test.step('delete a node: its readers read what it read; undo brings it back', async () => {
    const relus = page.getByRole('button', { name: /^Relu/ })
    await relus.first().click()
    const name = await relus.first().getAttribute('aria-label')
    await page.keyboard.press('Delete')
    await expect(page.getByRole('button', { name: name ?? '', exact: true })).toHaveCount(0)
    await page.keyboard.press('Control+z')
    await expect(page.getByRole('button', { name: name ?? '', exact: true })).toBeVisible()
  })

  await test.step('rewire by drawing a value onto another node', async () => {
    const source = page.getByRole('img', { name: /MaxPool.* · Drag/ }).first()
    await page.getByRole('button', { name: /^MaxPool/ }).first().click()
    await source.hover({ trial: true })
    const target = page.getByRole('button', { name: /^Relu/ }).nth(1)
    const before = await target.getAttribute('aria-label')
    const from = await source.boundingBox()
    const to = await target.boundingBox()
    if (from === null || to === null) throw new Error('the nodes are not in sight')
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2)
    await page.mouse.down()
    await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 5 })
    await page.mouse.up()
    await page.getByRole('menuitem', { name: /^X: / }).click()
    await page.getByRole('button', { name: before ?? '', exact: true }).click()
    await expect(inspector(page).getByRole('region', { name: 'Inputs' })).toContainText('MaxPool_output_0')
    await page.keyboard.press('Control+z')
    await expect(inspector(page).getByRole('region', { name: 'Inputs' })).not.toContainText('MaxPool_output_0')
  })

  await test.step('the history leads back to how the model was opened, and forth again', async () => {
    await page.getByRole('tab', { name: 'History' }).click()
    const history = page.getByRole('tabpanel', { name: 'History' })
    await expect(history.getByRole('button')).toHaveCount(4)
    await history.getByRole('button', { name: 'As opened' }).click()
    await expect(page.getByRole('button', { name: 'Conv stem' })).toHaveCount(0)
    await expect(page.getByRole('img', { name: 'Not saved' })).toHaveCount(0)
    await history.getByRole('button', { name: /Rename/ }).click()
    await expect(page.getByRole('button', { name: 'Conv stem' })).toBeVisible()
  })

  await test.step('edit it as text: a mistake is told at its line, what is right takes effect', async () => {
    await page.getByText('Text', { exact: true }).click()
    const bar = page.getByRole('toolbar', { name: 'Edit model text' })
    const text = page.getByRole('textbox', { name: 'Model text' })
    await expect(page.locator('.view-line').first()).toBeVisible()
    await text.focus()
    await page.keyboard.press('Control+Home')
    await page.keyboard.type('§')
    await bar.getByRole('button', { name: 'Apply' }).click()
    await expect(bar).toContainText('line 1')
    await bar.getByRole('button', { name: 'Revert' }).click()
    await text.focus()
    await page.keyboard.press('Control+f')
    await page.keyboard.type('pytorch')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    await page.keyboard.type('studio')
    await bar.getByRole('button', { name: 'Apply' }).click()
    await expect(bar).toContainText('Edits take effect when they are applied')
    await page.getByText('Graph', { exact: true }).click()
    await page.getByRole('application', { name: /^Graph/ }).press('Escape')
    await expect(inspector(page)).toContainText('studio')
  })

  await test.step('save and open again: the edits are there', async () => {
    await page.keyboard.press('Control+f')
    await page.getByPlaceholder(/^Name, op:/).fill('stem')
    await expect(page.getByRole('search')).toContainText(/of 1/)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    await expect(page.getByRole('heading', { name: 'stem' })).toBeVisible()
    await setField(page, 'dilations', '1, 1')
    const saved = await studio.saveAs(() => page.getByRole('button', { name: 'Save as', exact: true }).click(), folder)
    expect(readFileSync(saved).includes('studio')).toBe(true)
    await dropFiles(page, [saved])
    await expect(page.getByRole('tab', { name: 'own-resnet.onnx' })).toHaveCount(2)
    await expect(page.getByRole('button', { name: 'Conv stem' })).toBeVisible()
    await expect(inspector(page)).toContainText('studio')
  })
})

test('nodes are added from the palette, put on an edge, framed, copied to another model and pasted', async ({ studio }) => {
  const { page } = studio
  const folder = folderWith('resnet.onnx', 'mobilenet.onnx')
  await open(page, join(folder, 'own-resnet.onnx'), 'own-resnet.onnx')

  await test.step('add a node with a typed attribute', async () => {
    await page.getByRole('button', { name: 'Add a node…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add a node' })
    await dialog.getByRole('textbox', { name: 'Find an operator' }).fill('leakyre')
    await dialog.getByRole('option', { name: /^LeakyRelu/ }).click()
    await dialog.getByRole('textbox', { name: 'Node name' }).fill('leak')
    await dialog.getByLabel(/^X( \*)?$/).fill('image')
    await dialog.getByRole('textbox', { name: 'alpha' }).fill('much')
    await expect(dialog).toContainText('A number is needed.')
    await dialog.getByRole('textbox', { name: 'alpha' }).fill('0.25')
    await dialog.getByRole('button', { name: 'Add LeakyRelu' }).click()
    await expect(page.getByRole('heading', { name: 'leak' })).toBeVisible()
    await expect(inspector(page)).toContainText('0.25')
    await page.keyboard.press('Control+z')
    await expect(page.getByRole('button', { name: 'LeakyRelu leak' })).toHaveCount(0)
  })

  await test.step('insert a node on an edge', async () => {
    await page.getByRole('button', { name: 'Value /f/f.2/Relu_output_0' }).first().click({ button: 'right', force: true })
    await page.getByRole('menuitem', { name: 'Insert a node…' }).click()
    const dialog = page.getByRole('dialog', { name: /^Insert a node on/ })
    await dialog.getByRole('textbox', { name: 'Find an operator' }).fill('Sigmoid')
    await dialog.getByRole('textbox', { name: 'Node name' }).fill('gate')
    await dialog.getByRole('button', { name: 'Insert Sigmoid' }).click()
    await expect(page.getByRole('button', { name: 'Sigmoid gate' })).toBeVisible()
    await expect(inspector(page).getByRole('region', { name: 'Inputs' })).toContainText('/f/f.2/Relu_output_0')
  })

  await test.step('frame two nodes and copy them to another model', async () => {
    const gate = page.getByRole('button', { name: 'Sigmoid gate' })
    // Waits until the dialog has gone and the node has come to rest.
    await gate.click({ trial: true })
    const first = await gate.boundingBox()
    if (first === null) throw new Error('the node is not in sight')
    await page.keyboard.down('Shift')
    await page.mouse.move(first.x - 80, first.y - 8)
    await page.mouse.down()
    await page.mouse.move(first.x + 60, first.y + 90, { steps: 4 })
    await page.mouse.up()
    await page.keyboard.up('Shift')
    await expect(inspector(page)).toContainText('2 nodes')
    await page.keyboard.press('Control+c')
    await open(page, join(folder, 'own-mobilenet.onnx'), 'own-mobilenet.onnx')
    await page.getByRole('application', { name: /^Graph/ }).focus()
    await page.keyboard.press('Control+v')
    await expect(inspector(page)).toContainText('2 nodes')
    await expect(page.getByRole('img', { name: 'Not saved' })).toHaveCount(4)
  })
})
