/** Looking at graphs: groups fold and unfold, find reads filters, types are hidden, an operator is explained. */
import { join } from 'node:path'
import { repository } from './hosts'
import { dropFiles, expect, test } from './studio'

const mobilenet = join(repository, 'resources/samples/digits/mobilenet.onnx')

test('a graph is grouped, searched, thinned out and explained', async ({ studio }) => {
  const { page } = studio
  const graph = page.getByRole('application', { name: /^Graph/ })
  const inspector = page.getByRole('complementary', { name: 'Inspector' })
  await expect(page.getByRole('button', { name: 'Optimize', exact: true })).toBeEnabled()
  await dropFiles(page, [mobilenet])
  await expect(page.getByRole('heading', { name: 'mobilenet.onnx' })).toBeVisible()

  await test.step('the list of keys opens and closes; the log, too', async () => {
    await page.keyboard.press('Shift+?')
    await expect(page.getByRole('dialog', { name: 'Keyboard and mouse' })).toContainText('Frame nodes to select them')
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await page.getByRole('tab', { name: 'Log', exact: true }).click()
    await expect(page.getByRole('log')).toContainText('mobilenet.onnx')
    await page.keyboard.press('Control+j')
    await expect(page.getByRole('log')).toHaveCount(0)
  })

  await test.step('the wheel moves the view, with Ctrl it zooms; keys zoom, too', async () => {
    const zoom = page.getByRole('button', { name: /^Zoom to 100 %/ })
    const input = graph.getByRole('button', { name: 'Input image' })
    const before = await input.boundingBox()
    await graph.hover()
    await page.mouse.wheel(0, 40)
    await expect.poll(async () => (await input.boundingBox())?.y).toBeLessThan(before?.y ?? 0)
    await expect(zoom).toHaveText('100 %')
    await page.keyboard.down('Control')
    await page.mouse.wheel(0, 40)
    await page.keyboard.up('Control')
    await expect(zoom).not.toHaveText('100 %')
    await page.keyboard.press('1')
    await expect(zoom).toHaveText('100 %')
    await page.mouse.wheel(0, -40)
  })

  await test.step('a node is clicked: the inspector says what its operator takes', async () => {
    await graph.getByRole('button', { name: /^Conv / }).first().click()
    await expect(inspector.getByRole('region', { name: 'About the operator' })).toContainText('kernel_shape')
  })

  await test.step('groups appear; one unfolds into its nodes and folds again', async () => {
    await page.getByRole('button', { name: 'Group the graph' }).click()
    const unfold = graph.getByRole('button', { name: /^Unfold / }).first()
    await expect(unfold).toBeVisible()
    const before = await graph.getByRole('button', { name: /^(Conv|Group) / }).count()
    const name = ((await unfold.getAttribute('aria-label')) ?? '').replace('Unfold ', '')
    await unfold.click()
    const fold = graph.getByRole('button', { name: `Fold ${name}`, exact: true })
    await expect(fold).toBeVisible()
    expect(await graph.getByRole('button', { name: /^(Conv|Group) / }).count()).toBeGreaterThan(before)
    await fold.click()
    await expect(fold).toHaveCount(0)
  })

  await test.step('find goes to a node inside a folded group, and the group opens for it', async () => {
    await graph.focus()
    await page.keyboard.press('f')
    const find = page.getByRole('search')
    await find.getByRole('textbox').fill('op:Conv params:>100')
    await expect(find.getByRole('status')).toContainText(/0 of [1-9]/)
    await find.getByRole('textbox').press('Enter')
    await expect(inspector).toContainText('kernel_shape')
    await find.getByRole('list', { name: 'Matches' }).getByRole('button').nth(1).click()
    await expect(find.getByRole('status')).toContainText(/2 of [1-9]/)
    await find.getByRole('textbox').fill('/(/')
    await expect(find.getByRole('status')).toContainText('Cannot read')
    await find.getByRole('textbox').press('Escape')
  })

  await test.step('without groups, a hidden type leaves the picture and comes back', async () => {
    await page.getByRole('button', { name: 'Group the graph' }).click()
    await page.getByRole('button', { name: 'Show the whole graph' }).click()
    await page.getByRole('tab', { name: 'Operators' }).click()
    const panel = page.getByRole('tabpanel', { name: 'Operators' })
    await panel.getByRole('button', { name: 'Hide Conv in the graph' }).click()
    await expect(panel.getByRole('status')).toContainText('1 type is hidden')
    await expect(graph.getByRole('button', { name: /^Conv / })).toHaveCount(0)
    await panel.getByRole('button', { name: 'Show all' }).click()
    await expect(panel.getByRole('status')).toHaveCount(0)
  })
})
