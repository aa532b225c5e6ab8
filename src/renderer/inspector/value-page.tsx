import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { GraphView } from '#shared/ipc/model-view'
import { formatType } from '../format/format-type'
import { applyFromField } from '../panels/edit/apply-from-field'
import { EditableText } from '../panels/edit/editable-text'
import { renameValue, ValueActions } from '../panels/edit/value-editing'
import { graphLookup } from '../session/graph-lookup'
import styles from './inspector.module.css'
import { PageTitle, Properties, Property, Section } from './property-list'
import { NodeEntry } from './value-entry'

/** A value that flows through the graph: its type, who makes it and who reads it. */
export function ValuePage({ graph, name }: { readonly graph: GraphView; readonly name: string }): ReactNode {
  const { t } = useTranslation()
  const lookup = graphLookup(graph)
  const input = graph.inputs.find((end) => end.name === name)
  const output = graph.outputs.find((end) => end.name === name)
  const type = graph.values[name] ?? input ?? output
  const producer = lookup.producers.get(name)
  const consumers = lookup.consumers.get(name) ?? []
  const docString = input?.docString ?? output?.docString ?? ''
  const { t: tEdit } = useTranslation('edit')
  const rename = (to: string): Promise<string | null> => renameValue(graph, name, to, tEdit('labels.rename', { from: name, to }))
  const retype = (text: string): Promise<string | null> =>
    applyFromField(tEdit('labels.set', { name }), { kind: 'setValueType', graph: graph.graphId, name, type: text.trim() === '' ? null : text })
  const kind = input !== undefined ? t('inspector.graphInput') : output !== undefined ? t('inspector.graphOutput') : t('inspector.value')
  return (
    <>
      <PageTitle kind={kind} name={name} rename={{ label: tEdit('valueName'), value: name, submit: rename }} />
      <Section title={t('inspector.overview')}>
        <Properties>
          <Property name={t('inspector.type')}>
            <EditableText label={t('inspector.type')} value={type === undefined ? '' : formatType(type)} onSubmit={retype}>
              {type === undefined ? <span className="dim">{t('inspector.typeUnknown')}</span> : formatType(type)}
            </EditableText>
          </Property>
          {docString !== '' && <Property name={t('inspector.description')}>{docString}</Property>}
        </Properties>
        <ValueActions graph={graph} name={name} />
      </Section>
      {producer !== undefined && (
        <Section title={t('inspector.madeBy')}>
          <ul className={styles.entries}>
            <NodeEntry graph={graph} nodeId={producer.id} />
          </ul>
        </Section>
      )}
      <Readers graph={graph} nodeIds={consumers.map((node) => node.id)} />
    </>
  )
}

const SHOWN_READERS = 200

/** The nodes that read a value or tensor. */
export function Readers({ graph, nodeIds }: { readonly graph: GraphView; readonly nodeIds: readonly number[] }): ReactNode {
  const { t } = useTranslation()
  if (nodeIds.length === 0) return null
  return (
    <Section title={t('inspector.readBy')}>
      <ul className={styles.entries}>
        {nodeIds.slice(0, SHOWN_READERS).map((nodeId) => (
          <NodeEntry key={nodeId} graph={graph} nodeId={nodeId} />
        ))}
      </ul>
      {nodeIds.length > SHOWN_READERS && <p className="dim">{t('inspector.more', { count: nodeIds.length - SHOWN_READERS })}</p>}
    </Section>
  )
}
