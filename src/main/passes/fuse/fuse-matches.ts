import { inferTypes } from '#shared/onnx/infer/infer-types'
import type { Edit } from '#shared/onnx/document'
import type { Node } from '#shared/onnx/records'
import { type Site, visitNodes } from './graph-match'

export interface Fusion<Match> {
  readonly match: (site: Site, node: Node) => Match | null
  readonly fuse: (site: Site, match: Match) => void
  /** Makes the model ready for the new operators, once something is found; where it cannot be, nothing is fused. */
  readonly prepare: () => boolean
}

/** Fuses whatever matches. What was found is looked for again once the model is ready: raising the opset may have rewritten nodes. */
export function fuseMatches<Match>(edit: Edit, { match, fuse, prepare }: Fusion<Match>): void {
  let isFound = false
  visitNodes(edit, inferTypes(edit.document), (site, node) => {
    isFound ||= match(site, node) !== null
  })
  if (!isFound || !prepare()) return
  visitNodes(edit, inferTypes(edit.document), (site, node) => {
    const found = match(site, node)
    if (found !== null) fuse(site, found)
  })
}
