import { Anchor } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AttributeView, GraphView, NodeView } from '#shared/ipc/model-view'
import { opCategory } from '#shared/onnx/schema/op-category'
import { formatBytes, formatCount, formatMs, formatPercent } from '../format/format-number'
import { Figure } from '../format/figure'
import { formatType } from '../format/format-type'
import { nodeLabel } from '../session/graph-lookup'
import { nodeLatencies, useProfileStore } from '../stores/profile-store'
import { useSessionStore } from '../stores/session-store'
import styles from './inspector.module.css'
import { PageTitle, Properties, Property, Section } from './property-list'
import { ValueEntry } from './value-entry'

interface NodePageProps {
  readonly node: NodeView
  readonly graph: GraphView
  readonly modelPath: string
}

export function NodePage({ node, graph, modelPath }: NodePageProps): ReactNode {
  const { t } = useTranslation()
  return (
    <>
      <PageTitle kind={node.domain === '' ? node.opType : `${node.domain}.${node.opType}`} name={nodeLabel(node)} />
      <Section title={t('inspector.overview')}>
        <Properties>
          <Property name={t('inspector.category')}>{t(`categories.${opCategory(node.domain, node.opType)}`)}</Property>
          {node.parameterCount > 0 && (
            <Property name={t('inspector.parameters')}>
              <Figure {...formatCount(node.parameterCount)} /> · <Figure {...formatBytes(node.parameterBytes)} />
            </Property>
          )}
          {node.macs !== null && (
            <Property name={t('inspector.macs')}>
              <Figure {...formatCount(node.macs)} />
            </Property>
          )}
          <Latency nodeId={node.id} modelPath={modelPath} />
          {node.docString !== undefined && node.docString !== '' && <Property name={t('inspector.description')}>{node.docString}</Property>}
        </Properties>
      </Section>
      {node.attributes.length > 0 && (
        <Section title={t('inspector.attributes')}>
          <Properties>
            {node.attributes.map((attribute) => (
              <Property key={attribute.name} name={attribute.name} copy={attribute.text}>
                <AttributeValue attribute={attribute} />
              </Property>
            ))}
          </Properties>
        </Section>
      )}
      <Values title={t('inspector.inputs')} names={node.inputs} graph={graph} absentText={t('inspector.leftOut')} />
      <Values title={t('inspector.outputs')} names={node.outputs} graph={graph} absentText={t('inspector.typeUnknown')} />
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

function AttributeValue({ attribute }: { readonly attribute: AttributeView }): ReactNode {
  const { t } = useTranslation()
  const enterSubgraph = useSessionStore((state) => state.enterSubgraph)
  const graphIds = attribute.graphIds ?? []
  if (graphIds.length > 0) {
    return graphIds.map((graphId) => (
      <Anchor key={graphId} component="button" type="button" size="md" onClick={() => enterSubgraph(graphId)}>
        {t('inspector.enterSubgraph')}
      </Anchor>
    ))
  }
  return (
    <span className={attribute.isDefault === true ? styles.default : undefined} title={attribute.type}>
      {attribute.tensor === undefined ? attribute.text : `${formatType({ type: attribute.tensor.dtype, shape: attribute.tensor.dims })} ${attribute.text}`}
      {attribute.isDefault === true && ` · ${t('inspector.default')}`}
    </span>
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
