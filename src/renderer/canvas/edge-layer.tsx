/** Edges as SVG under the boxes. Emphasised ones are drawn once more on top, so that selecting redraws only those. */
import { memo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './canvas.module.css'
import { useCanvasStore } from './canvas-store'
import { edgePath } from './scene/edge-path'
import type { Scene } from './scene/scene'
import { useSelectionStore } from '../stores/selection-store'

export const EdgeLayer = memo(function EdgeLayer({ scene, edges }: { scene: Scene; edges: readonly number[] }): ReactNode {
  return (
    <svg className={styles.edges} width={1} height={1}>
      {edges.map((edge) => (
        <EdgeLine key={edge} scene={scene} edge={edge} />
      ))}
      <Emphasis scene={scene} />
      {edges.map((edge) => (
        <EdgeLabel key={edge} scene={scene} edge={edge} />
      ))}
    </svg>
  )
})

const EdgeLine = memo(function EdgeLine({ scene, edge }: { scene: Scene; edge: number }): ReactNode {
  const { t } = useTranslation('canvas')
  const path = edgePath(scene.layout, edge)
  const name = valueOf(scene, edge)?.name ?? ''
  return (
    <g className={styles.edge} data-value={name} onClick={() => useSelectionStore.getState().select({ kind: 'edge', name })}>
      <path className={styles.edgeLine} d={path} data-captured={scene.graph.edges[edge]?.captured === true || undefined} />
      <path className={styles.edgeTarget} d={path} role="button" aria-label={t('value', { name })} />
    </g>
  )
})

const EdgeLabel = memo(function EdgeLabel({ scene, edge }: { scene: Scene; edge: number }): ReactNode {
  const x = scene.layout.labelX[edge] ?? NaN
  const y = scene.layout.labelY[edge] ?? NaN
  const value = valueOf(scene, edge)
  if (Number.isNaN(x) || value === undefined) return null
  return (
    <text className={styles.edgeLabel} data-value={value.name} x={x} y={y} dy="0.35em" onClick={() => useSelectionStore.getState().select({ kind: 'edge', name: value.name })}>
      {value.label}
    </text>
  )
})

/** More edges than this are not emphasised one by one. */
const MAX_EMPHASISED = 400

function Emphasis({ scene }: { scene: Scene }): ReactNode {
  const selected = useCanvasStore((canvas) => canvas.highlight.selectedEdges)
  const hovered = useCanvasStore((canvas) => canvas.highlight.hoveredEdges)
  return [...selected.slice(0, MAX_EMPHASISED), ...hovered.slice(0, MAX_EMPHASISED)].map((edge, place) => (
    <path key={place} className={styles.edgeEmphasis} d={edgePath(scene.layout, edge)} />
  ))
}

function valueOf({ graph }: Scene, edge: number): Scene['graph']['values'][number] | undefined {
  return graph.values[graph.edges[edge]?.value ?? -1]
}
