/** Pruning beside the graph: what would go is seen there first, then it is done, and the result is a smaller variant. */
import { join } from 'node:path'
import { repository } from './hosts'
import { dropFiles, expect, test } from './studio'

const LONG = { timeout: 60_000 }

test('a model is pruned after a look at what would go', async ({ studio }) => {
  const { page } = studio
  const variants = page.getByRole('tree', { name: 'Variants' }).getByRole('treeitem')
  const panel = page.getByRole('tabpanel', { name: 'Prune', exact: true })
  const legend = page.getByRole('figure', { name: 'Colour scale' })
  const macsSaved = panel.getByRole('table', { name: 'What this would do' }).getByRole('row', { name: /^MACs/ })
  await expect(page.getByRole('button', { name: 'Optimize', exact: true })).toBeEnabled()
  await dropFiles(page, [join(repository, 'resources/samples/digits/resnet-wide.onnx')])
  await expect(page.getByRole('heading', { name: 'resnet-wide.onnx' })).toBeVisible()
  await expect(variants).toHaveCount(1)

  await test.step('the preview has figures, a list and colours on the graph, and nothing is done yet', async () => {
    await page.getByRole('tab', { name: 'Prune', exact: true }).click()
    await expect(macsSaved).toContainText(/−3\d\.\d %/)
    await expect(panel.getByRole('button', { name: /^Show .* in the graph$/ }).first()).toContainText(/^.*\d+ → \d+$/)
    await expect(legend).toContainText('Channels that go together')
    await expect(variants).toHaveCount(1)
  })

  await test.step('asked for more, it shows more', async () => {
    await panel.getByRole('slider', { name: 'How much' }).press('End')
    await expect(macsSaved).toContainText(/−[78]\d\.\d %/)
    await expect(panel.getByRole('button', { name: 'Prune by 80 %' })).toBeEnabled()
  })

  await test.step('applied without fitting, it is a variant of less than half the size, listed with its figures', async () => {
    await panel.getByRole('combobox', { name: 'Make up for it' }).click()
    await page.getByRole('option', { name: 'Not at all' }).click()
    await panel.getByRole('button', { name: 'Prune by 80 %' }).click()
    await expect(variants).toHaveCount(2, LONG)
    await expect(variants.last()).toContainText(/0\.[1-4]\d*×/)
    await expect(panel.getByRole('button', { name: /^Open / })).toContainText('dB')
  })

  await test.step('opened beside its source, the graph shows what went', async () => {
    await panel.getByRole('button', { name: /^Open / }).click()
    await panel.getByRole('button', { name: 'Show on the graph what went' }).click()
    await expect(legend).toContainText('Parameters that went')
  })
})
