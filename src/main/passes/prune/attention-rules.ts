/** How heads pass through attention that is one operator: whole heads go, with their queries, keys, values and output. */
import { findAttribute, intAttribute, makeInt, makeInts } from '#shared/onnx/attributes'
import type { Node } from '#shared/onnx/records'
import type { ChannelMap } from './channel-space'
import type { Rule } from './layer-rules'
import { label, type Trace } from './trace'

/** onnxruntime's own, with queries, keys and values of three dimensions, `[batch, sequence, heads × size]`. */
export const multiHeadAttention: Rule = (trace, node) => {
  const [query = '', key = '', value = '', bias = '', mask = '', scores = '', ...past] = node.inputs
  const heads = intAttribute(node, 'num_heads', 0)
  const maps = [query, key, value].map((name) => (trace.shape(name)?.length === 3 ? (trace.known(name)?.[2] ?? null) : null))
  if (past.some((name) => name !== '') || node.outputs.length > 1) return refuse(trace, node, `${label(node)} keeps keys and values of steps before`)
  if (!sharesHeads(trace, scores)) return refuse(trace, node, `${label(node)} has a bias for each head`)
  if (!linkHeads(trace, heads, maps)) return refuse(trace, node, `${label(node)} has heads that cannot be told apart`)
  const [queries, keys, values] = maps as ChannelMap[]
  if (bias !== '') trace.link(Int32Array.from([...(queries ?? []), ...(keys ?? []), ...(values ?? [])]), trace.axis(bias, 0), trace.reasonOf(query, node))
  for (const name of [mask, scores]) trace.seal(name, { code: 'operator', reason: `${label(node)} reads it`, nodeId: node.id })
  const axes = trace.known(query) ?? []
  trace.set(node.outputs[0] ?? '', [axes[0] ?? null, axes[1] ?? null, values ?? null])
  fixHeads(trace, node, { values, heads, attributes: ['num_heads'] })
}

/** The operator of ONNX; keys and values with heads of their own count as queries' only where there are as many. */
export const attention: Rule = (trace, node) => {
  const [query = '', key = '', value = '', mask = '', ...past] = node.inputs
  const heads = intAttribute(node, 'q_num_heads', 0)
  if (heads === 0 || heads !== intAttribute(node, 'kv_num_heads', 0)) return refuse(trace, node, `${label(node)} has heads that share keys, or a dimension of their own`)
  if (past.some((name) => name !== '') || node.outputs.length > 1) return refuse(trace, node, `${label(node)} keeps keys and values of steps before`)
  const maps = [query, key, value].map((name) => (trace.shape(name)?.length === 3 ? (trace.known(name)?.[2] ?? null) : null))
  if (!sharesHeads(trace, mask)) return refuse(trace, node, `${label(node)} has a mask for each head`)
  if (!linkHeads(trace, heads, maps)) return refuse(trace, node, `${label(node)} has heads that cannot be told apart`)
  trace.seal(mask, { code: 'operator', reason: `${label(node)} reads it`, nodeId: node.id })
  const axes = trace.known(query) ?? []
  trace.set(node.outputs[0] ?? '', [axes[0] ?? null, axes[1] ?? null, maps[2] ?? null])
  fixHeads(trace, node, { values: maps[2] ?? undefined, heads, attributes: ['q_num_heads', 'kv_num_heads'] })
}

/** onnxruntime's own with the three projections in it: the columns of one weight are queries, keys and values. */
export const projectedAttention: Rule = (trace, node) => {
  const [x = '', weight = '', bias = '', mask = '', past = '', scores = ''] = node.inputs
  const heads = intAttribute(node, 'num_heads', 0)
  const columns = trace.constantDims(weight)?.[1] ?? 0
  const sizes = findAttribute(node, 'qkv_hidden_sizes')
  const [queries = columns / 3, keys = columns / 3] = sizes?.type === 'ints' ? sizes.value.map(Number) : []
  if (past !== '' || node.outputs.length > 1) return refuse(trace, node, `${label(node)} keeps keys and values of steps before`)
  if (columns === 0 || !Number.isInteger(queries) || !sharesHeads(trace, scores)) return refuse(trace, node, `${label(node)} has a bias for each head, or weights that are computed`)
  const all = trace.axis(weight, 1) ?? new Int32Array()
  const maps = [all.subarray(0, queries), all.subarray(queries, queries + keys), all.subarray(queries + keys)]
  if (!linkHeads(trace, heads, maps)) return refuse(trace, node, `${label(node)} has heads that cannot be told apart`)
  const input = trace.axis(weight, 0)
  trace.link(trace.known(x)?.[2] ?? null, input, trace.reasonOf(x, node))
  trace.layers.push({ node, weight, outputAxis: 1, inputAxis: 0, output: all, input })
  trace.costs.push({ node, maps: [all] })
  if (bias !== '') trace.link(all, trace.axis(bias, 0), trace.reasonOf(x, node))
  for (const name of [mask, scores]) trace.seal(name, { code: 'operator', reason: `${label(node)} reads it`, nodeId: node.id })
  const axes = trace.known(x) ?? []
  trace.set(node.outputs[0] ?? '', [axes[0] ?? null, axes[1] ?? null, maps[2] ?? null])
  fixHeads(trace, node, { values: maps[2], heads, attributes: ['num_heads'] })
  if (sizes) trace.fix({ nodeId: node.id, maps, apply: ({ edit, graph }, current, kept) => edit.setAttribute(graph, current, 'qkv_hidden_sizes', makeInts('qkv_hidden_sizes', maps.map((map) => kept(map).length))) })
}

function refuse(trace: Trace, node: Node, reason: string): void {
  trace.refuse(node, { code: 'operator', reason })
}

/** Whether what is added to the scores, `[batch, heads, …]`, is the same for each head. */
function sharesHeads(trace: Trace, name: string): boolean {
  if (name === '') return true
  const shape = trace.shape(name)
  return shape !== null && (shape.length < 3 || shape.at(-3) === 1)
}

/** False where the maps are not so many equal heads. */
function linkHeads(trace: Trace, heads: number, maps: readonly (ChannelMap | null)[]): boolean {
  if (heads < 1 || maps.some((map) => map === null || map.length === 0 || map.length % heads !== 0)) return false
  for (let head = 0; head < heads; head++) {
    const own = maps.flatMap((map) => [...(map ?? []).slice((head * (map?.length ?? 0)) / heads, ((head + 1) * (map?.length ?? 0)) / heads)])
    for (const channel of own) trace.space.union(own[0] as number, channel)
  }
  return true
}

function fixHeads(trace: Trace, node: Node, { values, heads, attributes }: { values: ChannelMap | undefined; heads: number; attributes: readonly string[] }): void {
  if (!values) return
  const size = values.length / heads
  trace.fix({
    nodeId: node.id,
    maps: [values],
    apply: ({ edit, graph }, current, kept) => {
      for (const name of attributes) edit.setAttribute(graph, edit.document.index(graph).nodes.get(node.id) ?? current, name, makeInt(name, kept(values).length / size))
    },
  })
}
