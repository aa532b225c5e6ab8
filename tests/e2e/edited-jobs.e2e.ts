/** Jobs on a model with edits that are not saved: they run on what is shown, and say so. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { launchStudio, repository } from './hosts'
import { expect, test } from './studio'

const looks = [
  { colorScheme: 'light', locale: 'en-US', viewport: { width: 1440, height: 900 } },
  { colorScheme: 'dark', locale: 'zh-CN', viewport: { width: 1024, height: 700 } },
] as const

const words = {
  'en-US': {
    profile: 'Profile', panel: 'Profile', startProfile: 'Start profiling', optimize: 'Optimize', method: 'Dynamic int8', startOptimize: 'Start optimizing', variants: 'Variants',
    unsaved: 'Of the edited model, revision 1, which is not saved.', since: 'Of revision 1 of the edited model. It was edited since.', mark: 'edited, revision 1',
  },
  'zh-CN': {
    profile: '性能分析', panel: '性能', startProfile: '开始分析', optimize: '优化', method: '动态 int8', startOptimize: '开始优化', variants: '变体',
    unsaved: '针对已编辑模型的修订 1，尚未保存。', since: '针对已编辑模型的修订 1，此后又有编辑。', mark: '已编辑，修订 1',
  },
} as const

for (const look of looks) {
  test(`a model is edited, profiled and optimized without being saved: ${look.locale}`, async ({ home, studioHost }) => {
    const studio = await launchStudio(studioHost, { home, ...look })
    const { page } = studio
    const text = words[look.locale]
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    const folder = join(repository, 'test-results/pictures')
    mkdirSync(folder, { recursive: true })
    const picture = (name: string) => page.screenshot({ path: join(folder, `edited-${name}-${look.locale}-${look.colorScheme}-${look.viewport.width}.png`) })
    try {
      await test.step('a node goes', async () => {
        const relu = page.getByRole('button', { name: /^Relu/ }).first()
        const name = (await relu.getAttribute('aria-label')) ?? ''
        await relu.click()
        await page.keyboard.press('Delete')
        await expect(page.getByRole('button', { name, exact: true })).toHaveCount(0)
      })

      const panel = page.getByRole('tabpanel', { name: text.panel, exact: true })
      await test.step('the profile is of what is shown', async () => {
        await page.getByRole('button', { name: text.profile, exact: true }).click()
        await page.getByRole('dialog').getByRole('button', { name: text.startProfile }).click()
        await expect(panel).toContainText('p95', { timeout: 90_000 })
        await expect(panel).toContainText(text.unsaved)
        await picture('profile')
      })

      await test.step('a variant of it says what it was made from', async () => {
        await page.getByRole('button', { name: text.optimize, exact: true }).click()
        const dialog = page.getByRole('dialog')
        await dialog.getByRole('radio', { name: text.method, exact: true }).click()
        await dialog.getByRole('button', { name: text.startOptimize }).click()
        const variant = page.getByRole('tree', { name: text.variants }).getByRole('treeitem').nth(1)
        await expect(variant).toContainText(text.mark, { timeout: 90_000 })
        await picture('jobs')
        await page.getByRole('tab', { name: text.variants, exact: true }).click()
        await expect(page.getByRole('tabpanel', { name: text.variants, exact: true }).getByRole('img', { name: text.mark })).toHaveCount(2)
        await picture('variants')
      })

      await test.step('after an undo the figure says that it is of the edit', async () => {
        await page.getByRole('tab', { name: text.panel, exact: true }).click()
        await page.keyboard.press('Control+z')
        await expect(panel).toContainText(text.since)
      })
      await expect(page.locator('body')).not.toContainText(/undefined|\[object|\{\{/)
      expect(complaints).toEqual([])
    } finally {
      await studio.close()
    }
  })
}
