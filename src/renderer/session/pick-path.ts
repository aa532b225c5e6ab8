import { getBridge } from '../bridge/bridge'
import { pickFiles } from './open-models'

/** One file that the person picks, readable by the engine; null when the person cancels. */
export async function pickPath(purpose: 'model' | 'data'): Promise<string | null> {
  const bridge = getBridge()
  if (bridge.host !== 'browser') return (await bridge.request('dialog.open', { purpose }))?.[0] ?? null
  const files = await pickFiles({ accept: purpose === 'model' ? '.onnx' : '.npy' })
  return files.length === 0 ? null : ((await bridge.importFiles(files))[0] ?? null)
}
