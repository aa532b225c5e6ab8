/** Comparing models: a variant beside its source, and two models that have little to do with each other. */
import { cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { repository } from './hosts'
import { dropFiles, expect, test } from './studio'

const digits = join(repository, 'resources/samples/digits')

async function open(page: Page, name: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'edgefit-models-'))
  cpSync(join(digits, name), join(folder, name))
  await expect(page.getByRole('button', { name: 'Optimize', exact: true })).toBeEnabled()
  await dropFiles(page, [join(folder, name)])
  await expect(page.getByRole('heading', { name })).toBeVisible()
}

const sides = (page: Page) => page.getByRole('region', { name: 'Side by side' })
const graphs = (page: Page) => sides(page).getByRole('application', { name: /^Graph/ })
const selectedIn = (page: Page, side: 0 | 1) => graphs(page).nth(side).locator('[data-state~="selected"]')

/** Height on the screen of the first box that a selection marks. */
async function heightOf(page: Page, side: 0 | 1): Promise<number> {
  const box = await selectedIn(page, side).first().boundingBox()
  return box === null ? Number.NaN : Math.round(box.y + box.height / 2)
}

test('a variant is compared with its source, side by side', async ({ studio, studioHost }) => {
  const { page } = studio
  await open(page, 'mobilenet.onnx')

  await test.step('make the variant and put it beside its source', async () => {
    await page.getByRole('button', { name: 'Optimize', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('radio', { name: 'Dynamic int8' }).click()
    await dialog.getByRole('button', { name: 'Start optimizing' }).click()
    const variant = page.getByRole('tree', { name: 'Variants' }).getByRole('treeitem').nth(1)
    await expect(variant).toBeVisible({ timeout: 90_000 })
    await variant.getByRole('button').last().click()
    await page.getByRole('menuitem', { name: 'Compare with source' }).click()
    await expect(graphs(page)).toHaveCount(2)
    await expect(sides(page).getByRole('toolbar', { name: 'Differences of both models' })).toContainText(/\d+ the same/)
  })

  await test.step('a click on one side selects the counterpart on the other, at the same height', async () => {
    await graphs(page).nth(0).getByRole('button', { name: /^Conv / }).first().click()
    await expect(selectedIn(page, 0)).toHaveCount(1)
    await expect(selectedIn(page, 1)).toHaveCount(1)
    await expect.poll(async () => Math.abs((await heightOf(page, 0)) - (await heightOf(page, 1)))).toBeLessThan(12)
    await expect(sides(page).getByRole('status', { name: 'Difference', exact: true })).toContainText('Conv')
  })

  await test.step('panning one side moves the other along', async () => {
    const before = await heightOf(page, 1)
    const canvas = await graphs(page).nth(0).boundingBox()
    if (canvas === null) throw new Error('the left graph is not in sight')
    const from = { x: canvas.x + 24, y: canvas.y + canvas.height / 2 }
    await page.mouse.move(from.x, from.y)
    await page.mouse.down()
    await page.mouse.move(from.x, from.y - 60, { steps: 6 })
    await page.mouse.up()
    await expect.poll(() => heightOf(page, 1)).toBeLessThan(before - 30)
  })

  await test.step('the keys go from difference to difference, and the list follows', async () => {
    await page.getByRole('tab', { name: 'Compare', exact: true }).click()
    const list = page.getByRole('table', { name: 'Differences' })
    await graphs(page).nth(1).focus()
    const place = sides(page).getByRole('status', { name: /^Difference .* of / })
    await page.keyboard.press('F7')
    const first = await place.textContent()
    await page.keyboard.press('F7')
    await expect(place).not.toHaveText(first ?? '')
    await expect(list.getByRole('row', { selected: true })).toHaveCount(1)
    await page.keyboard.press('Shift+F7')
    await expect(place).toHaveText(first ?? '')
  })

  // Elsewhere the system's own dialog asks where to.
  if (studioHost === 'browser') {
    await test.step('the picture of it has both models, and what the colours mean', async () => {
      const picture = await studio.saveAs(async () => {
        await page.keyboard.press('Control+k')
        await page.getByPlaceholder('What do you want to do?').fill('Export view as SVG')
        await page.getByRole('dialog').getByText('Export view as SVG', { exact: true }).first().click()
      }, mkdtempSync(join(tmpdir(), 'edgefit-pictures-')))
      const svg = readFileSync(picture, 'utf8')
      expect(svg).toContain('>A  mobilenet.onnx<')
      expect(svg).toMatch(/>B {2}mobilenet · .*int8.*</)
      expect(svg).toMatch(/>Q\/DQ, Cast \d+</)
    })
  }

  await test.step('ending the comparison leaves the graph of the model in front', async () => {
    await page.getByRole('button', { name: 'End the comparison' }).click()
    await expect(sides(page)).toHaveCount(0)
    await expect(page.getByRole('application', { name: /^Graph/ })).toHaveCount(1)
  })
})

test('two models that have little in common are said to be different ones', async ({ studio }) => {
  const { page } = studio
  await open(page, 'mobilenet.onnx')
  await page.getByRole('tab', { name: 'Compare', exact: true }).click()
  await page.getByRole('button', { name: 'Side by side' }).click()
  await expect(graphs(page)).toHaveCount(2)
  await expect(sides(page).getByText(/^These look like different models/)).toBeVisible()
})
