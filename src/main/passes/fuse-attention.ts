import { z } from 'zod'
import { intAttribute, intsAttribute, makeFloat, makeInt } from '#shared/onnx/attributes'
import type { Dim, Node } from '#shared/onnx/records'
import { fuseMatches } from './fuse/fuse-matches'
import { fuseInto, isClosed, isFloat32Value, onlyReader, producerOf, scalarOf, shapeOf, type Site, withInput } from './fuse/graph-match'
import { raiseOpset } from './fuse/raise-opset'
import { definePass } from './pass'

const MICROSOFT = 'com.microsoft'
/** The opset that brought Attention. */
const OPSET = 23

export const fuseAttention = definePass({
  name: 'fuse-attention',
  title: 'Fuse attention',
  description: 'Puts one node in the place of what splits queries, keys and values into heads, multiplies them, takes the softmax and joins the heads again.',
  calibration: 'none',
  keepsResults: true,
  options: z.strictObject({
    form: z.enum(['standard', 'onnxruntime']).default('standard').describe("standard: Attention, which raises the opset to 23. onnxruntime: its own MultiHeadAttention, at any opset."),
  }),
  run(edit, { form }, context) {
    fuseMatches(edit, {
      match,
      prepare() {
        if (form === 'standard') return raiseOpset(edit, OPSET, context)
        edit.requireOpset(MICROSOFT, 1)
        return true
      },
      fuse: (site, attention) => fuse(site, attention, form),
    })
  },
})

interface Attention {
  readonly query: string
  readonly key: string
  readonly value: string
  readonly mask: string | null
  readonly heads: number
  readonly scale: number
  readonly inner: readonly Node[]
  readonly last: Node
}

function fuse(site: Site, { query, key, value, mask, heads, scale, inner, last }: Attention, form: 'standard' | 'onnxruntime'): void {
  const own = { domain: MICROSOFT, opType: 'MultiHeadAttention', inputs: [query, key, value, ...(mask ? ['', '', mask] : [])], attributes: [makeInt('num_heads', heads), makeFloat('scale', scale)] }
  const standard = {
    opType: 'Attention',
    inputs: [query, key, value, ...(mask ? [mask] : [])],
    attributes: [makeInt('q_num_heads', heads), makeInt('kv_num_heads', heads), makeFloat('scale', scale)],
  }
  fuseInto(site, inner, last, form === 'standard' ? standard : own)
}

/** `join(softmax(scale · q kᵀ + mask) v)` over heads split off the last dimension. `node` is the Softmax. */
function match(site: Site, node: Node): Attention | null {
  if (node.opType !== 'Softmax') return null
  const rank = shapeOf(site, node.inputs[0])?.length
  const scores = matchScores(site, node.inputs[0])
  const product = onlyReader(site, node.outputs[0], 'MatMul')
  if (rank !== 4 || ![-1, 3].includes(intAttribute(node, 'axis', -1)) || !scores || product?.inputs[0] !== node.outputs[0]) return null
  const joining = onlyReader(site, product?.outputs[0], 'Transpose')
  const last = onlyReader(site, joining?.outputs[0], 'Reshape')
  const value = splitHeads(site, product?.inputs[1], [0, 2, 1, 3])
  const { query, key } = scores
  if (!product || !joining || !last || !value || intsAttribute(joining, 'perm', null)?.join() !== '0,2,1,3') return null
  if (key.heads !== query.heads || value.heads !== query.heads || !isJoined(site, joining, last)) return null
  const attended = [...scores.inner, node, product, joining]
  if (!isClosed(site, attended, last)) return null
  // What splits the heads stays where something else reads it.
  const inner = [...attended, ...query.inner, ...key.inner, ...value.inner]
  return { query: query.input, key: key.input, value: value.input, mask: scores.mask, heads: query.heads, scale: scores.scale, inner, last }
}

interface Scores {
  readonly query: Split
  readonly key: Split
  readonly mask: string | null
  readonly scale: number
  readonly inner: readonly Node[]
}

