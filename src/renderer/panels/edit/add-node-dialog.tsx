import { Modal, TextInput, UnstyledButton } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { categoryColours } from '../../canvas/palette'
import { useEditStore } from '../../stores/edit-store'
import { activeDocument, useSessionStore } from '../../stores/session-store'
import { addableOperators, customOperator, findOperators, type Operator, type Opsets } from './operators'
import { NewNodeForm } from './new-node-form'
import styles from './edit.module.css'

const NO_OPSETS: Opsets = []

/** The palette of operators: find one, fill in what it needs, and add it. */
export default function AddNodeDialog(): ReactNode {
  const { t } = useTranslation('edit')
  const adding = useEditStore((state) => state.adding)
  const close = (): void => useEditStore.getState().setAdding(null)
  const title = adding?.kind === 'edge' ? t('palette.insertTitle', { value: adding.value }) : t('palette.title')
  return (
    <Modal opened={adding !== null} onClose={close} title={title} size={760}>
      {adding !== null && <Palette onClose={close} />}
    </Modal>
  )
}

function Palette({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation('edit')
  const opsets = useSessionStore((state) => activeDocument(state)?.summary.opsets ?? NO_OPSETS)
  const functions = useSessionStore((state) => activeDocument(state)?.summary.functions)
  const [search, setSearch] = useState('')
  const [chosen, setChosen] = useState<Operator | null>(null)
  const operators = useMemo(() => {
    const own = (functions ?? []).map(({ domain, name }): Operator => ({ domain, opType: name, category: 'other' }))
    return [...own, ...addableOperators(opsets)]
  }, [opsets, functions])
  const found = useMemo(() => {
    const custom = customOperator(operators, search)
    return [...findOperators(operators, search), ...(custom === null ? [] : [custom])]
  }, [operators, search])
  const shown = chosen !== null && found.includes(chosen) ? chosen : (found[0] ?? null)
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = shown === null ? -1 : found.indexOf(shown)
    const next = event.key === 'ArrowDown' ? found[at + 1] : event.key === 'ArrowUp' ? found[at - 1] : undefined
    if (next === undefined) return
    event.preventDefault()
    setChosen(next)
  }
  return (
    <div className={styles.palette}>
      <div className={styles.paletteList}>
        <TextInput
          data-autofocus
          aria-label={t('palette.search')}
          placeholder={t('palette.search')}
          leftSection={<IconSearch size={14} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <OperatorList operators={found} chosen={shown} onChoose={setChosen} />
      </div>
      {shown === null ? <p className="dim">{t('palette.nothing')}</p> : <NewNodeForm key={`${shown.domain}:${shown.opType}`} operator={shown} opsets={opsets} onClose={onClose} />}
    </div>
  )
}

const ROW_HEIGHT = 28

interface OperatorListProps {
  readonly operators: readonly Operator[]
  readonly chosen: Operator | null
  readonly onChoose: (operator: Operator) => void
}

function OperatorList({ operators, chosen, onChoose }: OperatorListProps): ReactNode {
  const { t } = useTranslation('edit')
  const list = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({ count: operators.length, getScrollElement: () => list.current, estimateSize: () => ROW_HEIGHT, overscan: 8 })
  return (
    <div ref={list} className={styles.operators} role="listbox" aria-label={t('palette.operators')}>
      <div style={{ position: 'relative', height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const operator = operators[index]
          if (operator === undefined) return null
          return (
            <UnstyledButton
              key={`${operator.domain}:${operator.opType}`}
              role="option"
              tabIndex={-1}
              aria-selected={operator === chosen}
              className={styles.operator}
              style={{ position: 'absolute', top: start }}
              onClick={() => onChoose(operator)}
            >
              <span className={styles.dot} style={{ background: categoryColours[operator.category] }} aria-hidden />
              <span className={styles.operatorName}>{operator.opType}</span>
              <span className="dim">{operator.domain}</span>
            </UnstyledButton>
          )
        })}
      </div>
    </div>
  )
}
