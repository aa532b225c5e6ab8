import { ActionIcon, Menu, UnstyledButton } from '@mantine/core'
import { modals } from '@mantine/modals'
import { IconArrowDown, IconBox, IconColumns2, IconCube, IconDots, IconFileReport, IconTrash } from '@tabler/icons-react'
import type { KeyboardEvent, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Variant } from '#shared/ipc/jobs'
import type { ProfileResult } from '#shared/measurement'
import { formatBytes, formatDb, formatMs, formatRatio, quantityText } from '../format/format-number'
import { EditedMark } from '../format/edited-mark'
import { Figure } from '../format/figure'
import { fileName } from '../format/format-type'
import { recipeDescription, variantTitle } from '../optimize/catalogue-text'
import { compareFiles } from '../session/compare-models'
import { openPaths } from '../session/open-models'
import { reportError } from '../session/report-error'
import { removeVariant } from '../session/variants'
import { useDialogsStore } from '../stores/dialogs-store'
import { useProfileStore } from '../stores/profile-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt, worstSqnrDb } from '../stores/variants-store'
import styles from './side.module.css'

const NO_VARIANTS: readonly Variant[] = []

/** The source of the model shown and, under it, every variant made from it, with what each costs and saves. */
export function VariantsTree(): ReactNode {
  const { t } = useTranslation()
  const activePath = useSessionStore((state) => activeDocument(state)?.summary.path ?? null)
  const documents = useSessionStore((state) => state.documents)
  const bySource = useVariantsStore((state) => state.bySource)
  const profiles = useProfileStore((state) => state.profiles)
  if (activePath === null) return null
  const sourcePath = variantAt(bySource, activePath)?.sourcePath ?? activePath
  const variants = bySource[sourcePath] ?? NO_VARIANTS
  const sourceSize = documents.find((document) => document.summary.path === sourcePath)?.summary.sizeBytes ?? variants[0]?.report.source.sizeBytes ?? null
  const sourceProfile = profiles[sourcePath]
  return (
    <section aria-label={t('rail.variants')}>
      <h2 className={styles.heading}>{t('rail.variants')}</h2>
      <ul className={styles.list} role="tree" aria-label={t('rail.variants')} onKeyDown={moveByArrows}>
        <li role="treeitem" aria-level={1} aria-expanded={variants.length > 0} aria-selected={activePath === sourcePath} aria-label={fileName(sourcePath)}>
          <UnstyledButton className={styles.row} data-active={activePath === sourcePath || undefined} title={sourcePath} onClick={() => void openPaths([sourcePath])}>
            <IconCube size={16} stroke={1.6} color="var(--text-dim)" aria-hidden style={{ flex: 'none' }} />
            <span className={styles.rowBody}>
              <span className={styles.rowTop}>
                <strong className="ellipsis">{fileName(sourcePath)}</strong>
                {sourceSize !== null && <Figure className={styles.size} {...formatBytes(sourceSize)} />}
              </span>
              <span className={styles.deltas}>
                <span>{t('rail.source')}</span>
                {sourceProfile !== undefined && <Figure {...formatMs(sourceProfile.latency.p50Ms)} label={t('profile.p50')} />}
              </span>
            </span>
          </UnstyledButton>
        </li>
        {variants.map((variant) => (
          <VariantRow key={variant.id} variant={variant} sourcePath={sourcePath} active={variant.modelPath === activePath} profile={profiles[variant.modelPath]} sourceProfile={sourceProfile} />
        ))}
      </ul>
      {variants.length === 0 && <p className={styles.empty}>{t('rail.noVariants')}</p>}
    </section>
  )
}

interface VariantRowProps {
  readonly variant: Variant
  readonly sourcePath: string
  readonly active: boolean
  readonly profile: ProfileResult | undefined
  readonly sourceProfile: ProfileResult | undefined
}

function VariantRow({ variant, sourcePath, active, profile, sourceProfile }: VariantRowProps): ReactNode {
  const { t } = useTranslation()
  const { report } = variant
  const sqnr = report.outputError.length === 0 ? null : quantityText(formatDb(worstSqnrDb(report)))
  return (
    <li role="treeitem" aria-level={2} aria-selected={active} aria-label={variantTitle(variant.name)} className={styles.variant}>
      <div className={styles.item}>
        <UnstyledButton className={styles.row} data-active={active || undefined} title={recipeDescription(report.recipe)} onClick={() => void openPaths([variant.modelPath])}>
          <IconBox size={16} stroke={1.6} color="var(--accent)" aria-hidden style={{ flex: 'none' }} />
          <span className={styles.rowBody}>
            <span className={styles.rowTop}>
              <span className="ellipsis">{variantTitle(variant.name)}</span>
              <Figure className={styles.size} {...formatBytes(report.result.sizeBytes)} />
            </span>
            <span className={styles.deltas}>
              <span title={t('rail.sizeRatio')}>{quantityText(formatRatio(report.sizeRatio))}</span>
              {sqnr !== null && <span title={t('rail.sqnr')}>{sqnr}</span>}
              {profile !== undefined && <span title={t('profile.p50')}>{latencyText(profile, sourceProfile)}</span>}
              {report.source.revision !== undefined && <EditedMark revision={report.source.revision} />}
            </span>
          </span>
        </UnstyledButton>
        <VariantMenu variant={variant} sourcePath={sourcePath} />
      </div>
    </li>
  )
}

function VariantMenu({ variant, sourcePath }: { readonly variant: Variant; readonly sourcePath: string }): ReactNode {
  const { t } = useTranslation()
  const showReport = useDialogsStore((state) => state.showReport)
  const askRemove = (): void => {
    modals.openConfirmModal({
      title: t('rail.removeTitle', { name: variant.name }),
      children: t('rail.removeText'),
      labels: { confirm: t('rail.remove'), cancel: t('common.cancel') },
      confirmProps: { color: 'red' },
      onConfirm: () => void removeVariant(sourcePath, variant.id),
    })
  }
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon size={22} aria-label={t('rail.variantMenu', { name: variant.name })}>
          <IconDots size={14} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconArrowDown size={14} aria-hidden />} onClick={() => void openPaths([variant.modelPath])}>
          {t('rail.openVariant')}
        </Menu.Item>
        <Menu.Item leftSection={<IconColumns2 size={14} aria-hidden />} onClick={() => void compareFiles(sourcePath, variant.modelPath).catch(reportError)}>
          {t('rail.compareVariant')}
        </Menu.Item>
        <Menu.Item leftSection={<IconFileReport size={14} aria-hidden />} onClick={() => showReport(variant.report)}>
          {t('optimize.showResult')}
        </Menu.Item>
        <Menu.Item color="red" leftSection={<IconTrash size={14} aria-hidden />} onClick={askRemove}>
          {t('rail.remove')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** A ratio is told only where both were measured. */
function latencyText(profile: ProfileResult, source: ProfileResult | undefined): string {
  const p50 = quantityText(formatMs(profile.latency.p50Ms))
  return source === undefined ? p50 : `${p50} (${quantityText(formatRatio(profile.latency.p50Ms / source.latency.p50Ms))})`
}

function moveByArrows(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>(`.${styles.row}`)]
  const index = buttons.findIndex((button) => button === document.activeElement)
  const next = buttons[index + (event.key === 'ArrowDown' ? 1 : -1)]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}
