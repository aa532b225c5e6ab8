import { UnstyledButton } from '@mantine/core'
import type { ReactNode } from 'react'
import type { GraphView } from '#shared/ipc/model-view'
import { formatBytes } from '../format/format-number'
import { Figure } from '../format/figure'
import { formatType } from '../format/format-type'
import { graphLookup, nodeLabel } from '../session/graph-lookup'
import { useSelectionStore } from '../stores/selection-store'
import { useViewStore } from '../stores/view-store'
import styles from './inspector.module.css'

interface ValueEntryProps {
  readonly graph: GraphView
  readonly name: string
  /** Its place among the node's inputs or outputs. */
  readonly index?: number
  readonly absentText: string
}

/** A value in a list: selects it; the canvas outlines it while the pointer is on it. */
export function ValueEntry(props: ValueEntryProps): ReactNode {
  return (
    <li>
      <ValueButton {...props} />
    </li>
  )
}

export function ValueButton({ graph, name, index, absentText }: ValueEntryProps): ReactNode {
  const select = useSelectionStore((state) => state.select)
  const hover = useSelectionStore((state) => state.hover)
  const tensor = graphLookup(graph).initializers.get(name)
  const type = graph.values[name]
  if (name === '') {
    return (
      <div className={`${styles.entry} dim`}>
        {index !== undefined && <span className={styles.formal}>{index}</span>}
        {absentText}
      </div>
    )
  }
  return (
    <UnstyledButton
      className={styles.entry}
      onClick={() => select(tensor === undefined ? { kind: 'edge', name } : { kind: 'tensor', name })}
      onPointerEnter={() => hover({ kind: 'value', name })}
      onPointerLeave={() => hover(null)}
    >
      {index !== undefined && <span className={styles.formal}>{index}</span>}
      <span className={styles.entryMain}>
        {name}
        <br />
        <span className={styles.entryType}>
          {tensor !== undefined ? formatType({ type: tensor.dtype, shape: tensor.dims }) : type === undefined ? absentText : formatType(type)}
        </span>
      </span>
      {tensor !== undefined && <Figure {...formatBytes(tensor.sizeBytes)} />}
    </UnstyledButton>
  )
}

/** A node in a list, likewise. */
export function NodeEntry({ graph, nodeId }: { readonly graph: GraphView; readonly nodeId: number }): ReactNode {
  const select = useSelectionStore((state) => state.select)
  const hover = useSelectionStore((state) => state.hover)
  const revealNodes = useViewStore((state) => state.revealNodes)
  const node = graphLookup(graph).nodes.get(nodeId)
  if (node === undefined) return null
  return (
    <li>
      <UnstyledButton
        className={styles.entry}
        onClick={() => {
          select({ kind: 'node', nodeId })
          revealNodes([nodeId])
        }}
        onPointerEnter={() => hover({ kind: 'nodes', nodeIds: [nodeId] })}
        onPointerLeave={() => hover(null)}
      >
        <span className={styles.entryMain}>
          {nodeLabel(node)}
          <br />
          <span className={styles.entryType}>{node.opType}</span>
        </span>
      </UnstyledButton>
    </li>
  )
}
