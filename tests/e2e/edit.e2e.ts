/** Editing a model in the window. */
import { cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { repository } from './hosts'
import { dropFiles, expect, test } from './studio'

const digits = join(repository, 'resources/samples/digits')

function folderWith(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'edgefit-models-'))
  for (const name of names) cpSync(join(digits, name), join(folder, name))
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
  await open(page, join(folder, 'resnet.onnx'), 'resnet.onnx')

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

  await test.step('save and open again: the edits are there', async () => {
    await page.getByRole('button', { name: 'Conv stem' }).click()
    await setField(page, 'dilations', '1, 1')
    const saved = await studio.saveAs(() => page.getByRole('button', { name: 'Save as', exact: true }).click(), folder)
    expect(readFileSync(saved).includes('stem')).toBe(true)
  })
})
