import { useEffect, useState } from 'react'
import type { VariantRow } from '#shared/variants/variant-table'
import { getBridge } from '../bridge/bridge'
import { reportError } from '../session/report-error'
import { documentState, useEditStore } from '../stores/edit-store'
import { useSessionStore } from '../stores/session-store'

/** The source with its variants and all that was measured on them, read again whenever something was added. Null while it is read first. */
export function useVariantRows(sourcePath: string): readonly VariantRow[] | null {
  const documentId = useSessionStore((state) => state.documents.find(({ summary }) => summary.path === sourcePath)?.documentId ?? null)
  const [read, setRead] = useState<{ readonly path: string; readonly rows: readonly VariantRow[] } | null>(null)
  const shown = read?.path === sourcePath ? (read.rows[0]?.revision ?? null) : null
  const revision = useEditStore((state) => documentState(state, documentId).revision)
  // Figures of edits are not those of the next edit, nor of the file.
  const isOutdated = shown !== null && shown !== revision
  useEffect(() => {
    let isCurrent = true
    const refresh = () => {
      getBridge()
        .request('variants.table', { modelPaths: [sourcePath] })
        .then(({ rows }) => isCurrent && setRead({ path: sourcePath, rows }))
        .catch((error: unknown) => {
          if (!isCurrent) return
          setRead({ path: sourcePath, rows: [] })
          reportError(error)
        })
    }
    refresh()
    const stop = [
      getBridge().on('variants', refresh),
      getBridge().on('deviceRuns', refresh),
      getBridge().on('job', (event) => event.type === 'done' && refresh()),
    ]
    return () => {
      isCurrent = false
      for (const end of stop) end()
    }
  }, [sourcePath, isOutdated])
  return read?.path === sourcePath ? read.rows : null
}
