import { Alert, Button, Loader } from '@mantine/core'
import { useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { OpenDocument } from '#shared/ipc/contract'
import type { Recipe } from '#shared/recipe'
import { said } from '../i18n/engine-words'
import { dataSource, initialData } from '../optimize/data-choice'
import { DataPicker } from '../optimize/data-picker'
import { loadCatalogue } from '../optimize/load-catalogue'
import { draftOfRecipe, draftOfText } from '../optimize/recipe-draft'
import { type RecipeView, RecipeViews } from '../optimize/recipe-views'
import { useRecipeProblem } from '../optimize/use-recipe-problem'
import { startJob } from '../session/jobs'
import { useAppStore, type Catalogue } from '../stores/app-store'
import { documentState, useEditStore } from '../stores/edit-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { CandidatesPreview } from './candidates-preview'
import { zeroShare } from './candidates'
import { ChannelOptions } from './channel-options'
import { ChannelPreview } from './channel-preview'
import { MethodChoice } from './method-choice'
import { PassOptions } from './pass-options'
import { ProtectedLayers } from './protected-layers'
import { choiceOf, INITIAL_CHOICE } from './prune-choice'
import { coreOptions, groupOf, type Method, methodOf, passOf, recipeFor, takesChannels, withPruneOption } from './prune-recipe'
import { PruneResults } from './prune-results'
import { usePruneStore } from './prune-store'
import { usePruneTexts } from './prune-texts'
import styles from './prune.module.css'

/** Ways to make a model thinner, beside the graph: what each would touch is shown there before anything is done. */
export default function PrunePanel(): ReactNode {
  const { t } = useTranslation()
  const document = useSessionStore(activeDocument)
  const catalogue = useAppStore((state) => state.catalogue)
  useEffect(() => void loadCatalogue(), [])
  if (document === null) return null
  if (catalogue === null) return <Loader size="sm" m="lg" aria-label={t('view.loading')} />
  return <Panel key={document.documentId} document={document} catalogue={catalogue} />
}

function Panel({ document: { documentId, summary }, catalogue }: { readonly document: OpenDocument; readonly catalogue: Catalogue }): ReactNode {
  const t = usePruneTexts()
  const { path } = summary
  const [view, setView] = useState<RecipeView>('form')
  const [isNothing, setIsNothing] = useState(false)
  const samples = useAppStore((state) => state.samples)
  const bySource = useVariantsStore((state) => state.bySource)
  const sourcePath = variantAt(bySource, path)?.sourcePath ?? path
  const sampleData = initialData(samples, sourcePath)
  const data = usePruneStore((state) => state.data[sourcePath]) ?? sampleData
  const setData = usePruneStore((state) => state.setData)
  const initial = recipeFor('channels', catalogue.recipes, null)
  const draft = usePruneStore((state) => state.drafts[sourcePath]) ?? (initial && draftOfRecipe(initial))
  const setDraft = usePruneStore((state) => state.setDraft)
  const problem = useRecipeProblem(draft?.recipe ?? null)
  if (draft === null || initial === null) return null
  const source = dataSource(data)
  const { recipe } = draft
  const method = recipe && methodOf(recipe)
  const change = (next: Recipe): void => setDraft(sourcePath, draftOfRecipe(next))
  const start = (): void => {
    if (recipe && source) void startJob({ kind: 'optimize', params: { modelPath: path, recipe, data: source } })
  }

  return (
    <div className={styles.page}>
      <RecipeViews
        view={view}
        onView={setView}
        labels={{ views: t('views'), form: t('form'), json: t('json') }}
        text={draft.text}
        schema={catalogue.schema}
        onText={(text) => setDraft(sourcePath, draftOfText(text))}
      >
        <div className={styles.body}>
          {recipe === null || method === null ? (
            <div>
              <p className={styles.note}>{t('noForm')}</p>
              <Button variant="default" size="compact-xs" mt={8} onClick={() => change(initial)}>
                {t('startOver')}
              </Button>
            </div>
          ) : (
            <>
              <MethodChoice method={method} onChange={(next) => change(recipeFor(next, catalogue.recipes, recipe) ?? recipe)} />
              <MethodForm recipe={recipe} method={method} catalogue={catalogue} onChange={change} />
              <DataPicker label={t('data')} value={data} onChange={(next) => setData(sourcePath, next)} samplePath={sampleData.kind === 'sample' ? sampleData.path : null} syntheticNote={t(method === 'magnitude' ? 'syntheticUnused' : takesChannels(method) ? 'synthetic' : 'syntheticLayers')} warnSynthetic={method !== 'magnitude'} />
              <Preview documentId={documentId} path={path} recipe={recipe} method={method} source={source} onNothing={setIsNothing} />
            </>
          )}
          <PruneResults sourcePath={sourcePath} />
        </div>
      </RecipeViews>
      <div className={styles.footer}>
        {draft.problem !== null && (
          <Alert color="red" p={8} mb={8} role="alert">
            {t('notJson', { problem: draft.problem })}
          </Alert>
        )}
        {problem !== null && (
          <Alert color="red" p={8} mb={8} role="alert">
            {said(problem.message)} {problem.hint !== undefined && <span className="dim">{said(problem.hint)}</span>}
          </Alert>
        )}
        <Button fullWidth onClick={start} disabled={recipe === null || source === null || problem !== null || isNothing}>
          {method === null || recipe === null ? t('run') : startLabel(t, method, coreOptions(recipe))}
        </Button>
      </div>
    </div>
  )
}

interface MethodFormProps {
  readonly recipe: Recipe
  readonly method: Method
  readonly catalogue: Catalogue
  readonly onChange: (recipe: Recipe) => void
}

function MethodForm({ recipe, method, catalogue, onChange }: MethodFormProps): ReactNode {
  const options = coreOptions(recipe)
  const choice = choiceOf(options)
  const pass = catalogue.passes.find(({ name }) => name === passOf(method))
  const set = (fields: Partial<typeof choice>): void => {
    const entries = Object.entries(fields) as [keyof typeof choice, unknown][]
    // How much goes is always said: it is what the recipe is about.
    onChange(entries.reduce((so, [name, value]) => withPruneOption(so, { name, value, fallback: name === 'amount' ? null : INITIAL_CHOICE[name] }), recipe))
  }
  return (
    <>
      {takesChannels(method) ? <ChannelOptions choice={choice} onChange={set} /> : pass && <PassOptions method={method} pass={pass} options={options} onOption={(option) => onChange(withPruneOption(recipe, option))} />}
      <ProtectedLayers names={choice.excludeNodes} onChange={(excludeNodes) => set({ excludeNodes })} />
    </>
  )
}

interface PreviewProps {
  readonly documentId: string
  readonly path: string
  readonly recipe: Recipe
  readonly method: Method
  readonly source: ReturnType<typeof dataSource>
  readonly onNothing: (isNothing: boolean) => void
}

function Preview({ documentId, path, recipe, method, source, onNothing }: PreviewProps): ReactNode {
  const states = useEditStore((state) => state.states)
  const { revision } = documentState({ states }, documentId)
  const options = coreOptions(recipe)
  return takesChannels(method) ? (
    <ChannelPreview documentId={documentId} path={path} revision={revision} options={options} data={source} onNothing={onNothing} />
  ) : (
    <CandidatesPreview key={passOf(method)} documentId={documentId} revision={revision} method={method} options={options} onNothing={onNothing} />
  )
}

function startLabel(t: ReturnType<typeof usePruneTexts>, method: Method, options: Readonly<Record<string, unknown>>): string {
  if (takesChannels(method)) return t('apply', { percent: percent(choiceOf(options).amount) })
  if (method === 'blocks' || method === 'decouple') return t(method === 'blocks' ? 'applyBlocks' : 'applyDecouple')
  return groupOf(method) === 'parts' ? t('applyParts') : t('applyZeros', { percent: percent(zeroShare(options)) })
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