function matchScores(site: Site, name: string | undefined): Scores | null {
  const inner: Node[] = []
  let [at, scale]: [string | undefined, number] = [name, 1]
  let mask: string | null = null
  const sum = producerOf(site, at, 'Add')
  const terms = sum && withInput(sum, (each) => scaled(site, each) !== null || isProduct(site, each))
  if (sum && terms) {
    mask = terms[1]
    if (!isMask(site, mask, shapeOf(site, name))) return null
    inner.push(sum)
    at = terms[0]
  }
  const factor = scaled(site, at)
  if (factor) {
    scale *= factor.scale
    inner.push(factor.node)
    at = factor.input
  }
  const product = producerOf(site, at, 'MatMul')
  if (!product || !isFloat32Value(site, product.inputs[0])) return null
  const sides = product.inputs.map((input) => {
    const side = scaled(site, input)
    if (side) {
      scale *= side.scale
      inner.push(side.node)
    }
    return side?.input ?? input
  })
  const query = splitHeads(site, sides[0], [0, 2, 1, 3])
  const key = splitHeads(site, sides[1], [0, 2, 3, 1])
  return query && key ? { query, key, mask, scale, inner: [...inner, product] } : null
}

function isProduct(site: Site, name: string): boolean {
  return producerOf(site, name, 'MatMul') !== null
}

/** A value times or through a constant number. */
function scaled(site: Site, name: string | undefined): { node: Node; input: string; scale: number } | null {
  const node = producerOf(site, name, 'Mul', 'Div')
  if (!node) return null
  const [a = '', b = ''] = node.inputs
  const divisor = scalarOf(site, b)
  if (node.opType === 'Div') return divisor ? { node, input: a, scale: 1 / divisor } : null
  const parts = withInput(node, (each) => scalarOf(site, each) !== null)
  return parts ? { node, input: parts[1], scale: scalarOf(site, parts[0]) ?? 1 } : null
}

/** The fused operators take a mask with all positions of queries and keys; only batch and heads may be stretched. */
function isMask(site: Site, name: string, scores: readonly Dim[] | null): boolean {
  const mask = shapeOf(site, name)
  if (mask?.length !== 4 || !scores || !isFloat32Value(site, name)) return false
  return mask.every((dim, at) => (dim !== null && dim === scores[at]) || (at < 2 && dim === 1))
}

interface Split {
  /** Three dimensions: batch, positions, heads × width. */
  readonly input: string
  readonly heads: number
  readonly inner: readonly Node[]
}

/** A value of three dimensions whose last was split into heads and then transposed so that dimension `perm[i]` came to place i. */
function splitHeads(site: Site, name: string | undefined, perm: readonly number[]): Split | null {
  const inner: Node[] = []
  let made = [0, 1, 2, 3]
  let at = name
  for (let node = producerOf(site, at, 'Transpose'); node; node = producerOf(site, at, 'Transpose')) {
    const own = intsAttribute(node, 'perm', null)
    if (own?.length !== 4) return null
    made = made.map((axis) => own[axis] ?? 0)
    inner.push(node)
    at = node.inputs[0]
  }
  const reshape = producerOf(site, at, 'Reshape')
  const [whole, split] = [shapeOf(site, reshape?.inputs[0]), shapeOf(site, reshape?.outputs[0])]
  const [heads, width] = [split?.[2], split?.[3]]
  if (!reshape || made.join() !== perm.join() || whole?.length !== 3 || split?.length !== 4 || typeof heads !== 'number' || typeof width !== 'number') return null
  // With one of batch and positions the same, so is the other.
  const isSplit = whole[2] === heads * width && [0, 1].some((axis) => whole[axis] !== null && whole[axis] === split[axis])
  return isSplit ? { input: reshape.inputs[0] ?? '', heads, inner: [...inner, reshape] } : null
}

/** Whether a Reshape puts the heads, which a Transpose has brought behind the positions, together again. */
function isJoined(site: Site, joining: Node, last: Node): boolean {
  const [split, whole] = [shapeOf(site, joining.outputs[0]), shapeOf(site, last.outputs[0])]
  const [heads, width] = [split?.[2], split?.[3]]
  if (whole?.length !== 3 || split?.length !== 4 || typeof heads !== 'number' || typeof width !== 'number') return false
  return whole[2] === heads * width && [0, 1].some((axis) => whole[axis] !== null && whole[axis] === split[axis])
}
