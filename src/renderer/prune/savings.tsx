import { Anchor } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { PrunePreview } from '#shared/prune'
import { formatBytes, formatCount, formatMs, type Quantity } from '../format/format-number'
import { Figure } from '../format/figure'
import { useDialogsStore } from '../stores/dialogs-store'
import { useProfileStore } from '../stores/profile-store'
import { estimateLatency } from './prune-choice'
import { usePruneTexts } from './prune-texts'
import styles from './prune.module.css'

/** Cost before and after. */
export function Savings({ preview, path }: { readonly preview: PrunePreview; readonly path: string }): ReactNode {
  const t = usePruneTexts()
  const { t: app } = useTranslation()
  const profile = useProfileStore((state) => state.profiles[path])
  return (
    <>
      <table className={styles.savings} aria-label={t('preview')}>
        <tbody>
          {preview.macs === null ? (
            <tr>
              <th scope="row">{t('macs')}</th>
              <td colSpan={2}>{t('open')}</td>
            </tr>
          ) : (
            <Row name={t('macs')} pair={preview.macs} format={formatCount} />
          )}
          <Row name={t('parameters')} pair={preview.parameters} format={formatCount} />
          <Row name={t('weights')} pair={preview.sizeBytes} format={formatBytes} />
          {profile !== undefined && <Row name={t('latency')} pair={{ before: profile.latency.p50Ms, after: estimateLatency(preview, profile) }} format={formatMs} />}
        </tbody>
      </table>
      {profile === undefined && (
        <p className={styles.note}>
          {t('noProfile')}{' '}
          <Anchor component="button" type="button" size="sm" onClick={() => useDialogsStore.getState().setProfileOpen(true)}>
            {app('profile.open')}
          </Anchor>
        </p>
      )}
      {!preview.exact && <p className={styles.note}>{t('approximate')}</p>}
    </>
  )
}

interface RowProps {
  readonly name: string
  readonly pair: { readonly before: number; readonly after: number }
  readonly format: (value: number) => Quantity
}

function Row({ name, pair: { before, after }, format }: RowProps): ReactNode {
  const saved = before === 0 ? 0 : 1 - after / before
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <Figure {...format(before)} /> <span className="dim">→</span> <Figure {...format(after)} />
      </td>
      <td className="figures">{`−${(saved * 100).toFixed(1)} %`}</td>
    </tr>
  )
}
