import { UnstyledButton } from '@mantine/core'
import type { ReactNode } from 'react'
import type { PruneGroup, PrunePreview } from '#shared/prune'
import { groupColour } from '../canvas/scene/heat'
import { said } from '../i18n/engine-words'
import { FoldedSection } from '../optimize/folded-section'
import { useSelectionStore } from '../stores/selection-store'
import { layerLabel, shrinkingGroups } from './prune-choice'
import { usePruneTexts } from './prune-texts'
import styles from './prune.module.css'

/** Groups that lose channels, in the colours they have on the graph; and those that cannot, with the reason. */
export function PruneGroups({ preview }: { readonly preview: PrunePreview }): ReactNode {
  const t = usePruneTexts()
  const groups = shrinkingGroups(preview)
  const locked = preview.groups.filter(({ locked: lock }) => lock !== null && lock.code !== 'not-asked')
  return (
    <>
      <h3 className={styles.heading}>{t('together')}</h3>
      {groups.length === 0 ? (
        <p className={styles.note}>{t(preview.groups.every((group) => group.locked !== null) ? 'noFree' : 'noGroups')}</p>
      ) : (
        <ul className={styles.groups}>
          {groups.map((group, index) => (
            <li key={group.layers[0]?.nodeId ?? index}>
              <GroupRow group={group} colour={groupColour(index).background} />
            </li>
          ))}
        </ul>
      )}
      {locked.length > 0 && (
        <FoldedSection title={t('locked', { count: locked.length })}>
          {locked.map((group, index) => (
            <div key={index} className={styles.lock}>
              <div className="ellipsis">{groupName(group, t)}</div>
              <div>{said(group.locked?.reason ?? '')}</div>
            </div>
          ))}
        </FoldedSection>
      )}
    </>
  )
}

function GroupRow({ group, colour }: { readonly group: PruneGroup; readonly colour: string }): ReactNode {
  const t = usePruneTexts()
  const hover = useSelectionStore((state) => state.hover)
  const name = groupName(group, t)
  return (
    <UnstyledButton
      className={styles.group}
      title={group.layers.map(layerLabel).join('\n')}
      aria-label={t('showGroup', { name })}
      onClick={() => useSelectionStore.getState().selectNodes(group.layers.map(({ nodeId }) => nodeId))}
      onMouseEnter={() => hover({ kind: 'nodes', nodeIds: group.nodes })}
      onMouseLeave={() => hover(null)}
    >
      <span className={styles.swatch} style={{ background: colour }} aria-hidden />
      <span className="ellipsis">{name}</span>
      <span className="figures">{t('channels', { from: group.channels, to: group.left })}</span>
    </UnstyledButton>
  )
}

function groupName({ layers }: PruneGroup, t: ReturnType<typeof usePruneTexts>): string {
  const [first, ...more] = layers
  if (first === undefined) return ''
  return more.length === 0 ? layerLabel(first) : t('groupOf', { name: layerLabel(first), count: more.length })
}
