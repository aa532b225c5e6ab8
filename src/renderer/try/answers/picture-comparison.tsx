import { Select, Slider } from '@mantine/core'
import { useState, type PointerEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { TryAnswer, TryPreview } from '#shared/samples/try'
import { modelTitle } from '../../session/document-title'
import { useVariantsStore } from '../../stores/variants-store'
import styles from '../try.module.css'

type Picture = Extract<TryPreview, { kind: 'picture' }>['picture']

interface PictureComparisonProps {
  readonly before: Picture
  readonly answers: readonly TryAnswer[]
}

/** The picture before and after, with a line to move between the two; after may be any of the models. */
export function PictureComparison({ before, answers }: PictureComparisonProps): ReactNode {
  const { t } = useTranslation('try')
  const bySource = useVariantsStore((state) => state.bySource)
  const [share, setShare] = useState(50)
  const [chosen, setChosen] = useState<string | null>(null)
  const shown = answers.flatMap(({ path, output }) => (output?.kind === 'picture' ? [{ path, picture: output.picture }] : []))
  const after = shown.find(({ path }) => path === chosen) ?? shown[0]
  if (!after) return null
  const follow = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.type === 'pointermove' && event.buttons === 0) return
    const box = event.currentTarget.getBoundingClientRect()
    setShare(Math.max(0, Math.min(100, Math.round(((event.clientX - box.left) / box.width) * 100))))
  }
  return (
    <>
      {shown.length > 1 && (
        <Select
          aria-label={t('shown')}
          mb={8}
          allowDeselect={false}
          data={shown.map(({ path }) => ({ value: path, label: modelTitle(bySource, path) }))}
          value={after.path}
          onChange={setChosen}
        />
      )}
      <div className={styles.compare} onPointerDown={follow} onPointerMove={follow}>
        <img src={after.picture.url} alt={t('after')} draggable={false} />
        <img className={styles.over} src={before.url} alt={t('before')} draggable={false} style={{ clipPath: `inset(0 ${100 - share}% 0 0)` }} />
        <div className={styles.divider} style={{ left: `${share}%` }} />
        <span className={styles.tag} style={{ left: 6 }}>
          {t('before')} {before.width} × {before.height}
        </span>
        <span className={styles.tag} style={{ right: 6 }}>
          {t('after')} {after.picture.width} × {after.picture.height}
        </span>
      </div>
      <Slider size="xs" my={8} label={null} thumbLabel={t('slider')} value={share} onChange={setShare} />
    </>
  )
}
