/** The Quantize panel as its user goes through it: a recipe written by hand, a look at values, a run broken off and one that ends. */
import type { Locator, Page } from '@playwright/test'
import { expect, test } from './studio'

const LONG = { timeout: 60_000 }

/** In place of what the editor holds, as from the clipboard: typed brackets would be completed. */
async function paste(page: Page, panel: Locator, text: string): Promise<void> {
  await panel.locator('.monaco-editor').first().click()
  await page.keyboard.press('Control+A')
  await page.keyboard.press('Delete')
  await page.evaluate((pasted) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', pasted)
    document.activeElement?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, text)
}

test('a recipe is written by hand, told what is wrong with it, broken off in the middle and run to its end', async ({ studio: { page } }) => {
  const panel = page.getByRole('tabpanel', { name: 'Quantize', exact: true })
  const start = panel.getByRole('button', { name: 'Quantize', exact: true })
  const variants = page.getByRole('tree', { name: 'Variants' }).getByRole('treeitem')
  await expect(page.getByRole('button', { name: 'Input image' })).toBeVisible()
  await page.getByRole('tab', { name: 'Quantize', exact: true }).click()

  await test.step('values of a node are shown with the range that each method chooses', async () => {
    await page.getByRole('button', { name: /^Conv / }).first().click()
    await panel.getByRole('button', { name: /^Show / }).click()
    await expect(panel.getByRole('img', { name: /^Histogram of / })).toBeVisible(LONG)
    await panel.getByRole('button', { name: /^Use least error for / }).click()
    await expect(panel.getByRole('button', { name: /^Remove the exception of / })).toBeVisible()
  })

  await test.step('what is no JSON, or no option of a pass, is told, and cannot be run', async () => {
    await panel.getByText('JSON', { exact: true }).click()
    await expect(panel).toContainText('"tensorOverrides"', LONG)
    await paste(page, panel, '[{"pass": "quantize-static"')
    await expect(panel.getByRole('alert')).toContainText('The text is not JSON yet')
    await expect(start).toBeDisabled()
    await paste(page, panel, '[{"pass": "quantize-static", "options": {"calibartion": "mse"}}]')
    await expect(panel.getByRole('alert')).toContainText("there is no option 'calibartion'. Did you mean 'calibration'?")
    await expect(start).toBeDisabled()
    await paste(page, panel, '[{"pass": "quantize-static", "options": {"calibration": "mse", "perChannel": false}}]')
    await expect(panel.getByRole('alert')).toHaveCount(0)
    await panel.getByText('Form', { exact: true }).click()
    await expect(panel.getByRole('combobox', { name: 'How ranges are chosen' })).toHaveValue('least error')
    await expect(panel.getByRole('switch', { name: 'A scale for each channel' })).not.toBeChecked()
    // The histogram further down is only shown again.
    await expect(panel.getByRole('combobox', { name: 'Precision' })).toBeInViewport()
  })

  await test.step('another precision and back: what was set up is still there', async () => {
    for (const precision of ['int8, dynamic', 'int8, static']) {
      await panel.getByRole('combobox', { name: 'Precision' }).click()
      await page.getByRole('option', { name: precision, exact: true }).click()
    }
    await expect(panel.getByRole('combobox', { name: 'How ranges are chosen' })).toHaveValue('least error')
  })

  await test.step('broken off while it runs, it leaves nothing; run again, it says what came of it', async () => {
    await start.click()
    await panel.getByRole('button', { name: 'Cancel' }).click()
    await expect(start).toBeEnabled(LONG)
    await expect(variants).toHaveCount(1)
    await start.click()
    await expect(variants).toHaveCount(2, LONG)
    await expect(panel).toContainText(/On this computer all \d+ convolutions and matrix products compute on integers\./)
    await expect(panel.getByRole('table').last().getByRole('row', { name: /dB.*×/ })).toHaveCount(1)
    await expect(panel.getByRole('table').last()).toContainText('Per channel off · Calibration mse · on calibration.npz')
  })
})
