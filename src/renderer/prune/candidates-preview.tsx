import { UnstyledButton } from '@mantine/core'
import { useMemo, type ReactNode } from 'react'
import type { PruneCandidates } from '#shared/prune'
import { groupColour } from '../canvas/scene/heat'
import { formatCount, formatPercent, quantityText } from '../format/format-number'
import { said } from '../i18n/engine-words'
import { FoldedSection } from '../optimize/folded-section'
import { useSelectionStore } from '../stores/selection-store'
import { type Candidate, candidateName, candidateOverlay, candidateTotals, isSameForAll, zeroShare } from './candidates'
import { PreviewFrame } from './preview-frame'
import { layerLabel } from './prune-choice'
import { groupOf, type Method, passOf } from './prune-recipe'
import { usePruneTexts } from './prune-texts'
import { useNothingToDo } from './use-nothing-to-do'
import { usePreview } from './use-preview'
import { usePruneOverlay } from './use-prune-overlay'
import styles from './prune.module.css'

interface CandidatesPreviewProps {
  readonly documentId: string
  readonly revision: number
  readonly method: Method
  readonly options: Readonly<Record<string, unknown>>
  readonly onNothing: (isNothing: boolean) => void
}

/** Layers or blocks that a method would look at, on the graph and as a list, and what is at stake; which of them change is measured when it runs. */
export function CandidatesPreview({ documentId, revision, method, options, onNothing }: CandidatesPreviewProps): ReactNode {
  const t = usePruneTexts()
  const { preview, problem } = usePreview('prune.candidates', { documentId, pass: passOf(method), options }, revision)
  const share = groupOf(method) === 'zeros' && isSameForAll(options) ? zeroShare(options) : null
  const overlay = useMemo(
    () => preview && candidateOverlay(preview, { documentId, title: t(`candidates.${groupOf(method)}`), name: t(`methods.${method}`), method, share }),
    [preview, documentId, method, share, t],
  )
  usePruneOverlay(overlay)
  useNothingToDo(preview?.candidates.length === 0, onNothing)
  return (
    <>
      <h3 className={styles.heading}>{t('preview')}</h3>
      <PreviewFrame problem={problem} isReady={preview !== null}>
        {preview && (
          <>
            <AtStake preview={preview} method={method} options={options} />
            <CandidateList preview={preview} method={method} />
          </>
        )}
      </PreviewFrame>
    </>
  )
}

/** What the candidates are of the whole model, and what becomes of size and time. Blocks may lie within others: they are told one by one. */
function AtStake({ preview, method, options }: { readonly preview: PruneCandidates; readonly method: Method; readonly options: CandidatesPreviewProps['options'] }): ReactNode {
  const t = usePruneTexts()
  const totals = candidateTotals(preview)
  const zeros = groupOf(method) === 'zeros'
  if (preview.candidates.length === 0) return null
  if (method === 'blocks') return <p className={styles.note}>{t('blocksNote')}</p>
  return (
    <>
      <table className={styles.savings} aria-label={t('preview')}>
        <tbody>
          {zeros ? (
            <>
              <Row name={t('zeros')} figure={`${quantityText(formatCount(zeroShare(options) * totals.parameters))} / ${quantityText(formatCount(preview.parameters))}`} share={preview.parameters === 0 ? '' : quantityText(formatPercent((zeroShare(options) * totals.parameters) / preview.parameters))} />
              <Row name={t('macs')} figure={preview.macs === null ? t('open') : quantityText(formatCount(preview.macs))} share={t('same')} />
            </>
          ) : (
            <>
              <Row name={t('macsThere')} figure={totals.macs === null ? t('open') : quantityText(formatCount(totals.macs))} share={totals.macs === null || preview.macs === null || preview.macs === 0 ? '' : quantityText(formatPercent(totals.macs / preview.macs))} />
              <Row name={t('parametersThere')} figure={quantityText(formatCount(totals.parameters))} share={preview.parameters === 0 ? '' : quantityText(formatPercent(totals.parameters / preview.parameters))} />
            </>
          )}
        </tbody>
      </table>
      <p className={styles.note}>{t(zeros ? 'zerosNote' : options['keep'] === 'fewer-macs' ? 'countedNote' : 'partsNote')}</p>
    </>
  )
}

function Row({ name, figure, share }: { readonly name: string; readonly figure: string; readonly share: string }): ReactNode {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{figure}</td>
      <td className="figures">{share}</td>
    </tr>
  )
}

function CandidateList({ preview: { candidates, kept }, method }: { readonly preview: PruneCandidates; readonly method: Method }): ReactNode {
  const t = usePruneTexts()
  return (
    <>
      <h3 className={styles.heading}>{t(`candidates.${groupOf(method)}`)}</h3>
      {candidates.length === 0 ? (
        <p className={styles.note}>{t('noCandidates')}</p>
      ) : (
        <ul className={styles.groups}>
          {candidates.map((candidate, index) => (
            <li key={candidate.layers[0]?.nodeId ?? index}>
              <CandidateRow candidate={candidate} method={method} colour={groupColour(method === 'blocks' ? index : 0).background} />
            </li>
          ))}
        </ul>
      )}
      {kept.length > 0 && (
        <FoldedSection title={t('locked', { count: kept.length })}>
          {kept.map(({ reason, ...layer }) => (
            <div key={layer.nodeId} className={styles.lock}>
              <div className="ellipsis">{layerLabel(layer)}</div>
              <div>{said(reason)}</div>
            </div>
          ))}
        </FoldedSection>
      )}
    </>
  )
}

function CandidateRow({ candidate, method, colour }: { readonly candidate: Candidate; readonly method: Method; readonly colour: string }): ReactNode {
  const t = usePruneTexts()
  const hover = useSelectionStore((state) => state.hover)
  const { layers, nodes, macs, parameters } = candidate
  const first = candidateName(candidate)
  const name = layers.length > 1 ? t('groupOf', { name: first, count: layers.length - 1 }) : first
  return (
    <UnstyledButton
      className={styles.group}
      title={layers.map(layerLabel).join('\n')}
      aria-label={t('showGroup', { name })}
      onClick={() => useSelectionStore.getState().selectNodes(nodes)}
      onMouseEnter={() => hover({ kind: 'nodes', nodeIds: nodes })}
      onMouseLeave={() => hover(null)}
    >
      <span className={styles.swatch} style={{ background: colour }} aria-hidden />
      <span className="ellipsis">{name}</span>
      <span className="figures">{groupOf(method) === 'zeros' || macs === null ? quantityText(formatCount(parameters)) : t('macsOf', { macs: quantityText(formatCount(macs)) })}</span>
    </UnstyledButton>
  )
}
