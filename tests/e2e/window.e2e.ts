/** What the window does around the work: it says what went wrong without being in the way, asks before edits are lost, and gives the focus back. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from './hosts'
import { dropFiles, expect, test } from './studio'

test('a notice lies over the graph and no panel, and leaves by Escape', async ({ studio, home }) => {
  const { page } = studio
  const canvas = page.getByRole('application', { name: /^Graph / })
  await page.getByRole('tab', { name: 'Log', exact: true }).click()
  const broken = join(home, 'broken.onnx')
  writeFileSync(broken, 'no model')
  await dropFiles(page, [broken])
  const notice = page.getByRole('alert').filter({ hasText: 'broken.onnx' })
  await expect(notice).toBeVisible()
  const over = async (): Promise<boolean> => {
    const [inner, outer] = [await notice.boundingBox(), await canvas.boundingBox()]
    if (inner === null || outer === null) return false
    return inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= outer.x + outer.width && inner.y + inner.height <= outer.y + outer.height
  }
  // Pointed at, it stays.
  await notice.hover()
  await expect.poll(over).toBe(true)
  await page.keyboard.press('Escape')
  await expect(notice).toHaveCount(0)
  await expect(page.getByRole('tabpanel', { name: 'Log' })).toContainText('broken.onnx')
})

test('a model with unsaved edits is closed only after an answer, and saved if that is the answer', async ({ studio, home }) => {
  const { page } = studio
  const tabs = page.getByRole('tablist', { name: 'Open models' }).getByRole('tab')
  const question = page.getByRole('dialog', { name: 'Close mobilenet.onnx?' })
  await expect(page.getByRole('button', { name: 'Optimize', exact: true })).toBeEnabled()
  await dropFiles(page, [join(repository, 'resources/samples/digits/mobilenet.onnx')])
  await expect(tabs).toHaveCount(2)
  await page.getByRole('button', { name: /^Clip / }).first().click()
  await page.keyboard.press('Delete')
  await expect(page.getByRole('img', { name: 'Not saved' }).first()).toBeVisible()
  const close = page.getByRole('navigation', { name: 'Models' }).getByRole('button', { name: 'Close mobilenet.onnx' })
  await close.click()
  await question.getByRole('button', { name: 'Cancel' }).click()
  await expect(question).toHaveCount(0)
  await expect(tabs).toHaveCount(2)
  await close.click()
  const saved = await studio.saveAs(() => question.getByRole('button', { name: 'Save and close' }).click(), home)
  expect(saved).toMatch(/\.onnx$/)
  await expect(page.getByRole('navigation', { name: 'Models' }).getByRole('button', { name: 'Close mobilenet.onnx' })).toHaveCount(0)
})

test('the focus is back where it was after a dialog, the palette and a menu', async ({ studio }) => {
  const { page } = studio
  for (const [name, role] of [['Optimize', 'dialog'], ['Profile', 'dialog'], ['Search or run a command', 'dialog'], ['Theme', 'menu']] as const) {
    const opener = page.getByRole('banner').getByRole('button', { name, exact: true })
    await expect(opener).toBeEnabled()
    await opener.focus()
    await page.keyboard.press('Enter')
    await expect(page.getByRole(role).locator(':focus')).toHaveCount(1)
    await page.keyboard.press('Escape')
    await expect(page.getByRole(role)).toHaveCount(0)
    await expect(opener).toBeFocused()
  }
})
