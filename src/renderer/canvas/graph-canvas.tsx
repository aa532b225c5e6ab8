/** The graph on the screen. */
import { ReactFlow, ReactFlowProvider, ViewportPortal } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { useComputedColorScheme } from '@mantine/core'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent, type ReactNode, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import type { GraphView } from '#shared/ipc/model-view'
import { boxElementId, OpNode, TerminalNode, type OpFlowNode, type TerminalFlowNode } from './box-nodes'
import { CanvasActionsProvider } from './canvas-actions'
import { CanvasControls } from './canvas-controls'
import styles from './canvas.module.css'
import { useCanvas, useCanvasStore } from './canvas-store'
import { CanvasSubjectProvider, useCanvasSubject, type Beside } from './canvas-subject'
import { ContextMenu, type OpenMenu } from './context-menu'
import { EdgeLayer } from './edge-layer'
import { EditGestures } from './edit-gestures'
import { FindBar } from './find-bar'
import { GroupNode, type GroupFlowNode } from './group-node'
import { HeatLegend } from './heat-legend'
import { Minimap } from './minimap'
import { OverviewLayer } from './overview-layer'
import { OverviewTip } from './overview-tip'
import { paletteVariables } from './palette'
import { boxKey } from './scene/canvas-graph'
import { selectionOfBox } from './scene/highlight'
import { neighbourTowards, type ArrowKey } from './scene/neighbour'
import type { Scene } from './scene/scene'
import { boxAtPointer } from './box-at-pointer'
import { useCamera } from './use-camera'
import { useEmphasis } from './use-emphasis'
import { useScene } from './use-scene'
import { useVisible } from './use-visible'
import { MAX_ZOOM, MIN_ZOOM } from './viewport'
import { graphIdOf, graphKey, graphOf, useSessionStore } from '../stores/session-store'
import { useSelectionStore } from '../stores/selection-store'
import { useViewStore } from '../stores/view-store'

/** What xyflow would tell screen readers of keys that work otherwise here, in English. */
const NO_DESCRIPTIONS = { 'node.a11yDescription.default': '', 'node.a11yDescription.keyboardDisabled': '', 'edge.a11yDescription.default': '' }

const nodeTypes = { op: OpNode, terminal: TerminalNode, group: GroupNode }
type FlowNode = OpFlowNode | TerminalFlowNode | GroupFlowNode

/** The active graph of the active document, as the stores tell it. Fills its parent; nothing where no graph is loaded. */
export function GraphCanvas(): ReactNode {
  const documentId = useSessionStore((state) => state.activeDocumentId)
  return documentId === null ? null : <DocumentCanvas documentId={documentId} beside={null} />
}

interface DocumentCanvasProps {
  readonly documentId: string
  readonly beside: Beside | null
  /** What needs the view of this canvas. */
  readonly children?: ReactNode
}

/** The graph that a document shows. */
export function DocumentCanvas({ documentId, beside, children }: DocumentCanvasProps): ReactNode {
  const view = useSessionStore((state) => graphOf(state, documentId))
  const key = useSessionStore((state) => graphKey(documentId, graphIdOf(state, documentId) ?? 0))
  const subject = useMemo(() => ({ documentId, beside }), [documentId, beside])
  if (view === null) return null
  return (
    <CanvasSubjectProvider value={subject}>
      <ReactFlowProvider key={key}>
        <Canvas view={view} graphKey={key} />
        {children}
      </ReactFlowProvider>
    </CanvasSubjectProvider>
  )
}

