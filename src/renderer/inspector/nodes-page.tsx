import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { NodeView } from '#shared/ipc/model-view'
import { formatBytes, formatCount } from '../format/format-number'
import { Figure } from '../format/figure'
import { activeGraph, useSessionStore } from '../stores/session-store'
import styles from './inspector.module.css'
import { PageTitle, Properties, Property, Section } from './property-list'
import { NodeEntry } from './value-entry'

/** Entries shown of a large selection; the sums are of all. */
const SHOWN_NODES = 200

/** Several nodes at once: their sums, and the way to each. */
export function NodesPage({ nodes }: { readonly nodes: readonly NodeView[] }): ReactNode {
  const { t } = useTranslation()
  const graph = useSessionStore(activeGraph)
  const total = (figure: (node: NodeView) => number): number => nodes.reduce((sum, node) => sum + figure(node), 0)
  const macs = nodes.every((node) => node.macs !== null) ? total((node) => node.macs ?? 0) : null
  return (
    <>
      <PageTitle kind={t('inspector.selection')} name={t('inspector.nodesSelected', { count: nodes.length })} />
      <Section title={t('inspector.overview')}>
        <Properties>
          <Property name={t('inspector.parameters')}>
            <Figure {...formatCount(total((node) => node.parameterCount))} /> · <Figure {...formatBytes(total((node) => node.parameterBytes))} />
          </Property>
          <Property name={t('inspector.macs')}>{macs === null ? <span className="dim">{t('inspector.unknown')}</span> : <Figure {...formatCount(macs)} />}</Property>
        </Properties>
      </Section>
      <Section title={t('inspector.nodes')}>
        <ul className={styles.entries}>{graph !== null && nodes.slice(0, SHOWN_NODES).map((node) => <NodeEntry key={node.id} graph={graph} nodeId={node.id} />)}</ul>
        {nodes.length > SHOWN_NODES && <p className="dim">{t('inspector.more', { count: nodes.length - SHOWN_NODES })}</p>}
      </Section>
    </>
  )
}
