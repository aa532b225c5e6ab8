/** The pictures a reviewer looks at: both themes, both languages, large and small windows. The README shows the first. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { launchStudio, repository } from './hosts'
import { expect, test } from './studio'

const looks = [
  { colorScheme: 'light', locale: 'en-US', viewport: { width: 1440, height: 900 } },
  { colorScheme: 'dark', locale: 'en-US', viewport: { width: 1024, height: 700 } },
  { colorScheme: 'dark', locale: 'zh-CN', viewport: { width: 1440, height: 900 } },
  { colorScheme: 'light', locale: 'zh-CN', viewport: { width: 1024, height: 700 } },
] as const

const words = { 'en-US': { profile: 'Profile', start: 'Start profiling', heat: 'Colour the graph by latency' }, 'zh-CN': { profile: '性能分析', start: '开始分析', heat: '按延迟给图着色' } }

for (const look of looks) {
  const name = `${look.locale}-${look.colorScheme}-${look.viewport.width}`
  test(`the window is drawn whole: ${name}`, async ({ home, studioHost }) => {
    const studio = await launchStudio(studioHost, { home, ...look })
    const { page } = studio
    try {
      const text = words[look.locale]
      await page.getByRole('button', { name: text.profile, exact: true }).click()
      await page.getByRole('dialog').getByRole('button', { name: text.start }).click()
      await expect(page.getByText(/onnxruntime-node 1\./).first()).toBeVisible({ timeout: 90_000 })
      await page.getByRole('switch', { name: text.heat }).press('Space')
      await expect(page.getByRole('switch', { name: text.heat })).toBeChecked()
      // Reaching for the switch scrolled the figures away.
      await page.locator('section').filter({ has: page.getByRole('switch', { name: text.heat }) }).last().evaluate((section) => section.scrollTo(0, 0))
      await expect(page.locator('body')).not.toContainText(/undefined|\[object|\{\{/)
      const box = await page.locator('body').evaluate((body) => ({ scroll: body.scrollWidth, width: body.clientWidth }))
      expect(box.scroll, 'nothing sticks out of the window').toBeLessThanOrEqual(box.width)
      const folder = join(repository, 'test-results/pictures')
      mkdirSync(folder, { recursive: true })
      // Notifications leave by themselves; a picture without them shows the window.
      await page.waitForTimeout(500)
      await page.screenshot({ path: join(folder, `${name}.png`) })
      if (process.env['EDGEFIT_README_PICTURE'] !== undefined && look === looks[0]) await page.screenshot({ path: join(repository, 'docs/studio.png') })
    } finally {
      await studio.close()
    }
  })
}
