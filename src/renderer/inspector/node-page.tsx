import { lazy, Suspense, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { GraphView, NodeView } from '#shared/ipc/model-view'
import { opCategory } from '#shared/onnx/schema/op-category'
import { formatBytes, formatCount, formatMs, formatPercent } from '../format/format-number'
import { Figure } from '../format/figure'
import { applyFromField } from '../panels/edit/apply-from-field'
import { AttributesSection } from '../panels/edit/attributes-section'
import { EditableText } from '../panels/edit/editable-text'
import { NodeInputs } from '../panels/edit/node-inputs'
import { nodeLabel } from '../session/graph-lookup'
import { nodeLatencies, useProfileStore } from '../stores/profile-store'
import styles from './inspector.module.css'
import { PageTitle, Properties, Property, Section } from './property-list'
import { ValueEntry } from './value-entry'

const OpDocs = lazy(() => import('../panels/op-docs/op-docs'))

interface NodePageProps {
  readonly node: NodeView
  readonly graph: GraphView
  readonly modelPath: string
}

export function NodePage({ node, graph, modelPath }: NodePageProps): ReactNode {
  const { t } = useTranslation()
  const { t: tEdit } = useTranslation('edit')
  const { t: tCanvas } = useTranslation('canvas')
  const place = { graph: graph.graphId, node: node.id }
  const rename = (name: string): Promise<string | null> => applyFromField(tEdit('labels.rename', { from: nodeLabel(node), to: name }), { kind: 'renameNode', ...place, name })
  const describe = (docString: string): Promise<string | null> => applyFromField(tEdit('labels.set', { name: t('inspector.description') }), { kind: 'setDocString', ...place, docString })
  return (
    <>
      <PageTitle kind={node.domain === '' ? node.opType : `${node.domain}.${node.opType}`} name={nodeLabel(node)} rename={{ label: tEdit('nodeName'), value: node.name, submit: rename }} />
      <Section title={t('inspector.overview')}>
        <Properties>
          <Property name={t('inspector.category')}>{t(`categories.${opCategory(node.domain, node.opType)}`)}</Property>
          {node.parameterCount > 0 && (
            <Property name={t('inspector.parameters')}>
              <Figure {...formatCount(node.parameterCount)} /> · <Figure {...formatBytes(node.parameterBytes)} />
            </Property>
          )}
          <Property name={t('inspector.macs')}>{node.macs === null ? <span className="dim" title={t('inspector.macsUnknown')}>{t('inspector.unknown')}</span> : <Figure {...formatCount(node.macs)} />}</Property>
          <Latency nodeId={node.id} modelPath={modelPath} />
          <Property name={t('inspector.description')}>
            <EditableText label={t('inspector.description')} value={node.docString ?? ''} onSubmit={describe}>
              {node.docString === undefined || node.docString === '' ? <span className="dim">{tEdit('none')}</span> : node.docString}
            </EditableText>
          </Property>
        </Properties>
      </Section>
      <AttributesSection node={node} graph={graph} />
      <NodeInputs node={node} graph={graph} />
      <Values title={t('inspector.outputs')} names={node.outputs} graph={graph} absentText={t('inspector.typeUnknown')} />
      <Section title={tCanvas('docs.title')}>
        <Suspense>
          <OpDocs node={node} />
        </Suspense>
      </Section>
    </>
  )
}

function Latency({ nodeId, modelPath }: { readonly nodeId: number; readonly modelPath: string }): ReactNode {
  const { t } = useTranslation()
  const profile = useProfileStore((state) => state.profiles[modelPath])
  if (profile === undefined) return null
  const latency = nodeLatencies(profile).get(nodeId)
  if (latency === undefined) return <Property name={t('inspector.latency')}>{<span className="dim">{t('inspector.notRun')}</span>}</Property>
  return (
    <Property name={t('inspector.latency')}>
      <Figure {...formatMs(latency.p50Ms)} /> · <Figure {...formatPercent(latency.share)} />
      {latency.fusedNodes > 1 && <div className="dim">{t('inspector.fused', { count: latency.fusedNodes })}</div>}
    </Property>
  )
}

interface ValuesProps {
  readonly title: string
  readonly names: readonly string[]
  readonly graph: GraphView
  readonly absentText: string
}

function Values({ title, names, graph, absentText }: ValuesProps): ReactNode {
  if (names.length === 0) return null
  return (
    <Section title={title}>
      <ul className={styles.entries}>
        {names.map((name, index) => (
          <ValueEntry key={`${index}-${name}`} graph={graph} name={name} index={index} absentText={absentText} />
        ))}
      </ul>
    </Section>
  )
}
