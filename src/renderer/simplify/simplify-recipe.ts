import type { Recipe } from '#shared/recipe'

export type Form = 'standard' | 'onnxruntime'
export type GroupName = 'clean' | 'fuse' | 'own' | 'memory'

/** The passes of the checklist, by group. */
export const GROUPS: Readonly<Record<GroupName, readonly string[]>> = {
  clean: ['fold-constants', 'eliminate-dead-nodes', 'simplify-shapes', 'simplify-data-movement', 'sink-transposes', 'remove-identities', 'eliminate-common-subexpressions'],
  fuse: ['fold-batch-normalization', 'fuse-bias-add', 'fold-pads', 'fuse-layer-normalization', 'fuse-gelu', 'fuse-rms-normalization', 'fuse-rotary-embedding', 'fuse-attention'],
  own: ['fuse-skip-normalization', 'fuse-conv-activation'],
  memory: ['reorder-nodes'],
}

/** In the order they run: some have work again after others. */
const ORDER: readonly string[] = [
  'fold-constants',
  'eliminate-dead-nodes',
  'fold-batch-normalization',
  'fuse-bias-add',
  'simplify-shapes',
  'fold-constants',
  'eliminate-dead-nodes',
  'fuse-layer-normalization',
  'simplify-data-movement',
  'sink-transposes',
  'remove-identities',
  'fold-pads',
  'fuse-rms-normalization',
  'fuse-gelu',
  'fuse-rotary-embedding',
  'fuse-attention',
  'fuse-skip-normalization',
  'fuse-conv-activation',
  'eliminate-common-subexpressions',
  'eliminate-dead-nodes',
  'reorder-nodes',
]
/** They have a standard form, and one of onnxruntime's own. */
const TWO_FORMS = new Set(['fuse-rms-normalization', 'fuse-gelu', 'fuse-attention'])
/** Their standard forms need an opset that many runtimes do not have yet. */
export const NEWEST_OPSET = new Set(['fuse-rms-normalization', 'fuse-rotary-embedding', 'fuse-attention'])
/** Nobody gets these without asking. */
const ON_REQUEST = new Set(['reorder-nodes', 'fuse-rotary-embedding'])

export interface SimplifyChoice {
  readonly form: Form
  /** Names of the passes ticked. */
  readonly passes: readonly string[]
  readonly dims: Readonly<Record<string, number>>
  /** Whether the model is to take inputs of these sizes only. */
  readonly fixDims: boolean
}

/** Groups that there is a choice in: onnxruntime's own operators only where they are wanted. */
export function groupsOf(form: Form): readonly GroupName[] {
  return form === 'standard' ? ['clean', 'fuse', 'memory'] : ['clean', 'fuse', 'own', 'memory']
}

export function initialChoice(form: Form): SimplifyChoice {
  const all = groupsOf(form).flatMap((group) => GROUPS[group])
  const passes = all.filter((name) => !ON_REQUEST.has(name) && (form === 'onnxruntime' || !NEWEST_OPSET.has(name)))
  return { form, passes, dims: {}, fixDims: false }
}

/** The recipe of a choice; null where nothing is ticked. It has the name of the built-in recipe that it is. */
export function recipeOf({ form, passes, dims, fixDims }: SimplifyChoice, builtIn: readonly Recipe[]): Recipe | null {
  const offered = new Set(groupsOf(form).flatMap((group) => GROUPS[group]))
  const options = (name: string): Record<string, unknown> => {
    if (TWO_FORMS.has(name) && form === 'onnxruntime') return { form }
    if (Object.keys(dims).length > 0 && (name === 'reorder-nodes' || (name === 'simplify-shapes' && fixDims))) return { dims }
    return {}
  }
  const steps = ORDER.filter((name) => passes.includes(name) && offered.has(name)).map((name) => ({ pass: name, options: options(name) }))
  if (steps.length === 0) return null
  const same = builtIn.find((recipe) => JSON.stringify(recipe.passes) === JSON.stringify(steps))
  return same ?? { name: form === 'standard' ? 'simplify-custom' : 'fuse-for-onnxruntime-custom', description: '', passes: steps }
}
