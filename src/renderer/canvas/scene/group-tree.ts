/**
 * Groups of boxes that belong together: name scopes (`/encoder/layer.0/MatMul`), and where names say nothing, blocks of the
 * graph that repeat. Groups nest; inputs and outputs of the graph stay outside all of them.
 */
import type { CanvasGraph, OpBox } from './canvas-graph'
import { findRepeats } from './repeated-blocks'

export interface Group {
  /** Unique in its graph, and the same after an edit elsewhere: the scope's path, or the place of the block. */
  readonly id: string
  readonly title: string
  /** A series holds blocks that follow each other and are built alike. */
  readonly kind: 'scope' | 'series' | 'block'
  /** Number of the group around this one; -1 for none. */
  readonly parent: number
  /** Boxes that are in no group inside this one. */
  readonly boxes: readonly number[]
  readonly groups: readonly number[]
  readonly depth: number
  /** Nodes of this group and all inside it, in the order of the boxes. */
  readonly nodeIds: readonly number[]
  readonly parameterCount: number
  /** Null where that of any node is unknown. */
  readonly macs: number | null
  /** Numbers of all groups with the same operators, attributes, weight shapes and links inside, this one among them. */
  readonly alike: readonly number[]
}

export interface GroupTree {
  readonly groups: readonly Group[]
  /** Innermost group of each box; -1 for none. */
  readonly groupOfBox: Int32Array
}

interface Draft {
  id: string
  title: string
  kind: Group['kind']
  boxes: number[]
  children: Draft[]
}

/** Fewer loose boxes than this are not searched for repetitions. */
const SEARCHED_FROM = 24

/** `blockWord` is the language's word in `Block × 12`. */
export function buildGroupTree(graph: CanvasGraph, blockWord: string): GroupTree {
  const root = scopeTree(graph)
  simplify(root)
  groupRepeats(root, graph, blockWord)
  return finish(root, graph)
}

/** Ids of the groups around a box, outermost first. */
export function groupsAround({ groups, groupOfBox }: GroupTree, box: number): string[] {
  const ids: string[] = []
  for (let at = groups[groupOfBox[box] ?? -1]; at !== undefined; at = groups[at.parent]) ids.unshift(at.id)
  return ids
}

/** The way to a node through its name, outermost scope first, without its own name. */
export function scopesOf(name: string): string[] {
  const parts = (name.includes('/') ? name.split('/') : name.split('.')).filter((part) => part !== '')
  return parts.slice(0, -1)
}

function scopeTree(graph: CanvasGraph): Draft {
  const root: Draft = { id: '', title: '', kind: 'scope', boxes: [], children: [] }
  const drafts = new Map<string, Draft>([['', root]])
  graph.boxes.forEach((box, index) => {
    if (box.kind !== 'op') return
    let at = root
    for (const part of scopesOf(box.node.name)) {
      const id = `${at.id}/${part}`
      let next = drafts.get(id)
      if (next === undefined) {
        next = { id, title: part, kind: 'scope', boxes: [], children: [] }
        drafts.set(id, next)
        at.children.push(next)
      }
      at = next
    }
    at.boxes.push(index)
  })
  return root
}

/** A scope with one node is that node; one around a single scope adds nothing to it, nor does one around everything. */
function simplify(draft: Draft): void {
  for (const child of draft.children) simplify(child)
  draft.children = draft.children.filter((child) => {
    if (child.children.length > 0 || child.boxes.length > 1) return true
    draft.boxes.push(...child.boxes)
    return false
  })
  draft.boxes.sort((a, b) => a - b)
  const [only] = draft.children
  if (only === undefined || draft.children.length > 1 || draft.boxes.length > 0) return
  draft.boxes = only.boxes
  draft.children = only.children
  if (draft.id === '') return
  draft.title = `${draft.title}/${only.title}`
  draft.id = only.id
}

