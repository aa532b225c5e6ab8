import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { DeviceFacts } from '#shared/device'
import { formatBytes, quantityText } from '../format/format-number'
import styles from './devices-panel.module.css'

/** What the phone says of itself; what it does not tell is said to be so. */
export function FactsCard({ facts }: { readonly facts: DeviceFacts }): ReactNode {
  const { t } = useTranslation('phones')
  const bytes = (count: number): string => quantityText(formatBytes(count))
  const rows: readonly (readonly [string, string | null])[] = [
    [t('facts.maker'), facts.maker],
    [t('facts.model'), facts.model],
    [t('facts.soc'), facts.soc],
    [t('facts.abis'), facts.abis.join(', ') || null],
    [t('facts.cores'), coresText(facts)],
    [t('facts.memory'), facts.memoryBytes && t('facts.memoryText', { available: bytes(facts.memoryBytes.available), total: bytes(facts.memoryBytes.total) })],
    [t('facts.android'), facts.androidVersion && t('facts.androidText', { version: facts.androidVersion, sdk: facts.sdk ?? '?' })],
    [t('facts.vulkan'), facts.vulkanDriver],
    [t('facts.storage'), facts.storageFreeBytes === null ? null : bytes(facts.storageFreeBytes)],
    [t('facts.battery'), batteryText(facts.battery, t('facts.charging'))],
    [t('facts.thermal'), facts.thermalStatus === null ? null : t(`facts.thermalLevels.${thermalLevel(facts.thermalStatus)}`)],
  ]
  return (
    <dl className={styles.facts} aria-label={t('facts.label')}>
      {rows.map(([name, value]) => (
        <Row key={name} name={name} value={value} untold={t('facts.untold')} />
      ))}
    </dl>
  )
}

function Row({ name, value, untold }: { readonly name: string; readonly value: string | null; readonly untold: string }): ReactNode {
  return (
    <>
      <dt>{name}</dt>
      <dd className={value === null ? 'dim' : 'figures'}>{value ?? untold}</dd>
    </>
  )
}

/** `4 × 1.80 GHz + 3 × 2.40 GHz + 1 × 2.90 GHz`, slow ones first. */
export function coresText({ cores }: Pick<DeviceFacts, 'cores'>): string | null {
  if (cores.length === 0) return null
  const counts = new Map<number | null, number>()
  for (const { maxMHz } of cores) counts.set(maxMHz, (counts.get(maxMHz) ?? 0) + 1)
  const groups = [...counts].toSorted(([a], [b]) => (a ?? 0) - (b ?? 0))
  return groups.map(([maxMHz, count]) => (maxMHz === null ? String(count) : `${count} × ${(maxMHz / 1000).toFixed(2)} GHz`)).join(' + ')
}

function batteryText(battery: DeviceFacts['battery'], charging: string): string | null {
  if (battery === null) return null
  const parts = [battery.levelPercent === null ? null : `${battery.levelPercent.toFixed(0)} %`, battery.temperatureC === null ? null : `${battery.temperatureC.toFixed(1)} °C`, battery.charging === true ? charging : null]
  return parts.filter((part) => part !== null).join(', ') || null
}

function thermalLevel(status: number): '0' | '1' | '2' | '3' | '4' | '5' | '6' {
  const levels = ['0', '1', '2', '3', '4', '5', '6'] as const
  return levels[Math.max(0, Math.min(6, status))] ?? '0'
}