function Canvas({ view, graphKey: key }: { view: GraphView; graphKey: string }): ReactNode {
  const { t } = useTranslation('canvas')
  const { scene, failed } = useScene(view, key)
  const canvas = useCanvas()
  const theme = useComputedColorScheme('light')
  useEffect(() => canvas.getState().setTheme(theme), [canvas, theme])
  const style = useMemo(() => paletteVariables(theme), [theme])
  const label = view.name === '' ? t('label') : t('labelOf', { name: view.name })
  return (
    <div className={styles.frame} style={style}>
      {scene === null ? (
        <div className={styles.notice} role="status">
          {failed ? t('layoutFailed') : t('layingOut', { nodes: view.nodes.length })}
        </div>
      ) : (
        <>
          <SceneView scene={scene} label={label} graphKey={key} theme={theme} />
          <HeatLegend />
        </>
      )}
    </div>
  )
}

interface SceneViewProps {
  scene: Scene
  label: string
  graphKey: string
  theme: 'light' | 'dark'
}

function SceneView({ scene, label, graphKey: key, theme }: SceneViewProps): ReactNode {
  const { t } = useTranslation('canvas')
  const root = useRef<HTMLDivElement>(null)
  const canvas = useCanvas()
  const { documentId } = useCanvasSubject()
  const [menu, setMenu] = useState<OpenMenu | null>(null)
  const actions = useCamera(scene, key, setMenu)
  useLayoutEffect(() => {
    canvas.getState().setCamera(actions)
    return () => canvas.getState().setCamera(null)
  }, [canvas, actions])
  useEmphasis(scene)
  useMotion(scene, root)
  const visible = useVisible(scene)
  const nodes = useFlowNodes(scene, visible.boxes)
  const inFront = useSessionStore((state) => state.activeDocumentId === documentId)
  const findOpen = useViewStore((state) => state.findOpen) && inFront
  const active = useCanvasStore(({ highlight }) => (highlight.selected.size === 1 ? [...highlight.selected][0] : undefined))

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return
    switch (event.key) {
      case 'ArrowUp':
      case 'ArrowDown':
      case 'ArrowLeft':
      case 'ArrowRight':
        step(event.key)
        break
      case 'Enter': {
        const box = active === undefined ? undefined : scene.graph.boxes[active]
        const subgraph = box?.kind === 'op' ? box.rows.find((row) => row.kind === 'subgraph') : undefined
        if (subgraph === undefined) return
        actions.enter(subgraph.graphId)
        break
      }
      case 'Escape':
        if (findOpen) useViewStore.getState().setFindOpen(false)
        else useSelectionStore.getState().clear()
        break
      default:
        return
    }
    event.preventDefault()
  }
  const step = (key: ArrowKey) => {
    const next = active === undefined ? (visible.boxes[0] ?? (scene.graph.boxes.length > 0 ? 0 : null)) : neighbourTowards(scene, active, key)
    if (next !== null) actions.goTo(selectionOfBox(scene, next), [next])
  }
  // Boxes come and go while the view moves, and would take the focus with them: the canvas keeps it.
  const onClick = (event: MouseEvent) => {
    if (event.target instanceof Element && event.target.closest('[role="toolbar"], [role="search"]') === null) root.current?.focus({ preventScroll: true })
  }
  const onContextMenu = (event: MouseEvent) => {
    event.preventDefault()
    const bounds = event.currentTarget.getBoundingClientRect()
    const value = event.target instanceof Element ? (event.target.closest('[data-value]')?.getAttribute('data-value') ?? null) : null
    const box = value === null ? boxAtPointer(scene, canvas.getState().viewport, event, bounds) : null
    if (value !== null) useSelectionStore.getState().select({ kind: 'edge', name: value })
    // What the menu is about becomes the selection, unless it belongs to it already.
    else if (box !== null && !canvas.getState().highlight.selected.has(box)) useSelectionStore.getState().select(selectionOfBox(scene, box))
    actions.openMenu({ box, value, x: event.clientX - bounds.left, y: event.clientY - bounds.top })
  }
  const onPaneClick = (event: MouseEvent) => {
    const bounds = root.current?.getBoundingClientRect()
    const box = bounds === undefined ? null : boxAtPointer(scene, canvas.getState().viewport, event, bounds)
    const state = useSelectionStore.getState()
    if (box === null) state.clear()
    else state.select(selectionOfBox(scene, box))
  }
  return (
    <CanvasActionsProvider value={actions}>
      <div
        ref={root}
        className={styles.root}
        role="application"
        aria-label={label}
        data-direction={scene.layout.direction}
        aria-activedescendant={active === undefined ? undefined : boxElementId(documentId, active)}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onClick={onClick}
        onContextMenu={onContextMenu}
      >
        <OverviewLayer scene={scene} />
        <ReactFlow<FlowNode>
          nodes={nodes}
          nodeTypes={nodeTypes}
          colorMode={theme}
          minZoom={MIN_ZOOM}
          maxZoom={MAX_ZOOM}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          elementsSelectable={false}
          disableKeyboardA11y
          ariaLabelConfig={NO_DESCRIPTIONS}
          deleteKeyCode={null}
          selectionKeyCode={null}
          multiSelectionKeyCode={null}
          panActivationKeyCode={null}
          zoomActivationKeyCode={null}
          panOnScroll
          panOnScrollSpeed={1}
          zoomOnDoubleClick={false}
          proOptions={{ hideAttribution: true }}
          onPaneClick={onPaneClick}
        >
          <ViewportPortal>
            <EdgeLayer scene={scene} edges={visible.edges} />
          </ViewportPortal>
        </ReactFlow>
        {!visible.detail && <OverviewTip scene={scene} root={root} />}
        {scene.graph.boxes.length === 0 && <div className={styles.notice}>{t('empty')}</div>}
        <Minimap scene={scene} />
        <CanvasControls />
        {findOpen && <FindBar scene={scene} />}
        <EditGestures scene={scene} root={root} />
        {menu !== null && <ContextMenu menu={menu} scene={scene} onClose={() => setMenu(null)} />}
      </div>
    </CanvasActionsProvider>
  )
}