function groupRepeats(draft: Draft, graph: CanvasGraph, blockWord: string): void {
  for (const child of draft.children) groupRepeats(child, graph, blockWord)
  if (draft.boxes.length < SEARCHED_FROM) return
  const grouped = new Set<number>()
  for (const { start, period, copies } of findRepeats(graph, draft.boxes)) {
    const id = `${draft.id}#${firstNodeId(graph, draft.boxes[start])}`
    const blocks = Array.from({ length: copies }, (_, copy): Draft => {
      const boxes = draft.boxes.slice(start + copy * period, start + (copy + 1) * period)
      for (const box of boxes) grouped.add(box)
      return { id: `${id}.${copy + 1}`, title: `${blockWord} ${copy + 1}`, kind: 'block', boxes, children: [] }
    })
    draft.children.push({ id, title: `${blockWord} × ${copies}`, kind: 'series', boxes: [], children: blocks })
  }
  draft.boxes = draft.boxes.filter((box) => !grouped.has(box))
}

function firstNodeId(graph: CanvasGraph, index: number | undefined): number {
  const box = graph.boxes[index ?? -1]
  return box?.kind === 'op' ? box.node.id : -1
}

function finish(root: Draft, graph: CanvasGraph): GroupTree {
  const groupOfBox = new Int32Array(graph.boxes.length).fill(-1)
  const made: (Omit<Group, 'alike'> & { members: number[] })[] = []
  const add = (draft: Draft, parent: number, depth: number): number => {
    const at = made.length
    const groups: number[] = []
    const members = draft.boxes.slice()
    made.push({ id: draft.id, title: draft.title, kind: draft.kind, parent, depth, boxes: draft.boxes, groups, members, nodeIds: [], parameterCount: 0, macs: 0 })
    for (const box of draft.boxes) groupOfBox[box] = at
    for (const child of draft.children) {
      const inner = add(child, at, depth + 1)
      groups.push(inner)
      members.push(...(made[inner]?.members ?? []))
    }
    members.sort((a, b) => a - b)
    made[at] = { ...made[at]!, members, groups, ...sumsOf(graph, members) }
    return at
  }
  for (const child of root.children) add(child, -1, 0)
  const signatures = signaturesOf(graph, made.map(({ members }) => members))
  const bySignature = new Map<string, number[]>()
  signatures.forEach((signature, group) => {
    const same = bySignature.get(signature)
    if (same) same.push(group)
    else bySignature.set(signature, [group])
  })
  const groups = made.map(({ members: _, ...group }, at): Group => ({ ...group, alike: bySignature.get(signatures[at] ?? '') ?? [at] }))
  return { groups, groupOfBox }
}

function sumsOf(graph: CanvasGraph, members: readonly number[]): Pick<Group, 'nodeIds' | 'parameterCount' | 'macs'> {
  let parameterCount = 0
  let macs: number | null = 0
  const nodeIds: number[] = []
  for (const index of members) {
    const box = graph.boxes[index]
    if (box?.kind !== 'op') continue
    nodeIds.push(box.node.id)
    parameterCount += box.node.parameterCount
    macs = macs === null || box.node.macs === null ? null : macs + box.node.macs
  }
  return { nodeIds, parameterCount, macs }
}

/** Equal for groups whose nodes are equal one by one and linked in the same way; links from outside count as such. */
function signaturesOf(graph: CanvasGraph, groups: readonly (readonly number[])[]): string[] {
  const words = new Map<string, number>()
  const nodeWord = graph.boxes.map((box) => {
    const text = box.kind === 'op' ? nodeText(box) : box.kind
    const known = words.get(text)
    if (known !== undefined) return known
    words.set(text, words.size)
    return words.size - 1
  })
  const sources = graph.boxes.map((): number[] => [])
  for (const { source, target } of graph.edges) sources[target]?.push(source)
  return groups.map((members) => {
    const place = new Map(members.map((box, at) => [box, at]))
    return members.map((box, at) => `${nodeWord[box]}:${(sources[box] ?? []).map((source) => (place.has(source) ? at - (place.get(source) ?? 0) : 'o')).join()}`).join(';')
  })
}

function nodeText({ node, rows }: OpBox): string {
  const attributes = node.attributes.map(({ name, text, graphIds }) => `${name}=${graphIds === undefined ? text : 'graph'}`).sort()
  const weights = rows.flatMap((row) => (row.kind === 'weight' ? [row.text] : []))
  return [node.domain, node.opType, node.inputs.length, node.outputs.length, ...attributes, ...weights].join('|')
}
