import { Loader, SegmentedControl } from '@mantine/core'
import { lazy, Suspense, type ReactNode } from 'react'
import styles from './recipe-views.module.css'

const RecipeEditor = lazy(() => import('./recipe-editor'))

export type RecipeView = 'form' | 'json'

interface RecipeViewsProps {
  readonly view: RecipeView
  readonly onView: (view: RecipeView) => void
  readonly labels: { readonly views: string; readonly form: string; readonly json: string }
  readonly text: string
  /** JSON schema of recipes. */
  readonly schema: Readonly<Record<string, unknown>>
  readonly onText: (text: string) => void
  /** The form. */
  readonly children: ReactNode
}

/** One recipe in a panel, as a form or as JSON. */
export function RecipeViews({ view, onView, labels, text, schema, onText, children }: RecipeViewsProps): ReactNode {
  return (
    <>
      <div className={styles.views}>
        <SegmentedControl
          fullWidth
          aria-label={labels.views}
          value={view}
          onChange={onView}
          data={[
            { value: 'form', label: labels.form },
            { value: 'json', label: labels.json },
          ]}
        />
      </div>
      {view === 'json' ? (
        <div className={styles.json}>
          <Suspense fallback={<Loader size="sm" m="lg" aria-label={labels.json} />}>
            <RecipeEditor text={text} schema={schema} onChange={onText} />
          </Suspense>
        </div>
      ) : (
        children
      )}
    </>
  )
}
