/** Results of evaluations and the cards that were chosen, found by the contents of a model's file. */
import type { EvaluationResult } from '#shared/evaluation/evaluation-result'
import type { Preprocessing } from '#shared/evaluation/preprocessing'
import { openEvaluations } from '../workspace/evaluations'
import type { EngineService } from './engine-service'

export interface EvaluationService {
  list(modelPath: string): Promise<EvaluationResult[]>
  card(modelPath: string): Promise<Preprocessing | null>
  keepCard(modelPath: string, card: Preprocessing): Promise<Record<string, never>>
}

export function createEvaluationService(folder: string, engine: Pick<EngineService, 'hashModel'>): EvaluationService {
  const store = openEvaluations(folder)
  return {
    async list(modelPath) {
      return store.isEmpty() ? [] : store.list(await engine.hashModel(modelPath))
    },
    async card(modelPath) {
      return store.isEmpty() ? null : store.card(await engine.hashModel(modelPath))
    },
    async keepCard(modelPath, card) {
      store.keepCard(await engine.hashModel(modelPath), card)
      return {}
    },
  }
}
