/** A model on a phone, from the window: the phone is real adbd in namespaces of its own. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createPhoneRig, type PhoneRig, rigObstacle } from '../fixtures/phone-rig/phone-rig'
import { launchStudio, repository } from './hosts'
import { expect, test } from './studio'

const obstacle = rigObstacle()
const built = existsSync(join(process.env['EDGEFIT_DEVICE_RUNTIME'] ?? join(repository, 'out/device-runtime'), 'x86_64.json'))

test.skip(obstacle !== null, `no phone can be had here: ${obstacle ?? ''}`)
test.skip(!built, 'the runtime for phones is not built (npm run build:device-runtime)')

let rig: PhoneRig

test.beforeAll(async () => {
  rig = await createPhoneRig()
  await rig.start('x86_64')
  process.env['ANDROID_ADB_SERVER_PORT'] = String(rig.adb.port)
})

test.afterAll(async () => {
  delete process.env['ANDROID_ADB_SERVER_PORT']
  await rig.dispose()
})

test('a person sees a phone, runs the model on it, and finds the result again after a restart', async ({ home, studioHost, look }) => {
  let studio = await launchStudio(studioHost, { home, ...look })
  try {
    const { page } = studio
    await page.getByRole('tab', { name: 'Phones' }).click()
    const phones = page.getByRole('region', { name: 'Phones' })
    await expect(phones.getByRole('button', { name: /Namespace Phone.*Ready/ })).toBeVisible({ timeout: 20_000 })
    await expect(page.getByRole('list', { name: 'Why' })).toContainText('native runtime')

    await page.getByText('About', { exact: true }).click()
    await expect(page.getByText('Rig RG-1')).toBeVisible()
    await expect(page.getByText('14 (API 34)')).toBeVisible()
    await page.getByRole('button', { name: 'Examine this phone' }).click()
    await expect(page.getByText('The loader runs from /data/local/tmp/edgefit.')).toBeVisible()

    await page.getByText('Run', { exact: true }).click()
    await page.getByRole('button', { name: 'Run on this phone' }).click()
    const results = page.getByRole('table', { name: 'What was measured on phones' })
    await expect(results.getByRole('cell', { name: 'Rig Namespace Phone' })).toBeVisible({ timeout: 60_000 })
    await results.getByRole('cell', { name: 'Rig Namespace Phone' }).click()
    await expect(page.getByText(/cosine 1\.000000/)).toBeVisible()

    await page.getByText('Providers', { exact: true }).click()
    await page.getByRole('button', { name: 'Show on the graph: XNNPACK' }).click()
    await expect(page.getByRole('button', { name: 'Show on the graph: XNNPACK' })).toHaveAttribute('aria-pressed', 'true')
    await expect(page.getByText('Parts 1, 3, 5 …')).toBeVisible()
    await studio.close()

    studio = await launchStudio(studioHost, { home, ...look })
    await studio.page.getByRole('tab', { name: 'Phones' }).click()
    await expect(studio.page.getByRole('table', { name: 'What was measured on phones' }).getByRole('cell', { name: 'Rig Namespace Phone' })).toBeVisible({ timeout: 20_000 })
  } finally {
    await studio.close()
  }
})

test('a phone that is pulled out shows so, and running on it ends with the reason', async ({ studio: { page } }) => {
  const other = await rig.start('x86_64')
  await page.getByRole('tab', { name: 'Phones' }).click()
  const entry = page.getByRole('button', { name: new RegExp(`${other.serial}$`) })
  await entry.click()
  await page.getByLabel('Runs').fill('100000')
  await page.getByRole('button', { name: 'Run on this phone' }).click()
  await expect(page.getByText(/^Running · /)).toBeVisible({ timeout: 60_000 })
  await other.stop()
  await expect(page.getByRole('region', { name: 'Run', exact: true }).getByRole('alert').first()).toContainText(other.serial, { timeout: 20_000 })
  await expect(entry).not.toContainText('Ready', { timeout: 20_000 })
})
