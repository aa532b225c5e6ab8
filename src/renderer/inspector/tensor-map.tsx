import { NumberInput } from '@mantine/core'
import { useCallback, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { getBridge } from '../bridge/bridge'
import { formatInteger } from '../format/format-number'
import { AxisSelect } from './axis-select'
import { HeatMap } from './heat-map'
import styles from './tensor.module.css'
import { TensorAnswerState } from './tensor-answer-state'
import { useTensorAnswer } from './use-tensor-answer'

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
  const [axis, setAxis] = useState(0)
  const [at, setAt] = useState<readonly number[]>([])
  const ask = useCallback(() => getBridge().request('model.tensorMap', { documentId, graphId, name, dequantize, axis, at: [...at] }), [documentId, graphId, name, dequantize, axis, at])
  const { value: map, error } = useTensorAnswer(documentId, ask)
  const chooseAxis = (next: number): void => {
    setAxis(next)
    setAt(dims.slice(0, next).map((_, place) => at[place] ?? 0))
  }
  const isVector = dims.length < 2
  return (
    <>
      {!isVector && (
        <div className={styles.choices}>
          <AxisSelect label={t('tensor.rowAxis')} dims={dims.slice(0, -1)} axis={axis} onChange={chooseAxis} />
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
      <TensorAnswerState isThere={map !== null} error={error} />
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
