import { UnstyledButton } from '@mantine/core'
import { Fragment, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { OpenDocument } from '#shared/ipc/contract'
import type { GraphView, ModelSummary } from '#shared/ipc/model-view'
import { formatBytes, formatCount, formatInteger } from '../format/format-number'
import { Figure } from '../format/figure'
import { formatType } from '../format/format-type'
import { said } from '../i18n/engine-words'
import { askDimension, askInput, askInitializer, askOpset, askOutput } from '../panels/edit/edit-forms'
import { AddButton, MetadataSection, ModelText } from '../panels/edit/model-editing'
import { SeverityIcon } from '../panels/severity-icon'
import { useModelTitle } from '../session/document-title'
import { goToNodes } from '../session/go-to-node'
import { openPanel } from '../session/panels'
import { useSelectionStore } from '../stores/selection-store'
import { useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import styles from './inspector.module.css'
import { PageTitle, Properties, Property, Section } from './property-list'

interface ModelPageProps {
  readonly document: OpenDocument
  readonly graph: GraphView | null
}

/** What is known of the whole model. */
export function ModelPage({ document: { summary }, graph }: ModelPageProps): ReactNode {
  const { t } = useTranslation()
  const { t: tEdit } = useTranslation('edit')
  const { producer, domain, modelVersion, docString, metadata } = summary
  const title = useModelTitle(summary.path)
  const isVariant = useVariantsStore((state) => variantAt(state.bySource, summary.path) !== null)
  const enterSubgraph = useSessionStore((state) => state.enterSubgraph)
  return (
    <>
      <PageTitle kind={t('inspector.model')} name={title} />
      <Section title={t('inspector.overview')}>
        <Properties>
          <Property name={t('inspector.size')}>
            <Figure {...formatBytes(summary.sizeBytes)} />
          </Property>
          <Property name={t('inspector.nodes')}>{formatInteger(summary.nodeCount)}</Property>
          <Property name={t('inspector.parameters')}>
            <Figure {...formatCount(summary.parameterCount)} />
          </Property>
          <Property name={t('inspector.macs')}>{summary.macs === null ? <span className="dim" title={t('inspector.macsUnknown')}>{t('inspector.unknown')}</span> : <Figure {...formatCount(summary.macs)} />}</Property>
          <Property name={t('inspector.format')}>{summary.format}</Property>
          <Property name={t('inspector.opsets')}>{summary.opsets.length === 0 ? <span className="dim">{tEdit('none')}</span> : summary.opsets.map((opset) => `${opset.domain === '' ? 'ai.onnx' : opset.domain} ${opset.version}`).join(', ')}</Property>
          <ModelText field="producerName" label={t('inspector.producer')} value={producer} />
          <ModelText field="domain" label={t('inspector.domain')} value={domain} />
          <ModelText field="modelVersion" label={t('inspector.version')} value={modelVersion} />
          <Property name={t('inspector.path')} copy={summary.path}>
            {isVariant ? <span title={summary.path}>{t('inspector.keptHere')}</span> : <PathText path={summary.path} />}
          </Property>
          <ModelText field="docString" label={t('inspector.description')} value={docString} />
        </Properties>
        <AddButton label={tEdit('opset.title')} onClick={askOpset} />
      </Section>
      <Findings summary={summary} />
      <Section title={t('inspector.inputs')}>
        <Ends ends={summary.inputs} kind="input" />
        <AddButton label={tEdit('ends.addInput')} onClick={askInput} />
        <AddButton label={tEdit('dimension.title')} onClick={() => askDimension()} />
      </Section>
      <Section title={t('inspector.outputs')}>
        <Ends ends={summary.outputs} kind="output" />
        <AddButton label={tEdit('ends.addOutput')} onClick={askOutput} />
        <AddButton label={tEdit('initializer.title')} onClick={askInitializer} />
      </Section>
      <Section title={t('inspector.operators')}>
        <OpCounts counts={summary.opCounts} graph={graph} />
      </Section>
      {summary.functions.length > 0 && (
        <Section title={t('inspector.functions')}>
          <ul className={styles.entries}>
            {summary.functions.map(({ graphId, name, domain: functionDomain }) => (
              <li key={graphId}>
                <UnstyledButton className={styles.entry} onClick={() => enterSubgraph(graphId)}>
                  <span className={styles.entryMain}>{name}</span>
                  <span className={styles.entryType}>{functionDomain}</span>
                </UnstyledButton>
              </li>
            ))}
          </ul>
        </Section>
      )}
      <MetadataSection metadata={metadata} />
    </>
  )
}

function Ends({ ends, kind }: { readonly ends: ModelSummary['inputs']; readonly kind: 'input' | 'output' }): ReactNode {
  const select = useSelectionStore((state) => state.select)
  const hover = useSelectionStore((state) => state.hover)
  return (
    <ul className={styles.entries}>
      {ends.map(({ name, dtype, shape }) => (
        <li key={name}>
          <UnstyledButton className={styles.entry} onClick={() => select({ kind, name })} onPointerEnter={() => hover({ kind: 'value', name })} onPointerLeave={() => hover(null)}>
            <span className={styles.entryMain}>{name}</span>
            <span className={styles.entryType}>{formatType({ type: dtype, shape })}</span>
          </UnstyledButton>
        </li>
      ))}
    </ul>
  )
}

/** How often each operator occurs; a row selects all of its kind in the graph shown. */
function OpCounts({ counts, graph }: { readonly counts: ModelSummary['opCounts']; readonly graph: GraphView | null }): ReactNode {
  const { t } = useTranslation()
  const selectNodes = useSelectionStore((state) => state.selectNodes)
  const hover = useSelectionStore((state) => state.hover)
  const rows = Object.entries(counts).sort(([nameA, a], [nameB, b]) => b - a || nameA.localeCompare(nameB))
  const most = rows[0]?.[1] ?? 1
  const idsOf = (opType: string): number[] => graph?.nodes.filter((node) => node.opType === opType || `${node.domain}.${node.opType}` === opType).map((node) => node.id) ?? []
  return (
    <table className={styles.counts} aria-label={t('inspector.operators')}>
      <tbody>
        {rows.map(([opType, count]) => (
          <tr key={opType}>
            <td>
              <UnstyledButton
                className={styles.countName}
                title={t('inspector.selectAll', { name: opType })}
                onClick={() => selectNodes(idsOf(opType))}
                onPointerEnter={() => hover({ kind: 'nodes', nodeIds: idsOf(opType) })}
                onPointerLeave={() => hover(null)}
              >
                <span className={styles.countBar} style={{ width: `${(100 * count) / most}%` }} />
                <span>{opType}</span>
              </UnstyledButton>
            </td>
            <td>{formatInteger(count)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const SHOWN_FINDINGS = 3

function Findings({ summary }: { readonly summary: ModelSummary }): ReactNode {
  const { t } = useTranslation()
  const { diagnostics } = summary
  if (diagnostics.length === 0) return null
  return (
    <Section title={t('inspector.findings')}>
      {diagnostics.slice(0, SHOWN_FINDINGS).map((finding, index) => (
        <div key={index} className={styles.finding}>
          <SeverityIcon severity={finding.severity} />
          <span>
            {finding.nodeId === undefined ? (
              said(finding.message)
            ) : (
              <UnstyledButton onClick={() => void goToNodes(finding.nodeId === undefined ? [] : [finding.nodeId])}>{said(finding.message)}</UnstyledButton>
            )}
          </span>
        </div>
      ))}
      {diagnostics.length > SHOWN_FINDINGS && (
        <UnstyledButton className={styles.entry} style={{ color: 'var(--accent)' }} onClick={() => openPanel('diagnostics')}>
          {t('inspector.allFindings', { count: diagnostics.length })}
        </UnstyledButton>
      )}
    </Section>
  )
}

/** A path that may break after its slashes rather than anywhere. */
function PathText({ path }: { readonly path: string }): ReactNode {
  return path.split(/(?<=[\\/])/).map((part, index) => (
    <Fragment key={index}>
      {part}
      <wbr />
    </Fragment>
  ))
}
