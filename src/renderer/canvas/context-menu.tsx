import { Menu } from '@mantine/core'
import { IconArrowsMaximize, IconCopy, IconFold, IconFocusCentered, IconInfoCircle, IconLogin2, IconMaximize, IconStack2 } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useCanvasActions } from './canvas-actions'
import styles from './canvas.module.css'
import { boxName, type GroupBox, type OpBox } from './scene/canvas-graph'
import { ActionItems, ValueItems } from './edit-items'
import type { Scene } from './scene/scene'
import { useSelectionStore } from '../stores/selection-store'
import { reportError } from '../session/report-error'

const BOX_ACTIONS = ['copy', 'cut', 'extract', 'replace', 'wrap-function', 'delete', 'delete-dependents', 'delete-disconnect'] as const
const CANVAS_ACTIONS = ['add-node', 'paste', 'select-all'] as const

export interface OpenMenu {
  /** Box under the pointer; null for the empty canvas. */
  readonly box: number | null
  /** Value of the edge under the pointer. */
  readonly value: string | null
  /** Inside the canvas element. */
  readonly x: number
  readonly y: number
}

export function ContextMenu({ menu, scene, onClose }: { menu: OpenMenu; scene: Scene; onClose: () => void }): ReactNode {
  const { t } = useTranslation('canvas')
  const actions = useCanvasActions()
  const box = menu.box === null ? undefined : scene.graph.boxes[menu.box]
  const index = menu.box
  return (
    <Menu opened onClose={onClose} position="bottom-start" offset={0} withinPortal trapFocus returnFocus={false}>
      <Menu.Target>
        <div className={styles.menuAnchor} style={{ left: menu.x, top: menu.y }} />
      </Menu.Target>
      <Menu.Dropdown aria-label={t('menu.label')}>
        {box !== undefined && index !== null ? (
          <>
            <Menu.Item leftSection={<IconFocusCentered size={14} />} onClick={() => actions.zoomTo([index])}>
              {t('menu.zoom')}
            </Menu.Item>
            <CopyItem text={boxName(box)} label={t('menu.copyName')} />
            {box.kind === 'op' && <OpItems box={box} scene={scene} />}
            <Menu.Divider />
            <ActionItems ids={BOX_ACTIONS} />
            {box.kind === 'group' && <GroupItems box={box} scene={scene} />}
          </>
        ) : menu.value !== null ? (
          <>
            <CopyItem text={menu.value} label={t('menu.copyName')} />
            <ValueItems value={menu.value} />
          </>
        ) : (
          <>
            <ActionItems ids={CANVAS_ACTIONS} />
            <Menu.Item leftSection={<IconMaximize size={14} />} onClick={() => actions.zoomTo([])}>
              {t('menu.fit')}
            </Menu.Item>
            <Menu.Item leftSection={<IconInfoCircle size={14} />} onClick={() => useSelectionStore.getState().clear()}>
              {t('menu.selectModel')}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}

function OpItems({ box, scene }: { box: OpBox; scene: Scene }): ReactNode {
  const { t } = useTranslation('canvas')
  const actions = useCanvasActions()
  const { opType, domain } = box.node
  const selectType = () => {
    const same = scene.graph.boxes.flatMap((other) => (other.kind === 'op' && other.node.opType === opType && other.node.domain === domain ? [other.node.id] : []))
    useSelectionStore.getState().selectNodes(same)
  }
  return (
    <>
      <CopyItem text={opType} label={t('menu.copyType')} />
      <Menu.Item leftSection={<IconStack2 size={14} />} onClick={selectType}>
        {t('menu.selectType', { type: opType })}
      </Menu.Item>
      {box.rows.map((row) =>
        row.kind === 'subgraph' ? (
          <Menu.Item key={row.graphId} leftSection={<IconLogin2 size={14} />} onClick={() => actions.enter(row.graphId)}>
            {t('menu.enter', { name: row.label })}
          </Menu.Item>
        ) : null,
      )}
    </>
  )
}

function GroupItems({ box: { group, expanded }, scene }: { box: GroupBox; scene: Scene }): ReactNode {
  const { t } = useTranslation('canvas')
  const actions = useCanvasActions()
  const { groups } = scene.levelled.tree
  const selectAlike = () => useSelectionStore.getState().selectNodes(group.alike.flatMap((other) => groups[other]?.nodeIds ?? []))
  return (
    <>
      <Menu.Item leftSection={expanded ? <IconFold size={14} /> : <IconArrowsMaximize size={14} />} onClick={() => actions.toggleGroup(group.id)}>
        {t(expanded ? 'menu.fold' : 'menu.unfold')}
      </Menu.Item>
      {group.alike.length > 1 && (
        <Menu.Item leftSection={<IconStack2 size={14} />} onClick={selectAlike}>
          {t('menu.selectAlike', { count: group.alike.length })}
        </Menu.Item>
      )}
    </>
  )
}

function CopyItem({ text, label }: { text: string; label: string }): ReactNode {
  return (
    <Menu.Item leftSection={<IconCopy size={14} />} disabled={text === ''} onClick={() => void navigator.clipboard.writeText(text).catch(reportError)}>
      {label}
    </Menu.Item>
  )
}
