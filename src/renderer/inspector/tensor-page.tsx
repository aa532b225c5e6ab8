import { ActionIcon, Alert, Button, Loader, SegmentedControl } from '@mantine/core'
import { IconChevronLeft, IconChevronRight, IconFileExport } from '@tabler/icons-react'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { toErrorData, type ErrorData } from '#shared/errors'
import type { GraphView, TensorDetails } from '#shared/ipc/model-view'
import { getBridge } from '../bridge/bridge'
import { formatBytes, formatInteger, formatPercent, significant } from '../format/format-number'
import { Figure } from '../format/figure'
import { formatShape } from '../format/format-type'
import { said } from '../i18n/engine-words'
import { TensorActions, TensorCells, TensorType } from '../panels/edit/tensor-editing'
import { renameValue } from '../panels/edit/value-editing'
import { exportTensor } from '../session/export-tensor'
import { graphLookup } from '../session/graph-lookup'
import { documentState, useEditStore } from '../stores/edit-store'
import styles from './inspector.module.css'
import { PageTitle, Properties, Property, Section } from './property-list'
import { TensorChannels } from './tensor-channels'
import { TensorMapView } from './tensor-map'
import { Quantization } from './tensor-quantization'
import { CopyValues, RealValues } from './tensor-values'
import tensorStyles from './tensor.module.css'
import { Readers } from './value-page'

const Histogram = lazy(() => import('../charts/histogram'))
const PAGE = 256

interface TensorPageProps {
  readonly documentId: string
  readonly graph: GraphView
  readonly name: string
}

type TensorView = 'values' | 'map' | 'channels'
const VIEWS: readonly TensorView[] = ['values', 'map', 'channels']

/** An initializer: what it is, how its values are spread, and the values themselves, as a list, in colours or by channel. */
export function TensorPage({ documentId, graph, name }: TensorPageProps): ReactNode {
  const { t } = useTranslation()
  const { t: tCanvas } = useTranslation('canvas')
  const { t: tEdit } = useTranslation('edit')
  const [offset, setOffset] = useState(0)
  const [view, setView] = useState<TensorView>('values')
  const [dequantize, setDequantize] = useState(false)
  const { details, error } = useTensor({ documentId, graphId: graph.graphId, name, dequantize }, offset)
  const lookup = graphLookup(graph)
  const tensor = lookup.initializers.get(name)
  if (tensor === undefined) return null
  const rename = (to: string): Promise<string | null> => renameValue(graph, name, to, tEdit('labels.rename', { from: name, to }))
  const elements = tensor.dims.reduce((product, dim) => product * dim, 1)
  return (
    <>
      <PageTitle kind={t('inspector.tensor')} name={name} rename={{ label: tEdit('valueName'), value: name, submit: rename }} />
      <Section title={t('inspector.overview')}>
        <Properties>
          <Property name={t('inspector.dtype')}>
            <TensorType graph={graph} tensor={tensor} />
          </Property>
          <Property name={t('inspector.shape')}>{tensor.dims.length === 0 ? t('inspector.scalar') : formatShape(tensor.dims)}</Property>
          <Property name={t('inspector.elements')}>{formatInteger(elements)}</Property>
          <Property name={t('inspector.size')}>
            <Figure {...formatBytes(tensor.sizeBytes)} />
          </Property>
          <Property name={t('inspector.storage')}>
            {t(`inspector.stored.${tensor.storage}`)}
            {tensor.location !== undefined && <div className="dim">{tensor.location}</div>}
          </Property>
        </Properties>
        <TensorActions graph={graph} tensor={tensor}>
          <Button variant="default" size="compact-xs" leftSection={<IconFileExport size={12} aria-hidden />} onClick={() => void exportTensor({ documentId, graphId: graph.graphId, name, dequantize })}>
            {tCanvas('tensor.export')}
          </Button>
        </TensorActions>
      </Section>
      {details?.quantization && <Quantization quantization={details.quantization} dequantize={dequantize} onToggle={setDequantize} />}
      {error !== null && (
        <Alert color="red" m="md" title={t('errors.cannotReadTensor')}>
          {said(error.message)} {said(error.hint ?? '')}
        </Alert>
      )}
      {details === null && error === null && <Loader size="xs" m="md" aria-label={t('view.loading')} />}
      {details !== null && (
        <>
          <Statistics details={details} />
          <div className={tensorStyles.tabs}>
            <SegmentedControl
              aria-label={tCanvas('tensor.view')}
              value={view}
              onChange={(value) => setView(VIEWS.find((candidate) => candidate === value) ?? 'values')}
              data={VIEWS.map((value) => ({ value, label: tCanvas(`tensor.views.${value}`), disabled: value !== 'values' && (details.statistics === null || (value === 'channels' && tensor.dims.length === 0)) }))}
            />
            {view === 'values' && <CopyValues values={details.values} />}
          </div>
          <div className={styles.section}>
            {view === 'values' && (
              <>
                {dequantize ? <RealValues offset={details.offset} values={details.values} dims={tensor.dims} /> : <TensorCells graph={graph} tensor={tensor} offset={details.offset} values={details.values} />}
                <Pager offset={details.offset} count={details.values.length} total={elements} onPage={setOffset} />
              </>
            )}
            {view === 'map' && <TensorMapView documentId={documentId} graphId={graph.graphId} name={name} dims={tensor.dims} dequantize={dequantize} />}
            {view === 'channels' && <TensorChannels documentId={documentId} graphId={graph.graphId} name={name} dims={tensor.dims} dequantize={dequantize} axis={details.quantization?.axis ?? 0} />}
          </div>
        </>
      )}
      <Readers graph={graph} nodeIds={(lookup.consumers.get(name) ?? []).map((node) => node.id)} />
    </>
  )
}

