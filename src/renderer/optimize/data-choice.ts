import i18next from 'i18next'
import type { DataSource } from '#shared/ipc/jobs'
import { getBridge } from '../bridge/bridge'
import { folderOf } from '../format/format-type'
import { pickFiles } from '../session/open-models'
import type { Sample } from '../stores/app-store'
import { reportError } from '../session/report-error'

/** Where data comes from, as the dialogs offer it. */
export type DataChoice = { readonly kind: 'sample'; readonly path: string } | { readonly kind: 'path'; readonly path: string | null } | { readonly kind: 'synthetic' }

/** The sample's own data where the model is a sample, else synthetic. */
export function initialData(samples: readonly Pick<Sample, 'path' | 'calibrationPath'>[], modelPath: string): DataChoice {
  const path = samples.find((sample) => sample.path === modelPath)?.calibrationPath ?? null
  return path === null ? { kind: 'synthetic' } : { kind: 'sample', path }
}

/** What the job is told; null while a path is still to be chosen. */
export function dataSource(choice: DataChoice): DataSource | null {
  if (choice.kind === 'synthetic') return { kind: 'synthetic', samples: 8 }
  return choice.path === null ? null : { kind: 'path', path: choice.path }
}

/** Lets the person pick data; in the browser it is handed over first. Null when they cancel. */
export async function pickData(what: 'file' | 'folder', accept = '.npz,.npy,.pb,.csv,.tsv,.jsonl,.wav,image/*'): Promise<string | null> {
  const bridge = getBridge()
  try {
    if (bridge.host === 'electron') {
      const paths = await bridge.request('dialog.open', { purpose: what === 'file' ? 'data' : 'data-folder' })
      return paths?.[0] ?? null
    }
    const files = await pickFiles({ accept: what === 'file' ? accept : '', folder: what === 'folder' })
    if (files.length === 0) return null
    const paths = await bridge.importFiles(files)
    const [first] = paths
    if (first === undefined) return null
    return what === 'file' && paths.length === 1 ? first : commonFolder(paths)
  } catch (error) {
    reportError(error, i18next.t('errors.cannotImport'))
    return null
  }
}

/** The deepest folder that holds all these files. */
export function commonFolder(paths: readonly string[]): string {
  let folder = folderOf(paths[0] ?? '')
  while (!paths.every((path) => path.startsWith(`${folder}/`) || path.startsWith(`${folder}\\`))) {
    const outer = folderOf(folder)
    if (outer === folder) return folder
    folder = outer
  }
  return folder
}