const MOTION_MS = 240

/** Marks the canvas as moving while a group folds or unfolds: the style sheet then lets boxes glide. */
function useMotion(scene: Scene, root: RefObject<HTMLDivElement | null>): void {
  const before = useRef(scene)
  useLayoutEffect(() => {
    const element = root.current
    const folded = before.current !== scene && before.current.levelled === scene.levelled
    before.current = scene
    if (element === null || !folded) return undefined
    element.setAttribute('data-moving', '')
    const end = () => element.removeAttribute('data-moving')
    const timer = setTimeout(end, MOTION_MS)
    return () => {
      clearTimeout(timer)
      end()
    }
  }, [scene, root])
}

/** Node objects for xyflow, each made once per scene: xyflow then leaves known ones alone. */
function useFlowNodes(scene: Scene, boxes: readonly number[]): FlowNode[] {
  const made = useMemo(() => ({ scene, nodes: new Map<number, FlowNode>() }), [scene])
  const nodeOf = useCallback(
    (index: number): FlowNode[] => {
      const known = made.nodes.get(index)
      if (known !== undefined) return [known]
      const node = makeFlowNode(made.scene, index)
      if (node === null) return []
      made.nodes.set(index, node)
      return [node]
    },
    [made],
  )
  return useMemo(() => boxes.flatMap(nodeOf), [boxes, nodeOf])
}

function makeFlowNode({ graph, layout, portals }: Scene, index: number): FlowNode | null {
  const box = graph.boxes[index]
  if (box === undefined) return null
  const size = { width: layout.width[index] ?? 0, height: layout.height[index] ?? 0 }
  const common = { id: boxKey(box), position: { x: layout.x[index] ?? 0, y: layout.y[index] ?? 0 }, ...size, measured: size }
  const own = portals.get(index) ?? null
  if (box.kind === 'op') return { ...common, type: 'op', data: { index, box, portals: own } }
  if (box.kind === 'group') return { ...common, type: 'group', data: { index, box, portals: own } }
  return { ...common, type: 'terminal', data: { index, box, portals: own } }
}

