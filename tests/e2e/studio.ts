/** `test` with a studio of its own: a fresh home, a window, and a record of what the window complained of. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, expect, type Page } from '@playwright/test'
import { launchStudio, type Studio, type StudioHost } from './hosts'

export interface StudioTestOptions {
  studioHost: StudioHost
  /** Which look the window has. */
  look: { colorScheme: 'light' | 'dark'; locale: string; viewport: { width: number; height: number } }
}

export const test = base.extend<{ home: string; studio: Studio }, StudioTestOptions>({
  studioHost: ['browser', { option: true, scope: 'worker' }],
  look: [{ colorScheme: 'light', locale: 'en-US', viewport: { width: 1440, height: 900 } }, { option: true, scope: 'worker' }],
  // Playwright wants an object pattern here, even an empty one.
  home: async ({}, use) => {
    const home = mkdtempSync(join(tmpdir(), 'edgefit-home-'))
    await use(home)
    rmSync(home, { recursive: true, force: true })
  },
  studio: async ({ studioHost, look, home }, use) => {
    const studio = await launchStudio(studioHost, { home, ...look })
    const complaints: string[] = []
    studio.page.on('pageerror', (error) => complaints.push(String(error)))
    studio.page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    await use(studio)
    await studio.close()
    expect(complaints, 'the window logged errors').toEqual([])
  },
})

export { expect }

/** Drops real files onto the middle of the window, as the system's file manager does. */
export async function dropFiles(page: Page, paths: readonly string[]): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const { width, height } = page.viewportSize() ?? { width: 800, height: 600 }
  const data = { items: [], files: [...paths], dragOperationsMask: 1 }
  await page.evaluate(() => {
    delete document.documentElement.dataset['dropped']
    addEventListener('drop', () => (document.documentElement.dataset['dropped'] = 'yes'), { once: true, capture: true })
  })
  // On a busy machine the browser at times loses a drop before the page hears of it.
  await expect(async () => {
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await session.send('Input.dispatchDragEvent', { type, x: width / 2, y: height / 2, data })
    }
    expect(await page.evaluate(() => document.documentElement.dataset['dropped'])).toBe('yes')
  }).toPass({ timeout: 30_000 })
  await session.detach()
}
