import { expect, test } from 'vitest'
import { parseFacts } from './device-facts'

/** Cut from what a phone prints. */
const PRINTED = [
  '[ro.product.manufacturer]: [Google]\n[ro.product.model]: [Pixel 8]\n[ro.soc.manufacturer]: [Google]\n[ro.soc.model]: [Tensor G3]\n[ro.product.cpu.abilist]: [arm64-v8a]\n[ro.build.version.release]: [14]\n[ro.build.version.sdk]: [34]\n[ro.hardware.vulkan]: [mali]\n[ro.empty]: []\n',
  'MemTotal:        7832428 kB\nMemFree:          200000 kB\nMemAvailable:    3000000 kB\n',
  'processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\n',
  'core 1704000\ncore 2914000\ncore \n',
  'Filesystem            1K-blocks    Used Available Use% Mounted on\n/dev/block/dm-45 114450400 50000 64450400 44% /data\n',
  'Current Battery Service state:\n  AC powered: false\n  status: 3\n  level: 83\n  scale: 100\n  temperature: 287\n',
  'IsStatusOverride: false\nThermal Status: 2\n',
].join('\n@@edgefit@@\n')

test('facts are read from what the phone prints', () => {
  expect(parseFacts('S', PRINTED)).toEqual({
    serial: 'S',
    maker: 'Google',
    model: 'Pixel 8',
    soc: 'Google Tensor G3',
    abis: ['arm64-v8a'],
    androidVersion: '14',
    sdk: 34,
    cores: [{ maxMHz: 1704 }, { maxMHz: 2914 }, { maxMHz: null }],
    cpuFeatures: ['fp', 'asimd', 'asimddp', 'i8mm'],
    memoryBytes: { total: 7832428 * 1024, available: 3000000 * 1024 },
    storageFreeBytes: 64450400 * 1024,
    battery: { levelPercent: 83, temperatureC: 28.7, charging: false },
    thermalStatus: 2,
    vulkanDriver: 'mali',
  })
})

test('what a phone does not tell is null, never guessed', () => {
  expect(parseFacts('S', '')).toEqual({
    serial: 'S', maker: null, model: null, soc: null, abis: [], androidVersion: null, sdk: null, cores: [], cpuFeatures: [],
    memoryBytes: null, storageFreeBytes: null, battery: null, thermalStatus: null, vulkanDriver: null,
  })
})
