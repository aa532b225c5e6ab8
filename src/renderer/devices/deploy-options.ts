import type { DeployAdapter, DeployProvider } from '#shared/deploy'
import type { DeployParams } from './devices-session'

/** The form as it stands: empty texts are left to the rules. */
export interface DeployDraft {
  readonly adapter: DeployAdapter | ''
  readonly provider: DeployProvider | ''
  readonly threads: number | ''
  readonly runs: number
  readonly warmup: number
  readonly sustainedSeconds: number
  readonly cores: string
  readonly niceness: number
  readonly kernels: boolean
  /** On the sample's own evaluation data, where the model is one. */
  readonly accuracy: boolean
  readonly manifestPath: string
}

export const emptyDraft: DeployDraft = { adapter: '', provider: '', threads: '', runs: 50, warmup: 5, sustainedSeconds: 0, cores: '', niceness: 0, kernels: false, accuracy: false, manifestPath: '' }

export type EvaluationChoice = NonNullable<NonNullable<DeployParams['options']>['accuracy']>

/** Null where the cores are not a list of numbers and ranges. */
export function optionsOf({ adapter, provider, threads, cores, manifestPath, accuracy, ...rest }: DeployDraft, evaluation: EvaluationChoice | null = null): DeployParams['options'] | null {
  const numbers = coreNumbers(cores)
  if (numbers === null) return null
  return { ...rest, adapter: adapter || null, provider: provider || null, threads: threads === '' ? null : threads, cores: numbers, accuracy: accuracy ? evaluation : null, manifestPath: manifestPath.trim() || null }
}

/** `4-7, 0` as numbers; null for what is neither numbers nor ranges. */
export function coreNumbers(text: string): number[] | null {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.length === 1 && parts[0] === '') return []
  const found = parts.map((part) => /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(part))
  const cores: number[] = []
  for (const match of found) {
    const first = Number(match?.[1] ?? Number.NaN)
    const last = Number(match?.[2] ?? first)
    if (!(first <= last && last < 256)) return null
    for (let core = first; core <= last; core++) cores.push(core)
  }
  return [...new Set(cores)]
}
