/** Trying samples in the window: what a person gives, what the models answer, an int8 variant beside its source. */
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { repository } from './hosts'
import { dropFiles, expect, test } from './studio'

const panel = (page: Page): Locator => page.getByRole('complementary', { name: 'Try' })

/** From the model that is open to the welcome screen, and to a sample on it. */
async function openSample(page: Page, scenario: string, name: string): Promise<void> {
  await expect(page.getByRole('button', { name: /^Input / }).first()).toBeVisible()
  // Keys belong to a text field that has the focus.
  await page.getByRole('button', { name: /^Close .*\.onnx/ }).first().click()
  const welcome = page.getByRole('main', { name: 'Welcome' })
  await welcome.getByRole('article', { name: scenario }).getByRole('button', { name }).click()
  await expect(page.getByRole('button', { name: /^Input / }).first()).toBeVisible()
}

test('a sample of the welcome screen is tried, made int8, and tried beside its source', async ({ studio: { page } }) => {
  await openSample(page, 'Image recognition', 'Digits, mobile')
  await page.getByRole('tab', { name: 'Try' }).click()
  await panel(page).getByRole('button', { name: 'Next example' }).click()
  const source = panel(page).getByRole('article', { name: 'mobilenet.onnx' })
  await expect(source).toContainText(/Within the budget of 100 ms|Over the budget of 100 ms/)
  await expect(source.getByRole('listitem')).toHaveCount(5)

  await test.step('the runtime in the window gives the same answer', async () => {
    await panel(page).getByRole('checkbox', { name: /in this window/ }).check()
    const here = panel(page).getByRole('article', { name: 'mobilenet.onnx, in this window' })
    await expect(here).toContainText('Same answer as the source')
    await panel(page).getByRole('checkbox', { name: /in this window/ }).uncheck()
  })

  await test.step('an int8 variant comes up beside it and answers the same input', async () => {
    await page.getByRole('button', { name: 'Optimize', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('radio', { name: 'Static int8', exact: true }).click()
    await dialog.getByRole('button', { name: 'Start optimizing' }).click()
    const variant = panel(page).getByRole('article', { name: /Static int8/ })
    await expect(variant).toContainText('Same answer as the source', { timeout: 90_000 })
    const named = (article: Locator) => article.getByRole('listitem').first().locator('span').first().innerText()
    expect(await named(variant)).toBe(await named(source))
  })

  await test.step('a picture dropped anywhere is tried; anything else is told what is wanted', async () => {
    await dropFiles(page, [join(repository, 'docs/studio.png')])
    await expect(panel(page).getByText(/^Label: /)).toHaveCount(0)
    await expect(source.getByRole('listitem')).toHaveCount(5)
    await dropFiles(page, [join(repository, 'README.md')])
    await expect(panel(page).getByRole('alert')).toContainText('“README.md” is no picture. This model takes a picture')
  })
})

test('sentences, gestures, sliders, pictures and phrases each get the answer of their kind', async ({ studio: { page } }) => {
  await openSample(page, 'Voice assistant', 'Intents, student')
  await page.getByRole('tab', { name: 'Try' }).click()
  await panel(page).getByRole('textbox', { name: 'Sentence' }).fill('明天早上七点半叫我起床')
  await panel(page).getByRole('button', { name: 'Run', exact: true }).click()
  await expect(panel(page).getByRole('article')).toContainText('Set an alarm')
  await expect(panel(page).getByRole('article')).toContainText('早上七点半')

  await openSample(page, 'Gestures', 'Gestures')
  const sheet = panel(page).getByRole('img', { name: 'Draw a gesture' })
  const box = await sheet.boundingBox()
  if (!box) throw new Error('the sheet is not shown')
  await page.mouse.move(box.x + box.width * 0.2, box.y + box.height * 0.5)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.8, box.y + box.height * 0.52, { steps: 12 })
  await page.mouse.up()
  await expect(panel(page).getByRole('article').getByRole('listitem').first()).toContainText('swipe-right')

  await openSample(page, 'Behaviour', 'Interest')
  const own = panel(page).getByRole('row', { name: /Your topic/ })
  await expect(own).toContainText('At once')
  await panel(page).getByRole('slider', { name: 'Click rate' }).press('Home')
  await expect(own).toContainText('In the digest')

  await openSample(page, 'Image editing', 'Super-resolution ×2')
  await panel(page).getByRole('button', { name: 'Next example' }).click()
  await expect(panel(page).getByText('Before 48 × 48')).toBeVisible()
  await expect(panel(page).getByText('After 96 × 96')).toBeVisible()

  await openSample(page, 'Offline translation', 'Travel phrases, encoder')
  await panel(page).getByRole('button', { name: 'where is the station' }).click()
  await expect(panel(page).getByRole('article')).toContainText('火车站在哪里')
})
