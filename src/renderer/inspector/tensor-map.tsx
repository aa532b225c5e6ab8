import { Alert, Loader, NumberInput, Select } from '@mantine/core'
import { useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { toErrorData, type ErrorData } from '#shared/errors'
import type { TensorMap } from '#shared/ipc/model-view'
import { getBridge } from '../bridge/bridge'
import { formatInteger } from '../format/format-number'
import { documentState, useEditStore } from '../stores/edit-store'
import { HeatMap } from './heat-map'
import styles from './tensor.module.css'

interface TensorMapViewProps {
  readonly documentId: string
  readonly graphId: number
  readonly name: string
  readonly dims: readonly number[]
  readonly dequantize: boolean
}

/** A two-dimensional slice in colours; which one is chosen by the axis of its rows and an index for each axis before it. */
export function TensorMapView({ documentId, graphId, name, dims, dequantize }: TensorMapViewProps): ReactNode {
  const { t } = useTranslation('canvas')
  const { t: tApp } = useTranslation()
  const [axis, setAxis] = useState(0)
  const [at, setAt] = useState<readonly number[]>([])
  const { map, error } = useMap({ documentId, graphId, name, dequantize }, axis, at)
  const chooseAxis = (next: number): void => {
    setAxis(next)
    setAt(dims.slice(0, next).map((_, place) => at[place] ?? 0))
  }
  const isVector = dims.length < 2
  return (
    <>
      {!isVector && (
        <div className={styles.choices}>
          <label>
            {t('tensor.rowAxis')}
            <Select
              aria-label={t('tensor.rowAxis')}
              w={112}
              allowDeselect={false}
              value={String(axis)}
              onChange={(value) => chooseAxis(Number(value))}
              data={dims.slice(0, -1).map((dim, place) => ({ value: String(place), label: t('tensor.axis', { axis: place, size: formatInteger(dim) }) }))}
            />
          </label>
          {at.map((index, place) => (
            <label key={place}>
              [{place}]
              <NumberInput
                aria-label={t('tensor.indexAlong', { axis: place })}
                w={72}
                min={0}
                max={Math.max(0, (dims[place] ?? 1) - 1)}
                clampBehavior="strict"
                allowDecimal={false}
                value={index}
                onChange={(value) => typeof value === 'number' && setAt(at.map((old, own) => (own === place ? value : old)))}
              />
            </label>
          ))}
        </div>
      )}
      {error !== null && (
        <Alert color="red" title={tApp('errors.cannotReadTensor')}>
          {error.message} {error.hint}
        </Alert>
      )}
      {map === null && error === null && <Loader size="xs" aria-label={tApp('view.loading')} />}
      {map !== null && (
        <>
          <HeatMap map={map} label={t('tensor.mapLabel', { rows: formatInteger(map.rows), columns: formatInteger(map.columns) })} />
          <p className={styles.note}>
            {t('tensor.mapLabel', { rows: formatInteger(map.rows), columns: formatInteger(map.columns) })}
            {(map.rows > map.shownRows || map.columns > map.shownColumns) && ` · ${t(map.sampled ? 'tensor.sampledCells' : 'tensor.largestCells')}`}
          </p>
        </>
      )}
    </>
  )
}

function useMap(tensor: Omit<TensorMapViewProps, 'dims'>, axis: number, at: readonly number[]): { map: TensorMap | null; error: ErrorData | null } {
  const { documentId, graphId, name, dequantize } = tensor
  const { revision, revisions } = useEditStore((state) => documentState(state, documentId))
  const [state, setState] = useState<{ map: TensorMap | null; error: ErrorData | null }>({ map: null, error: null })
  useEffect(() => {
    let current = true
    getBridge()
      .request('model.tensorMap', { documentId, graphId, name, dequantize, axis, at: [...at] })
      .then(
        (map) => current && setState({ map, error: null }),
        (error: unknown) => current && setState({ map: null, error: toErrorData(error) }),
      )
    return () => {
      current = false
    }
  }, [documentId, graphId, name, dequantize, axis, at, revision, revisions])
  return state
}
