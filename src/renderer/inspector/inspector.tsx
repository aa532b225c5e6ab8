import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { GraphView } from '#shared/ipc/model-view'
import { graphLookup } from '../session/graph-lookup'
import { selectedNodeIds, useSelectionStore, type Selection } from '../stores/selection-store'
import { activeDocument, activeGraph, useSessionStore } from '../stores/session-store'
import styles from './inspector.module.css'
import { ModelPage } from './model-page'
import { NodePage } from './node-page'
import { NodesPage } from './nodes-page'
import { TensorPage } from './tensor-page'
import { ValuePage } from './value-page'

/** One page for whatever is selected; the model where nothing is. */
export default function Inspector(): ReactNode {
  const document = useSessionStore(activeDocument)
  const graph = useSessionStore(activeGraph)
  const selection = useSelectionStore((state) => state.selection)
  if (document === null) return null
  return (
    <div className={styles.page}>
      {graph === null || selection.kind === 'model' ? <ModelPage document={document} graph={graph} /> : <SelectionPage graph={graph} selection={selection} documentId={document.documentId} modelPath={document.summary.path} />}
    </div>
  )
}

interface SelectionPageProps {
  readonly graph: GraphView
  readonly selection: Exclude<Selection, { kind: 'model' }>
  readonly documentId: string
  readonly modelPath: string
}

function SelectionPage({ graph, selection, documentId, modelPath }: SelectionPageProps): ReactNode {
  const { t } = useTranslation()
  const lookup = graphLookup(graph)
  switch (selection.kind) {
    case 'node': {
      const node = lookup.nodes.get(selection.nodeId)
      return node === undefined ? <p className={styles.section}>{t('inspector.gone')}</p> : <NodePage key={node.id} node={node} graph={graph} modelPath={modelPath} />
    }
    case 'nodes':
      return <NodesPage nodes={selectedNodeIds(selection).flatMap((id) => lookup.nodes.get(id) ?? [])} />
    case 'tensor':
    case 'edge':
    case 'input':
    case 'output': {
      const tensor = lookup.initializers.get(selection.name)
      return tensor !== undefined ? (
        <TensorPage key={selection.name} documentId={documentId} graph={graph} name={selection.name} />
      ) : (
        <ValuePage key={selection.name} graph={graph} name={selection.name} />
      )
    }
  }
}
