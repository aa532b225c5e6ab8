/** Finds which of many rectangles touch an area, by a grid of cells. */

export interface Area {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface BoxIndex {
  /** Numbers of the rectangles that touch the area, ascending. */
  query(area: Area): number[]
}

/** `areaOf(i)` is rectangle `i`, or null for one that is nowhere. */
export function createBoxIndex(count: number, areaOf: (index: number) => Area | null): BoxIndex {
  const areas = Array.from({ length: count }, (_, index) => areaOf(index))
  let right = 1
  let bottom = 1
  for (const area of areas) {
    if (area === null) continue
    right = Math.max(right, area.x + area.width)
    bottom = Math.max(bottom, area.y + area.height)
  }
  // About two rectangles in a cell where they are spread evenly.
  const size = Math.max(256, Math.sqrt((right * bottom * 2) / Math.max(1, count)))
  const columns = Math.ceil(right / size)
  const rows = Math.ceil(bottom / size)
  const cells = new Map<number, number[]>()
  const eachCell = (area: Area, visit: (cell: number) => void) => {
    const lastColumn = Math.min(columns - 1, Math.floor((area.x + area.width) / size))
    const lastRow = Math.min(rows - 1, Math.floor((area.y + area.height) / size))
    for (let row = Math.max(0, Math.floor(area.y / size)); row <= lastRow; row++) {
      for (let column = Math.max(0, Math.floor(area.x / size)); column <= lastColumn; column++) visit(row * columns + column)
    }
  }
  areas.forEach((area, index) => {
    if (area === null) return
    eachCell(area, (cell) => {
      const known = cells.get(cell)
      if (known) known.push(index)
      else cells.set(cell, [index])
    })
  })
  return {
    query: (wanted) => {
      const found = new Set<number>()
      eachCell(wanted, (cell) => {
        for (const index of cells.get(cell) ?? []) {
          const area = areas[index]
          if (area && touches(area, wanted)) found.add(index)
        }
      })
      return [...found].sort((a, b) => a - b)
    },
  }
}

export function touches(a: Area, b: Area): boolean {
  return a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height
}
