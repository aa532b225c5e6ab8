/** Pruning beside the graph: what would go is seen there first, then it is done, and the result is a smaller variant. */
import { join } from 'node:path'
import type { Page } from '@playwright/test'
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

test('blocks are left out, and the model is smaller', async ({ studio }) => {
  const { page } = studio
  const variants = page.getByRole('tree', { name: 'Variants' }).getByRole('treeitem')
  const panel = page.getByRole('tabpanel', { name: 'Prune', exact: true })
  const legend = page.getByRole('figure', { name: 'Colour scale' })
  await openForPruning(page)
  await chooseMethod(page, 'Whole blocks')

  await test.step('the blocks that could go are listed and coloured before anything is run', async () => {
    await expect(legend).toContainText('Blocks that could go')
    await expect(panel.getByRole('button', { name: /^Show .* in the graph$/ }).first()).toContainText('MACs')
    await expect(panel.getByText('Which go is found by running the model without each.')).toBeVisible()
  })

  await test.step('with a larger error allowed one goes, and the variant is smaller', async () => {
    await panel.getByRole('textbox', { name: 'Max error' }).fill('1')
    await panel.getByRole('combobox', { name: 'Recovery' }).click()
    await page.getByRole('option', { name: 'none' }).click()
    await panel.getByRole('button', { name: 'Remove blocks' }).click()
    await expect(variants).toHaveCount(2, LONG)
    await expect(variants.last()).toContainText('Blocks removed')
    await expect(variants.last()).toContainText(/0\.\d+×/)
  })
})

test('weights are set to zero, which makes nothing faster, and the panel says so; the recipe is JSON too', async ({ studio }) => {
  const { page } = studio
  const variants = page.getByRole('tree', { name: 'Variants' }).getByRole('treeitem')
  const panel = page.getByRole('tabpanel', { name: 'Prune', exact: true })
  const table = panel.getByRole('table', { name: 'What this would do' })
  await openForPruning(page)
  await chooseMethod(page, 'Magnitude')

  await test.step('beforehand: how many zeros, and that time and size stay', async () => {
    await expect(table.getByRole('row', { name: /^Weights set to zero/ })).toContainText(/5\d\.?\d* %|4\d\.\d %/)
    await expect(table.getByRole('row', { name: /^MACs/ })).toContainText('same')
    await expect(panel.getByText(/^Zeros alone make nothing faster here/)).toBeVisible()
  })

  await test.step('the recipe as JSON follows the form', async () => {
    await panel.getByRole('textbox', { name: 'Sparsity' }).fill('0.7')
    await panel.getByText('Recipe as JSON').click()
    await expect(panel.getByRole('code')).toContainText('"sparsity": 0.7')
    await expect(panel.getByRole('code')).toContainText('"method": "magnitude"')
    await panel.getByText('Form', { exact: true }).click()
  })

  await test.step('done, it is a variant as large as before, and its zeros can be seen on the graph', async () => {
    await panel.getByRole('button', { name: 'Set 70 % to zero' }).click()
    await expect(variants).toHaveCount(2, LONG)
    await expect(variants.last()).toContainText('70 % zeros (magnitude)')
    await expect(variants.last()).toContainText(/(0\.99\d*|1(\.00\d*)?)×/)
    await panel.getByRole('button', { name: /^Open / }).click()
    await panel.getByRole('button', { name: 'Show sparsity on the graph' }).click()
    await expect(page.getByRole('figure', { name: 'Colour scale' })).toContainText('Sparsity')
  })
})

async function openForPruning(page: Page): Promise<void> {
  await expect(page.getByRole('button', { name: 'Optimize', exact: true })).toBeEnabled()
  await dropFiles(page, [join(repository, 'resources/samples/digits/resnet-wide.onnx')])
  await expect(page.getByRole('heading', { name: 'resnet-wide.onnx' })).toBeVisible()
  await page.getByRole('tab', { name: 'Prune', exact: true }).click()
}

async function chooseMethod(page: Page, name: string): Promise<void> {
  await page.getByRole('combobox', { name: 'How to prune' }).click()
  await page.getByRole('option', { name }).click()
}
