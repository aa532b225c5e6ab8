import { Alert, Button, Group, Loader, Modal, Radio, SegmentedControl, Text } from '@mantine/core'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Recipe } from '#shared/recipe'
import { useModelTitle } from '../session/document-title'
import { startJob } from '../session/jobs'
import { useAppStore, type Catalogue } from '../stores/app-store'
import { useDialogsStore } from '../stores/dialogs-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { recipeDescription, recipeTitle } from './catalogue-text'
import { dataSource, initialData } from './data-choice'
import { DataPicker } from './data-picker'
import { loadCatalogue } from './load-catalogue'
import styles from './optimize-dialog.module.css'
import { draftOfRecipe, draftOfText } from './recipe-draft'
import { RecipeForm } from './recipe-form'

const RecipeEditor = lazy(() => import('./recipe-editor'))

type RecipeView = 'form' | 'json'

/** Recipe, calibration data and options; starting it makes a job and, from that, a variant. */
export default function OptimizeDialog(): ReactNode {
  const { t } = useTranslation()
  const open = useDialogsStore((state) => state.optimizeOpen)
  const setOpen = useDialogsStore((state) => state.setOptimizeOpen)
  const document = useSessionStore(activeDocument)
  const catalogue = useAppStore((state) => state.catalogue)
  const [view, setView] = useState<RecipeView>('form')
  const bySource = useVariantsStore((state) => state.bySource)
  const activePath = document?.summary.path ?? ''
  // A recipe is applied to the source: a variant of a variant would lose twice.
  const modelPath = variantAt(bySource, activePath)?.sourcePath ?? activePath
  const title = useModelTitle(modelPath)
  useEffect(() => {
    if (open) void loadCatalogue()
  }, [open])
  return (
    <Modal
      opened={open && document !== null}
      onClose={() => setOpen(false)}
      // In the editor Escape is for its own lists.
      closeOnEscape={view === 'form'}
      size={880}
      title={t('optimize.title', { name: title })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {catalogue === null || document === null ? (
        <Group justify="center" p={48}>
          <Loader size="sm" aria-label={t('view.loading')} />
        </Group>
      ) : (
        <OptimizeForm key={modelPath} catalogue={catalogue} modelPath={modelPath} view={view} onView={setView} onClose={() => setOpen(false)} />
      )}
    </Modal>
  )
}

interface OptimizeFormProps {
  readonly catalogue: Catalogue
  /** The source model. */
  readonly modelPath: string
  readonly view: RecipeView
  readonly onView: (view: RecipeView) => void
  readonly onClose: () => void
}

function OptimizeForm({ catalogue, modelPath, view, onView, onClose }: OptimizeFormProps): ReactNode {
  const { t } = useTranslation()
  const { recipes, passes, schema } = catalogue
  const samples = useAppStore((state) => state.samples)
  const sampleData = initialData(samples, modelPath)
  const [draft, setDraft] = useState(() => draftOfRecipe(recipes[0] ?? { name: 'custom', description: '', passes: [] }))
  const [data, setData] = useState(sampleData)
  const source = dataSource(data)
  const { recipe } = draft
  const needsData = recipe?.passes.some(({ pass }) => passes.find(({ name }) => name === pass)?.calibration === 'required') ?? false

  const start = (): void => {
    if (recipe === null || source === null) return
    onClose()
    void startJob({ kind: 'optimize', params: { modelPath, recipe, data: source } })
  }

  return (
    <>
      <div className={styles.columns}>
        <RecipeChoice recipes={recipes} recipe={recipe} onChoose={(chosen) => setDraft(draftOfRecipe(chosen))} />
        <div className={styles.chosen}>
          {recipe !== null && <p className={styles.description}>{recipeDescription(builtInOf(recipes, recipe) ?? recipe)}</p>}
          <DataPicker
            label={needsData ? t('optimize.calibrationData') : t('optimize.checkData')}
            value={data}
            onChange={setData}
            samplePath={sampleData.kind === 'sample' ? sampleData.path : null}
            syntheticNote={needsData ? t('optimize.syntheticCalibration') : t('optimize.syntheticCheck')}
            warnSynthetic={needsData}
          />
          <Group justify="space-between" mt={16}>
            <Text fw={600}>{t('optimize.recipe')}</Text>
            <SegmentedControl
              aria-label={t('optimize.recipeView')}
              value={view}
              onChange={(next) => onView(next === 'json' ? 'json' : 'form')}
              data={[
                { value: 'form', label: t('optimize.form') },
                { value: 'json', label: t('optimize.json') },
              ]}
            />
          </Group>
          <div className={styles.recipeBody}>
            {view === 'form' ? (
              <RecipeForm draft={draft} catalogue={catalogue} onChange={(changed) => setDraft(draftOfRecipe(changed))} />
            ) : (
              <Suspense fallback={<Loader size="sm" m="lg" aria-label={t('view.loading')} />}>
                <RecipeEditor text={draft.text} schema={schema} onChange={(text) => setDraft(draftOfText(text))} />
              </Suspense>
            )}
          </div>
          {draft.problem !== null && (
            <Alert color="red" p={8} mt={8} role="alert">
              {t('optimize.invalidRecipe', { problem: draft.problem })}
            </Alert>
          )}
        </div>
      </div>
      <Group justify="flex-end" gap={8} mt={16}>
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button onClick={start} disabled={recipe === null || source === null}>
          {t('optimize.start')}
        </Button>
      </Group>
    </>
  )
}

/** The built-in recipe that was chosen, whatever was changed in it since. */
function builtInOf(recipes: readonly Recipe[], recipe: Recipe): Recipe | null {
  return recipes.find(({ name }) => name === recipe.name || `${name}-custom` === recipe.name) ?? null
}

const RECIPE_GROUPS = ['quantize', 'prune', 'simplify'] as const

/** What a recipe is about, by its passes: pruning first, since what is pruned may be quantized after. */
function groupOf({ passes }: Recipe): (typeof RECIPE_GROUPS)[number] {
  const has = (names: RegExp) => passes.some(({ pass }) => names.test(pass))
  if (has(/^(prune|sparsify|factorize|decouple)-/)) return 'prune'
  return has(/^quantize-|-float16$/) ? 'quantize' : 'simplify'
}

interface RecipeChoiceProps {
  readonly recipes: readonly Recipe[]
  readonly recipe: Recipe | null
  readonly onChoose: (recipe: Recipe) => void
}

/** All recipes at a glance, by what they do; what one does exactly stands beside the list once it is chosen. */
function RecipeChoice({ recipes, recipe, onChoose }: RecipeChoiceProps): ReactNode {
  const { t } = useTranslation()
  return (
    <Radio.Group
      aria-label={t('optimize.method')}
      className={styles.methods ?? ''}
      value={(recipe && builtInOf(recipes, recipe)?.name) ?? null}
      onChange={(name) => {
        const next = recipes.find((candidate) => candidate.name === name)
        if (next !== undefined) onChoose(next)
      }}
    >
      {RECIPE_GROUPS.map((group) => (
        <div key={group} role="presentation">
          <h3 className={styles.groupTitle}>{t(`tools.${group}`)}</h3>
          {recipes.filter((candidate) => groupOf(candidate) === group).map((candidate) => (
            <Radio.Card key={candidate.name} value={candidate.name} className={styles.card ?? ''} aria-label={recipeTitle(candidate)} title={recipeDescription(candidate)}>
              <Radio.Indicator size="xs" />
              {recipeTitle(candidate)}
            </Radio.Card>
          ))}
        </div>
      ))}
    </Radio.Group>
  )
}
