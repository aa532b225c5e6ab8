/** Results of evaluations and the cards that were chosen, found by the contents of a model's file. */
import type { EvaluationResult } from '#shared/evaluation/evaluation-result'
import type { Preprocessing } from '#shared/evaluation/preprocessing'
import { hashModelFile } from '../runtime/model-file'
import { openEvaluations } from '../workspace/evaluations'

export interface EvaluationService {
  list(modelPath: string): Promise<EvaluationResult[]>
  card(modelPath: string): Promise<Preprocessing | null>
  keepCard(modelPath: string, card: Preprocessing): Promise<Record<string, never>>
}

export function createEvaluationService(folder: string): EvaluationService {
  const store = openEvaluations(folder)
  return {
    async list(modelPath) {
      return store.list(await hashModelFile(modelPath))
    },
    async card(modelPath) {
      return store.card(await hashModelFile(modelPath))
    },
    async keepCard(modelPath, card) {
      store.keepCard(await hashModelFile(modelPath), card)
      return {}
    },
  }
}
