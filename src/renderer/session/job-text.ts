import i18next from 'i18next'
import { fileName } from '../format/format-type'
import { variantTitle } from '../optimize/catalogue-text'
import type { Job } from '../stores/jobs-store'
import { useVariantsStore } from '../stores/variants-store'
import { modelTitle } from './document-title'

/** What a job works on, in words: the recipe by its title, models as tabs call them. */
export function jobSubject({ kind, title, modelPath }: Pick<Job, 'kind' | 'title' | 'modelPath'>): string {
  const name = modelTitle(useVariantsStore.getState().bySource, modelPath)
  if (kind === 'optimize' || kind === 'preview') return `${variantTitle(title)} · ${name}`
  // The shell knows models by their files, and variants' files are all called alike.
  const file = fileName(modelPath)
  if (title.startsWith(file)) return `${name}${title.slice(file.length)}`
  return title === '' ? name : `${title} · ${name}`
}

export function jobText(job: Pick<Job, 'kind' | 'title' | 'modelPath'>): string {
  return `${i18next.t(`jobs.kinds.${job.kind}`)}, ${jobSubject(job)}`
}
