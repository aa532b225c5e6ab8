import { getBridge } from '../bridge/bridge'
import { reportError } from '../session/report-error'
import { useAppStore } from '../stores/app-store'

/** Passes, recipes and their schema, asked for once. */
export async function loadCatalogue(): Promise<void> {
  if (useAppStore.getState().catalogue !== null) return
  const bridge = getBridge()
  try {
    const [passes, recipes, schema] = await Promise.all([bridge.request('passes.list', {}), bridge.request('recipes.list', {}), bridge.request('recipes.schema', {})])
    useAppStore.getState().setCatalogue({ passes, recipes, schema })
  } catch (error) {
    reportError(error)
  }
}
