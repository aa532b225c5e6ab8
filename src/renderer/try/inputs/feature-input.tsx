import { Slider } from '@mantine/core'
import { useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { TryInput, TryTask } from '#shared/samples/try'
import { localized } from '../../i18n/localized'
import styles from '../try.module.css'

type ScoreTask = Extract<TryTask, { kind: 'score-features' }>

interface FeatureInputProps {
  readonly task: ScoreTask
  readonly onInput: (input: TryInput) => void
}

/** A slider for each number. The rows to compare with are scored along with one's own, which comes first. */
export function FeatureInput({ task, onInput }: FeatureInputProps): ReactNode {
  useTranslation('try')
  const [values, setValues] = useState(() => task.features.map(({ initial }) => initial))
  useEffect(() => {
    onInput({ kind: 'rows', rows: [values, ...task.rows.map((row) => row.values)].map((row) => row.map((value, at) => value / (task.features[at]?.divisor ?? 1))) })
  }, [values, task, onInput])
  return (
    <>
      {task.features.map((feature, at) => {
        const name = localized(feature.name)
        return (
          <div key={name} className={styles.slider}>
            <div className={styles.sliderTop}>
              <span>{name}</span>
              <span className="figures">
                {values[at]} <span className="dim">{feature.unit}</span>
              </span>
            </div>
            <Slider
              size="xs"
              label={null}
              thumbLabel={name}
              min={feature.min}
              max={feature.max}
              step={feature.step}
              value={values[at] ?? feature.initial}
              onChange={(value) => setValues(values.map((known, index) => (index === at ? value : known)))}
            />
          </div>
        )
      })}
    </>
  )
}
