import type { ReactNode } from 'react'
import { modelTitle } from '../session/document-title'
import { tellApart } from '../session/tell-apart'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import styles from './side.module.css'

/** Beside the title of a model: what tells it from others of that title in the same list of paths. */
export function FolderNote({ path, all }: { readonly path: string; readonly all: readonly string[] }): ReactNode {
  const bySource = useVariantsStore((state) => state.bySource)
  const listed = all.map((other) => ({ title: modelTitle(bySource, other), path: variantAt(bySource, other)?.sourcePath ?? other }))
  const note = tellApart(all.indexOf(path), listed)
  return note === '' ? null : <span className={styles.folderNote}>{note}</span>
}
