import { UnstyledButton } from '@mantine/core'
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import { flexRender, getCoreRowModel, getSortedRowModel, useReactTable, type ColumnDef, type SortingState } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import styles from './data-table.module.css'

/** Where a column's cells stand, and how wide it is. */
export interface ColumnLook {
  readonly align?: 'right'
  /** As in `grid-template-columns`. */
  readonly width: string
}

interface DataTableProps<Row> {
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly ColumnDef<Row>[]
  /** One for each column, in order. */
  readonly looks: readonly ColumnLook[]
  readonly initialSorting?: SortingState
  readonly isSelected?: (row: Row) => boolean
  readonly onSelect?: (row: Row) => void
  readonly onHover?: (row: Row | null) => void
  readonly empty: string
}

const ROW_HEIGHT = 28
/** Between columns, and at both ends of a row. */
const CELL_GAP = 12

/** Of a width as in `grid-template-columns`. */
function leastPixels(width: string): number {
  return Number(/(\d+)px/.exec(width)?.[1] ?? 0)
}

/** A sortable table of which only the rows in sight are drawn; rows grow where their text wraps. */
export function DataTable<Row>({ label, rows, columns, looks, initialSorting = [], isSelected, onSelect, onHover, empty }: DataTableProps<Row>): ReactNode {
  const scroller = useRef<HTMLDivElement>(null)
  const [sorting, setSorting] = useState(initialSorting)
  const table = useReactTable<Row>({
    data: rows as Row[],
    columns: columns as ColumnDef<Row>[],
    state: { sorting },
    onSortingChange: setSorting,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
    sortDescFirst: true,
  })
  const sorted = table.getRowModel().rows
  const virtualizer = useVirtualizer({ count: sorted.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_HEIGHT, overscan: 12 })
  const template = looks.map(({ width }) => width).join(' ')
  const minWidth = `max(100%, ${looks.reduce((sum, { width }) => sum + leastPixels(width), CELL_GAP * (looks.length + 1))}px)`
  const alignment = (index: number): 'right' | undefined => looks[index]?.align

  const onKeyDown = (event: KeyboardEvent, row: Row): void => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      onSelect?.(row)
    }
    const step = event.key === 'ArrowDown' ? 'nextElementSibling' : event.key === 'ArrowUp' ? 'previousElementSibling' : null
    if (step === null) return
    event.preventDefault()
    const next = event.currentTarget[step]
    if (next instanceof HTMLElement) next.focus()
  }

  return (
    <div ref={scroller} className={styles.scroller} role="table" aria-label={label} aria-rowcount={sorted.length + 1}>
      <div role="rowgroup" className={styles.head}>
        <div role="row" className={styles.row} style={{ gridTemplateColumns: template, minWidth }} aria-rowindex={1}>
          {table.getFlatHeaders().map((header, index) => {
            const direction = header.column.getIsSorted()
            const title = flexRender(header.column.columnDef.header, header.getContext())
            return (
              <div
                key={header.id}
                role="columnheader"
                className={styles.headCell}
                data-align={alignment(index)}
                aria-sort={direction === 'asc' ? 'ascending' : direction === 'desc' ? 'descending' : undefined}
              >
                {header.column.getCanSort() ? (
                  <UnstyledButton className={styles.sort} onClick={header.column.getToggleSortingHandler()}>
                    {title}
                    {direction === 'asc' && <IconArrowUp size={11} aria-hidden />}
                    {direction === 'desc' && <IconArrowDown size={11} aria-hidden />}
                  </UnstyledButton>
                ) : (
                  title
                )}
              </div>
            )
          })}
        </div>
      </div>
      {sorted.length === 0 ? (
        <p className={styles.empty}>{empty}</p>
      ) : (
        <div role="rowgroup" className={styles.body} style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map((item) => {
            const row = sorted[item.index]
            if (row === undefined) return null
            const selected = isSelected?.(row.original) ?? false
            return (
              <div
                key={row.id}
                ref={virtualizer.measureElement}
                data-index={item.index}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={onSelect === undefined ? undefined : selected}
                data-selected={selected || undefined}
                data-clickable={onSelect === undefined ? undefined : true}
                tabIndex={onSelect === undefined ? undefined : 0}
                className={`${styles.row} ${styles.bodyRow}`}
                style={{ gridTemplateColumns: template, minWidth, transform: `translateY(${item.start}px)` }}
                onClick={() => onSelect?.(row.original)}
                onKeyDown={(event) => onKeyDown(event, row.original)}
                onPointerEnter={() => onHover?.(row.original)}
                onPointerLeave={() => onHover?.(null)}
              >
                {row.getVisibleCells().map((cell, index) => (
                  <div key={cell.id} role="cell" className={styles.cell} data-align={alignment(index)}>
                    {flexRender(cell.column.columnDef.cell, cell.getContext())}
                  </div>
                ))}
              </div>
            )
          })}
        </div>
      )}
    </div>
  )
}
