/** A model quantized for a phone, from the Quantize panel: set for its processor, measured on it, and kept when it goes away. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createPhoneRig, type PhoneRig, rigObstacle, type RigPhone } from '../fixtures/phone-rig/phone-rig'
import { repository } from './hosts'
import { expect, test } from './studio'

const obstacle = rigObstacle()
const built = existsSync(join(process.env['EDGEFIT_DEVICE_RUNTIME'] ?? join(repository, 'out/device-runtime'), 'x86_64.json'))
const LONG = { timeout: 90_000 }

test.skip(obstacle !== null, `no phone can be had here: ${obstacle ?? ''}`)
test.skip(!built, 'the runtime for phones is not built (npm run build:device-runtime)')

let rig: PhoneRig
let phone: RigPhone

test.beforeAll(async () => {
  rig = await createPhoneRig()
  phone = await rig.start('x86_64')
  process.env['ANDROID_ADB_SERVER_PORT'] = String(rig.adb.port)
})

test.afterAll(async () => {
  delete process.env['ANDROID_ADB_SERVER_PORT']
  await rig.dispose()
})

test('a model is quantized for a connected phone and measured on it; unplugged in the middle, the next one is kept', async ({ studio: { page } }) => {
  const panel = page.getByRole('tabpanel', { name: 'Quantize', exact: true })
  const variants = page.getByRole('tree', { name: 'Variants' }).getByRole('treeitem')
  const table = panel.getByRole('table').last()

  await test.step('choosing the phone sets the recipe for its processor, and says why', async () => {
    await page.getByRole('tab', { name: 'Quantize', exact: true }).click()
    await panel.getByRole('combobox', { name: 'Target' }).click()
    await page.getByRole('option', { name: /Namespace Phone \(phone\)/ }).click()
    await expect(panel).toContainText('native runtime, CPU', LONG)
    await expect(panel).toContainText('Set for this phone: x86 multiplies unsigned activations by signed weights.')
    await panel.getByText('JSON', { exact: true }).click()
    await expect(panel).toContainText('"activationType": "uint8"', LONG)
    await panel.getByText('Form', { exact: true }).click()
  })

  await test.step('the result comes with what was measured on the phone, beside the source', async () => {
    await panel.getByRole('button', { name: 'Quantize', exact: true }).click()
    await expect(variants).toHaveCount(2, LONG)
    await expect(table.getByRole('columnheader', { name: 'Phone' })).toBeVisible()
    await expect(table.getByRole('row').nth(1).getByRole('cell').last()).toContainText('×')
    await page.getByRole('tab', { name: 'Jobs' }).click()
    await page.getByRole('tabpanel', { name: 'Jobs' }).getByRole('button', { name: 'Show result' }).click()
    const report = page.getByRole('dialog')
    await expect(report.getByRole('table', { name: 'Latency on Rig Namespace Phone, in 5 turns' }).getByRole('row')).toHaveCount(3)
    await expect(report.getByRole('region', { name: 'Latency on Rig Namespace Phone, in 5 turns' })).toContainText(/native x86_64 · .*50 runs/)
    await report.getByRole('button', { name: 'Close' }).click()
  })

  await test.step('the table of variants has source and result on that phone', async () => {
    await page.getByRole('tab', { name: 'Variants', exact: true }).click()
    const rows = page.getByRole('tabpanel', { name: 'Variants' }).getByRole('row')
    await expect(page.getByRole('tabpanel', { name: 'Variants' }).getByRole('combobox', { name: 'Device' })).toHaveValue('Rig Namespace Phone, native, cpu')
    await expect(rows.nth(1)).toContainText('ms')
    await expect(rows.nth(2)).toContainText(/ms.*×/)
  })

  await test.step('unplugged while the next one is made, the phone is told to be away, and the variant is kept with the reason', async () => {
    await panel.getByRole('switch', { name: 'Correct biases' }).press('Space')
    await expect(panel.getByRole('switch', { name: 'Correct biases' })).toBeChecked()
    await panel.getByRole('button', { name: 'Quantize', exact: true }).click()
    await expect(panel.getByRole('button', { name: 'Cancel' })).toBeVisible()
    await phone.stop()
    await expect(panel).toContainText('The phone is not connected.', LONG)
    await expect(variants).toHaveCount(3, LONG)
    await table.getByRole('row').nth(3).getByRole('button', { name: /warning/ }).click()
    await expect(page.getByRole('dialog')).toContainText(`The result was not measured on the phone '${phone.serial}'`)
    await expect(page.getByRole('dialog')).toContainText('The result is kept.')
  })
})
