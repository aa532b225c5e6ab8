/** What is done beside the graph: a model simplified after a look at what that would do, and quantized by a recipe edited both ways. */
import { expect, test } from './studio'

const LONG = { timeout: 60_000 }

test('a model is simplified and quantized from the panels beside the graph', async ({ studio }) => {
  const { page } = studio
  const variants = page.getByRole('tree', { name: 'Variants' }).getByRole('treeitem')
  const panel = (name: string) => page.getByRole('tabpanel', { name, exact: true })
  await expect(variants).toHaveCount(1)

  await test.step('a preview tells what each pass would do, and memory is that of one sample until sizes are given', async () => {
    await page.getByRole('tab', { name: 'Simplify', exact: true }).click()
    await expect(panel('Simplify')).toContainText('batch = 1.')
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
    // A click at where it was misses it while the panel above it fills.
    await panel('Quantize').getByRole('switch', { name: 'Correct biases' }).press('Space')
    await expect(panel('Quantize').getByRole('switch', { name: 'Correct biases' })).toBeChecked()
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

test('variants are measured together, and what is closed takes nothing with it', async ({ studio }) => {
  const { page } = studio
  const panel = (name: string) => page.getByRole('tabpanel', { name, exact: true })
  await page.getByRole('tab', { name: 'Simplify', exact: true }).click()
  await panel('Simplify').getByRole('button', { name: 'Apply as a variant' }).click()
  await expect(page.getByRole('tree', { name: 'Variants' }).getByRole('treeitem')).toHaveCount(2, LONG)

  await test.step('source and variants are measured from their table, and stand beside each other by operator', async () => {
    await page.getByRole('tab', { name: 'Variants', exact: true }).click()
    await panel('Variants').getByRole('button', { name: 'Measure latency' }).click()
    await expect(panel('Variants').getByRole('row').nth(2)).toContainText(/ms.*×/, LONG)
    await page.getByRole('tab', { name: 'Profile', exact: true }).click()
    await panel('Profile').getByText('By operator', { exact: true }).click()
    await panel('Profile').getByLabel('Compare with another model').first().click()
    await page.getByRole('option', { name: /Beside: .* Simplify/ }).click()
    await expect(panel('Profile').getByRole('columnheader', { name: 'Difference, ms' })).toBeVisible()
  })

  await test.step('the log is read and left, and the window stays', async () => {
    await page.getByRole('tab', { name: 'Log', exact: true }).click()
    await expect(panel('Log')).toContainText('Done: Optimize, ')
    await page.getByRole('tab', { name: 'Jobs', exact: true }).click()
    await expect(panel('Jobs').getByRole('listitem').first()).toBeVisible()
  })

  await test.step("onnxruntime's graph stands beside the model, and either may be closed", async () => {
    await page.getByRole('tab', { name: 'Simplify', exact: true }).click()
    await panel('Simplify').getByRole('button', { name: /Open onnxruntime/ }).click()
    await expect(page.getByRole('tab', { name: 'resnet (onnxruntime).onnx' })).toBeVisible(LONG)
    await page.getByRole('tab', { name: 'resnet.onnx', exact: true }).click()
    await panel('Simplify').getByRole('button', { name: 'Side by side' }).click()
    await expect(page.getByRole('region', { name: 'Side by side' })).toBeVisible()
    await page.getByRole('button', { name: 'Close resnet.onnx' }).first().click()
    await expect(page.getByRole('region', { name: 'Side by side' })).toHaveCount(0)
    await expect(page.getByRole('button', { name: /^FusedConv / }).first()).toBeVisible()
  })
})
