import { Checkbox, Tooltip } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { PassInfo } from '#shared/ipc/contract'
import type { PassReport } from '#shared/ipc/jobs'
import { formatInteger } from '../format/format-number'
import { passText } from '../optimize/catalogue-text'
import { GROUPS, groupsOf, NEWEST_OPSET, type SimplifyChoice } from './simplify-recipe'
import styles from './simplify.module.css'

interface PassListProps {
  readonly choice: SimplifyChoice
  readonly passes: readonly PassInfo[]
  /** Of the last preview; null before there is one for this model. */
  readonly reports: readonly PassReport[] | null
  readonly onChange: (choice: SimplifyChoice) => void
}

/** The passes to tick, each with what it did in the preview. */
export function PassList({ choice, passes, reports, onChange }: PassListProps): ReactNode {
  const { t } = useTranslation('simplify')
  const toggle = (name: string, on: boolean): void => onChange({ ...choice, passes: on ? [...choice.passes, name] : choice.passes.filter((other) => other !== name) })
  return groupsOf(choice.form).map((group) => (
    <fieldset key={group} className={styles.group}>
      <legend>{t(`groups.${group}`)}</legend>
      {GROUPS[group].map((name) => {
        const pass = passes.find((candidate) => candidate.name === name)
        if (pass === undefined) return null
        const { title, description } = passText(pass)
        const note = NEWEST_OPSET.has(name) && (choice.form === 'standard' || name === 'fuse-rotary-embedding') ? ` ${t('opset23')}` : ''
        return (
          <Tooltip key={name} label={`${description}${note}`} multiline w={300} position="left" openDelay={600}>
            <div className={styles.pass}>
              <Checkbox label={title} checked={choice.passes.includes(name)} onChange={(event) => toggle(name, event.currentTarget.checked)} classNames={{ labelWrapper: styles.checkLabel ?? '' }} />
              {reports !== null && choice.passes.includes(name) && <Effect reports={reports.filter((report) => report.pass === name)} />}
            </div>
          </Tooltip>
        )
      })}
    </fieldset>
  ))
}

/** Nodes fewer, and the operators that came: `−32`, `+4 LayerNormalization`. */
function Effect({ reports }: { readonly reports: readonly PassReport[] }): ReactNode {
  const { t } = useTranslation('simplify')
  if (reports.length === 0) return null
  if (reports.some(({ diagnostics }) => diagnostics.some(({ code }) => code === 'pass-undone'))) return <span className={`${styles.effect} warning`}>{t('undone')}</span>
  const nodes = reports.reduce((sum, { nodesBefore, nodesAfter }) => sum + nodesAfter - nodesBefore, 0)
  const made = new Map<string, number>()
  for (const { opChanges } of reports) for (const [op, change] of Object.entries(opChanges)) made.set(op, (made.get(op) ?? 0) + change)
  const came = [...made].filter(([, change]) => change > 0).sort(([, a], [, b]) => b - a)
  const changed = reports.some(({ changes }) => changes > 0)
  if (!changed) return <span className={`${styles.effect} dim`}>{t('nothing')}</span>
  return (
    <>
      <b className={`${styles.effect} figures`}>{nodes === 0 ? '±0' : nodes > 0 ? `+${formatInteger(nodes)}` : `−${formatInteger(-nodes)}`}</b>
      {came.length > 0 && <span className={`${styles.made} figures`}>{came.map(([op, change]) => `+${formatInteger(change)} ${op}`).join(', ')}</span>}
    </>
  )
}
