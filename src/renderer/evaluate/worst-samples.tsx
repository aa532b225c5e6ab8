import { useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { WorstSample } from '#shared/evaluation/evaluation-result'
import { getBridge } from '../bridge/bridge'
import { significant } from '../format/format-number'
import { reportError } from '../session/report-error'
import styles from './evaluate.module.css'

interface WorstSamplesProps {
  readonly samples: readonly WorstSample[]
  /** Null while it runs: pictures are fetched at the end. */
  readonly dataPath: string | null
}

/** The samples that went worst, with their pictures where they are pictures. */
export function WorstSamples({ samples, dataPath }: WorstSamplesProps): ReactNode {
  const { t } = useTranslation('evaluate')
  const pictures = usePictures(samples, dataPath)
  if (samples.length === 0) return <p className={styles.quiet}>{t('noWorst')}</p>
  return (
    <ul className={styles.gallery} data-pictures={Object.keys(pictures).length > 0} aria-label={t('views.worst')}>
      {samples.map(({ name, expected, predicted, value }) => (
        <li key={name} className={styles.worst} title={expected === '' ? name : `${name}: ${t('expectedGot', { expected, predicted })}`}>
          {pictures[name] !== undefined && <img src={pictures[name]} alt="" width={72} height={72} />}
          <span className={styles.worstLabel}>
            {expected === '' ? (
              <span>{significant(value)}</span>
            ) : (
              <>
                <span className="good">{expected}</span>
                <span className="dim" aria-hidden>
                  →
                </span>
                <span className="bad">{predicted}</span>
              </>
            )}
          </span>
          <span className={styles.worstName}>{name}</span>
        </li>
      ))}
    </ul>
  )
}

function usePictures(samples: readonly WorstSample[], dataPath: string | null): Readonly<Record<string, string>> {
  const [pictures, setPictures] = useState<Readonly<Record<string, string>>>({})
  const key = samples.map(({ name }) => name).join('\n')
  useEffect(() => {
    if (dataPath === null || key === '') return
    let current = true
    getBridge()
      .request('evaluation.thumbnails', { dataPath, names: key.split('\n') })
      .then((found) => current && setPictures(found))
      .catch(reportError)
    return () => {
      current = false
    }
  }, [dataPath, key])
  return pictures
}
