/** What is done beside the graph: a model simplified after a look at what that would do, and quantized by a recipe edited both ways. */
import { expect, test } from './studio'

const LONG = { timeout: 60_000 }

test('a model is simplified and quantized from the panels beside the graph', async ({ studio }) => {
  const { page } = studio
  const variants = page.getByRole('tree', { name: 'Variants' }).getByRole('treeitem')
  const panel = (name: string) => page.getByRole('tabpanel', { name, exact: true })
  await expect(variants).toHaveCount(1)

  await test.step('a preview tells what each pass would do, and memory is shown only with sizes', async () => {
    await page.getByRole('tab', { name: 'Simplify', exact: true }).click()
    await panel('Simplify').getByRole('textbox', { name: 'batch', exact: true }).fill('1')
    await expect(panel('Simplify').getByRole('img', { name: /Activation memory over \d+ steps/ })).toBeVisible()
    await panel('Simplify').getByRole('button', { name: 'Preview', exact: true }).click()
    await expect(panel('Simplify').getByText(/^\d+ → \d+$/)).toBeVisible(LONG)
    await expect(panel('Simplify')).toContainText('nothing to do')
    await expect(variants).toHaveCount(1)
  })

  await test.step('applied, it is a variant; unticked, the preview is told to be old', async () => {
    await panel('Simplify').getByRole('button', { name: 'Apply as a variant' }).click()
    await expect(variants).toHaveCount(2, LONG)
    await panel('Simplify').getByRole('checkbox', { name: 'Fuse GELU' }).uncheck()
    await expect(panel('Simplify')).toContainText('The choice has changed since the preview.')
  })

  await test.step('a switch is in the JSON, and the recipe makes a variant with figures of each layer', async () => {
    await page.getByRole('tab', { name: 'Quantize', exact: true }).click()
    await panel('Quantize').getByRole('switch', { name: 'Correct biases' }).click({ force: true })
    await panel('Quantize').getByText('JSON', { exact: true }).click()
    await expect(panel('Quantize')).toContainText('"int8-static-custom"', LONG)
    await panel('Quantize').getByText('Form', { exact: true }).click()
    await expect(panel('Quantize').getByRole('switch', { name: 'Correct biases' })).toBeChecked()
    await panel('Quantize').getByRole('button', { name: 'Quantize', exact: true }).click()
    await expect(variants).toHaveCount(3, LONG)
    await expect(panel('Quantize').getByRole('list', { name: 'Quantized layers' }).getByRole('listitem').first()).toContainText('dB')
    await expect(panel('Quantize').getByRole('table')).toContainText('×')
  })
})
