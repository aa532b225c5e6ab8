import { z } from 'zod'
import { intAttribute, makeInt } from '#shared/onnx/attributes'
import type { Node, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { constantTensor, isReadable } from './constants'
import { fuseMatches } from './fuse/fuse-matches'
import { constantInts, dropConstants, fuseInto, isClosed, isFloat32Value, producerOf, shapeOf, type Site } from './fuse/graph-match'
import { raiseOpset } from './fuse/raise-opset'
import { definePass } from './pass'
import { floatValues } from './weight-store'

/** The opset that brought RotaryEmbedding. */
const OPSET = 23

export const fuseRotaryEmbedding = definePass({
  name: 'fuse-rotary-embedding',
  title: 'Fuse rotary embeddings',
  description: 'Puts one RotaryEmbedding in the place of the halves that are swapped, negated, and multiplied with constant sines and cosines. Raises the opset to 23.',
  calibration: 'none',
  keepsResults: true,
  options: z.strictObject({}),
  run(edit, _, context) {
    fuseMatches(edit, { match, fuse, prepare: () => raiseOpset(edit, OPSET, context) })
  },
})

interface Rotary {
  /** Batch, heads, positions, width. */
  readonly input: string
  readonly cosine: Tensor
  readonly sine: Tensor
  readonly batch: number
  readonly positions: number
  readonly width: number
  readonly inner: readonly Node[]
  readonly last: Node
}

/** `x · cos + concat(−x[d/2:], x[:d/2]) · sin`, as it is written for Llama and its like. `node` is the sum. */
function match(site: Site, node: Node): Rotary | null {
  if (node.opType !== 'Add') return null
  for (const [plain, rotated] of [node.inputs, node.inputs.toReversed()]) {
    const [cosines, sines] = [producerOf(site, plain, 'Mul'), producerOf(site, rotated, 'Mul')]
    const turned = sines && turnedHalves(site, sines)
    const cosine = cosines && tableBeside(site, cosines, turned?.input)
    const sine = sines && turned && tableBeside(site, sines, turned.output)
    const shape = shapeOf(site, turned?.input)
    const [batch, , positions, width] = shape ?? []
    if (!cosines || !sines || !turned || !cosine || !sine || shape?.length !== 4 || typeof batch !== 'number' || typeof positions !== 'number' || typeof width !== 'number') continue
    const isWhole = [cosine, sine].every((table) => isTable(table, positions, width))
    const inner = [cosines, sines, ...turned.inner]
    if (isWhole && isFloat32Value(site, turned.input) && isClosed(site, inner, node)) return { input: turned.input, cosine, sine, batch, positions, width, inner, last: node }
  }
  return null
}

/** The value whose halves are swapped, the first one then negated, in one of the factors. */
function turnedHalves(site: Site, product: Node): { input: string; output: string; inner: Node[] } | null {
  for (const output of product.inputs) {
    const joined = producerOf(site, output, 'Concat')
    const negated = producerOf(site, joined?.inputs[0], 'Neg')
    const [second, first] = [producerOf(site, negated?.inputs[0], 'Slice', 'Split'), producerOf(site, joined?.inputs[1], 'Slice', 'Split')]
    const input = first?.inputs[0]
    const width = shapeOf(site, input)?.at(-1)
    if (!joined || joined.inputs.length !== 2 || !negated || !second || !first || input === undefined || second.inputs[0] !== input || typeof width !== 'number') continue
    if (![-1, 3].includes(intAttribute(joined, 'axis', 0))) continue
    const half = width / 2
    if (first === second ? isSplit(site, first, { negated: negated.inputs[0], plain: joined.inputs[1], half }) : isPart(site, first, 0, half) && isPart(site, second, half, width)) {
      return { input, output, inner: [...new Set([first, second, negated, joined])] }
    }
  }
  return null
}

function isSplit(site: Site, node: Node, { negated, plain, half }: { negated: string | undefined; plain: string | undefined; half: number }): boolean {
  const parts = constantInts(site, node.inputs[1])
  return [-1, 3].includes(intAttribute(node, 'axis', 0)) && parts?.join() === `${half},${half}` && node.outputs[0] === plain && node.outputs[1] === negated
}

/** Whether a Slice takes the elements from `start` to `end` of the last of four dimensions. */
function isPart(site: Site, node: Node, start: number, end: number): boolean {
  if (node.opType !== 'Slice') return false
  const [from, to, axis, step = [1]] = node.inputs.slice(1).map((name) => constantInts(site, name) ?? undefined)
  const isToEnd = to?.length === 1 && (to[0] === end || (end === shapeOf(site, node.inputs[0])?.at(-1) && (to[0] ?? 0) > end))
  return from?.length === 1 && from[0] === start && isToEnd && (axis?.[0] === 3 || axis?.[0] === -1) && step[0] === 1
}

/** The constant that `other` is multiplied with. */
function tableBeside({ edit, graph }: Site, product: Node, other: string | undefined): Tensor | null {
  const name = product.inputs.find((input) => input !== other)
  const tensor = other !== undefined && product.inputs.includes(other) ? constantTensor(edit.document, graph, name ?? '') : null
  return tensor && isReadable(tensor) ? tensor : null
}

/** One row for each position, stretched over batch and heads, whose halves are equal: the operator takes one of them. */
function isTable(tensor: Tensor, positions: number, width: number): boolean {
  const { dims } = tensor
  if (dims.at(-1) !== width || dims.at(-2) !== positions || dims.slice(0, -2).some((dim) => dim !== 1)) return false
  const values = floatValues(tensor)
  const half = width / 2
  return values.every((value, at) => at % width >= half || value === values[at + half])
}

function fuse(site: Site, { input, cosine, sine, batch, positions, width, inner, last }: Rotary): void {
  const { edit, graph } = site
  const half = width / 2
  const [cosines, sines] = [cosine, sine].map((tensor) => {
    const values = floatValues(tensor)
    const name = edit.freshName(graph, `${tensor.name}.half`)
    edit.setInitializer(graph, rawTensor(name, 'float32', [positions, half], bytesOf(Float32Array.from({ length: positions * half }, (_, at) => values[Math.floor(at / half) * width + (at % half)] ?? 0))))
    return name
  })
  const order = edit.freshName(graph, `${last.outputs[0] ?? ''}.positions`)
  edit.setInitializer(graph, rawTensor(order, 'int64', [batch, positions], bytesOf(BigInt64Array.from({ length: batch * positions }, (_, at) => BigInt(at % positions)))))
  fuseInto(site, inner, last, { opType: 'RotaryEmbedding', inputs: [input, cosines ?? '', sines ?? '', order], attributes: [makeInt('interleaved', 0)] })
  dropConstants(site, [cosine.name, sine.name])
}
