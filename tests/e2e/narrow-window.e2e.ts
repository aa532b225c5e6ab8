/** A window that is made narrow while it runs: what people work with stays whole, and models of one name are told apart. */
import { cpSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repository } from './hosts'
import { dropFiles, expect, test } from './studio'

test('made narrow, the toolbar of the graph stays whole, the legend leaves the graph, and tabs of one name differ', async ({ studio }) => {
  const { page } = studio
  const tabs = page.getByRole('tablist', { name: 'Open models' }).getByRole('tab')
  await expect(page.getByRole('button', { name: 'Optimize', exact: true })).toBeEnabled()

  await test.step('two files of one name', async () => {
    for (const count of [2, 3]) {
      const path = join(mkdtempSync(join(tmpdir(), 'edgefit-models-')), 'model.onnx')
      cpSync(join(repository, 'resources/samples/digits/mobilenet.onnx'), path)
      await dropFiles(page, [path])
      await expect(tabs).toHaveCount(count)
    }
    const [, first, second] = await tabs.allTextContents()
    expect(first).toContain('model.onnx')
    expect(second).toContain('model.onnx')
    expect(first).not.toBe(second)
  })

  await test.step('a narrow window cuts no tool off', async () => {
    await page.getByRole('combobox', { name: 'Colours' }).click()
    await page.getByRole('option', { name: 'MACs' }).click()
    await page.setViewportSize({ width: 1024, height: 700 })
    const right = page.getByRole('complementary', { name: 'Inspector' })
    const lastTool = page.getByRole('toolbar', { name: 'View', exact: true }).getByRole('radiogroup')
    const edge = async () => ((await lastTool.boundingBox())?.x ?? Infinity) + ((await lastTool.boundingBox())?.width ?? 0)
    await expect.poll(async () => (await edge()) <= ((await right.boundingBox())?.x ?? 0)).toBe(true)
  })

  await test.step('the legend is below the canvas', async () => {
    const canvas = page.getByRole('application', { name: /^Graph / })
    const legend = page.getByRole('figure', { name: 'Colour scale' })
    await expect(legend).toContainText('MACs')
    await expect
      .poll(async () => {
        const [above, below] = [await canvas.boundingBox(), await legend.boundingBox()]
        return above !== null && below !== null && above.y + above.height <= below.y + 1
      })
      .toBe(true)
  })
})