function Statistics({ details: { statistics, histogram } }: { readonly details: TensorDetails }): ReactNode {
  const { t } = useTranslation()
  if (statistics === null) return null
  const { min, max, mean, standardDeviation, zeros, nonFinite, elements } = statistics
  return (
    <Section title={t('inspector.statistics')}>
      <Properties>
        <Property name={t('inspector.range')}>
          {significant(min)} … {significant(max)}
        </Property>
        <Property name={t('inspector.mean')}>
          {significant(mean)} ± {significant(standardDeviation)}
        </Property>
        <Property name={t('inspector.zeros')}>
          <Figure {...formatPercent(elements === 0 ? 0 : zeros / elements)} />
        </Property>
        {nonFinite > 0 && (
          <Property name={t('inspector.nonFinite')}>
            <span className="bad">{formatInteger(nonFinite)}</span>
          </Property>
        )}
      </Properties>
      {histogram.length > 0 && (
        <Suspense fallback={<div className={styles.chart} />}>
          <Histogram className={styles.chart ?? ''} counts={histogram} min={min} max={max} label={t('inspector.histogram')} />
        </Suspense>
      )}
    </Section>
  )
}

interface PagerProps {
  readonly offset: number
  readonly count: number
  readonly total: number
  readonly onPage: (offset: number) => void
}

function Pager({ offset, count, total, onPage }: PagerProps): ReactNode {
  const { t } = useTranslation()
  if (total <= PAGE) return null
  return (
    <div className={styles.pager}>
      <ActionIcon aria-label={t('inspector.previousValues')} disabled={offset === 0} onClick={() => onPage(Math.max(0, offset - PAGE))}>
        <IconChevronLeft size={16} aria-hidden />
      </ActionIcon>
      <span className="figures dim">{t('inspector.valuesShown', { from: formatInteger(offset), to: formatInteger(offset + Math.max(0, count - 1)), total: formatInteger(total) })}</span>
      <ActionIcon aria-label={t('inspector.nextValues')} disabled={offset + count >= total} onClick={() => onPage(offset + PAGE)}>
        <IconChevronRight size={16} aria-hidden />
      </ActionIcon>
    </div>
  )
}

interface TensorState {
  readonly details: TensorDetails | null
  readonly error: ErrorData | null
}

/** The page of values at `offset`; the one before stays while the next is on its way. Read again after each change of the model. */
function useTensor({ documentId, graphId, name, dequantize }: { documentId: string; graphId: number; name: string; dequantize: boolean }, offset: number): TensorState {
  const { revision, revisions } = useEditStore((state) => documentState(state, documentId))
  const [state, setState] = useState<TensorState>({ details: null, error: null })
  useEffect(() => {
    let current = true
    getBridge()
      .request('model.tensor', { documentId, graphId, name, offset, limit: PAGE, dequantize })
      .then(
        (details) => current && setState({ details, error: null }),
        (error: unknown) => current && setState({ details: null, error: toErrorData(error) }),
      )
    return () => {
      current = false
    }
  }, [documentId, graphId, name, dequantize, offset, revision, revisions])
  return state
}
