/** Evaluating on the sample's own images: the source and a variant, beside each other. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { launchStudio, repository } from './hosts'
import { expect, test } from './studio'

const looks = [
  { colorScheme: 'light', locale: 'en-US', viewport: { width: 1440, height: 900 } },
  { colorScheme: 'dark', locale: 'zh-CN', viewport: { width: 1024, height: 700 } },
] as const

const words = {
  'en-US': { tab: 'Evaluation', run: 'Evaluate', again: 'Run again what is known', limit: 'First samples only', table: 'Results of the evaluation', confusion: 'Confusion', worst: 'Worst samples' },
  'zh-CN': { tab: '评估', run: '评估', again: '已有结果也重新运行', limit: '仅前若干样本', table: '评估结果', confusion: '混淆矩阵', worst: '最差样本' },
} as const

for (const look of looks) {
  test(`a person evaluates the sample on its images: ${look.locale}`, async ({ home, studioHost }) => {
    const studio = await launchStudio(studioHost, { home, ...look })
    const { page } = studio
    const text = words[look.locale]
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    try {
      await page.getByRole('tab', { name: text.tab, exact: true }).click()
      const panel = page.getByRole('tabpanel', { name: text.tab, exact: true })
      await expect(panel.getByText(/evaluation\.npz/)).toBeVisible()
      await panel.getByRole('button', { name: text.run, exact: true }).click()
      const table = panel.getByRole('table', { name: text.table })
      await expect(table.getByText('97.20 %')).toBeVisible({ timeout: 90_000 })
      // Samples that went wrong are shown with their pictures.
      await expect(panel.getByRole('list', { name: text.worst }).locator('img').first()).toBeVisible()
      await panel.getByText(text.confusion, { exact: true }).click()
      await expect(panel.locator('canvas')).toBeVisible()
      await expect(page.locator('body')).not.toContainText(/undefined|\[object|\{\{/)
      const folder = join(repository, 'test-results/pictures')
      mkdirSync(folder, { recursive: true })
      await page.screenshot({ path: join(folder, `evaluate-${look.locale}-${look.colorScheme}-${look.viewport.width}.png`) })
      expect(complaints).toEqual([])
    } finally {
      await studio.close()
    }
  })
}
