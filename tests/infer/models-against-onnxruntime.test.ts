/** Every shape we infer, held against what onnxruntime computes for the same inputs with every value made an output. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type InferenceSession, Tensor } from 'onnxruntime-node'
import { afterAll, describe, expect, test } from 'vitest'
import { memorySource } from '#shared/onnx/byte-source'
import { decodeModel } from '#shared/onnx/codec/decode'
import { dataTypeLabel } from '#shared/onnx/data-type'
import { ModelDocument } from '#shared/onnx/document'
import { inferTypes, type TypeTable } from '#shared/onnx/infer/infer-types'
import type { Model, ValueType } from '#shared/onnx/records'
import { makeTensor, runWithAllOutputs } from './run-with-all-outputs'

const folder = join(import.meta.dirname, '../../../shared/models')

interface Entry {
  readonly file: string
  readonly ran: boolean
  /** By input: `float32[1,3,224,224]`. */
  readonly feeds: Readonly<Record<string, string>>
  readonly hints: Readonly<Record<string, unknown>>
}

const entries = existsSync(join(folder, 'index.json')) ? (JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as Entry[]) : []
const runnable = entries.filter(({ ran, file }) => ran && file.endsWith('.onnx'))

interface Coverage {
  values: number
  dataTypes: number
  ranks: number
  dims: number
  compared: number
}
const total: Coverage = { values: 0, dataTypes: 0, ranks: 0, dims: 0, compared: 0 }

describe.skipIf(runnable.length === 0)('inferred types against onnxruntime (skipped where the shared test models are absent)', () => {
  afterAll(() => {
    const share = (part: number) => `${((100 * part) / total.values).toFixed(1)} %`
    console.log(
      `inference over ${runnable.length} models: ${total.values} values, element type ${share(total.dataTypes)}, rank ${share(total.ranks)}, ` +
        `all dimensions ${share(total.dims)}; ${total.compared} compared with onnxruntime`,
    )
    expect(total.dataTypes / total.values).toBeGreaterThan(0.95)
    expect(total.ranks / total.values).toBeGreaterThan(0.9)
  })

  test.each(runnable.map((entry) => [entry.file, entry] as const))('%s', async (file, entry) => {
    const document = new ModelDocument(decodeModel(memorySource(readFileSync(join(folder, file)))))
    const feeds = feedsOf(entry)
    const outputs = await runWithAllOutputs(document.model, feeds)
    const symbolic = inferTypes(document)
    count(document, symbolic)
    const bound = symbolsOf(document.model, feeds)
    expect(contradictions(document, symbolic, outputs, bound)).toEqual([])
    // With the sizes of the inputs put in, what follows from them must hold too.
    const dims = Object.fromEntries([...feeds].flatMap(([name, tensor]) => tensor.dims.map((dim, axis): [string, number] => [`${name}:${axis}`, dim])))
    expect(contradictions(document, inferTypes(document, { dims }), outputs, bound)).toEqual([])
  })
})

function count(document: ModelDocument, types: TypeTable): void {
  for (const graph of document.graphs()) {
    for (const name of graph.nodes.flatMap((node) => node.outputs).filter(Boolean)) {
      const type = types.typeOf(graph, name)
      const isTensor = type?.kind === 'tensor'
      total.values++
      if (type && (!isTensor || type.dataType !== 0)) total.dataTypes++
      if (type && (!isTensor || type.shape)) total.ranks++
      if (type && (!isTensor || type.shape?.every((dim) => dim !== null))) total.dims++
    }
  }
}

function feedsOf({ feeds, hints }: Entry): Map<string, Tensor> {
  return new Map(
    Object.entries(feeds).map(([name, text]) => {
      const [, type = '', list = ''] = /^(\w+)\[(.*)\]$/.exec(text) ?? []
      const dims = list === '' ? [] : list.split(',').map(Number)
      const hint = hints[name] as { value?: number } | undefined
      const size = dims.reduce((product, dim) => product * dim, 1)
      const value = (at: number) => hint?.value ?? (type.startsWith('float') ? ((at * 7) % 11) / 11 : 1)
      const values = Array.from({ length: size }, (_, at) => value(at))
      return [name, makeTensor(type, values, dims)]
    }),
  )
}

function symbolsOf(model: Model, feeds: ReadonlyMap<string, Tensor>): Map<string, number> {
  const bound = new Map<string, number>()
  for (const { name, type } of model.graph.inputs) {
    if (type?.kind !== 'tensor') continue
    for (const [axis, dim] of (type.shape ?? []).entries()) {
      const size = feeds.get(name)?.dims[axis]
      if (typeof dim === 'string' && size !== undefined) bound.set(dim, size)
    }
  }
  return bound
}

/** Where the runtime's answer is not what was inferred, in words. */
function contradictions(document: ModelDocument, types: TypeTable, outputs: InferenceSession.OnnxValueMapType, symbols: ReadonlyMap<string, number>): string[] {
  const bound = new Map(symbols)
  const wrong: string[] = []
  for (const node of document.model.graph.nodes) {
    for (const name of node.outputs) {
      const value = outputs[name]
      const type = types.typeOf(document.model.graph, name)
      if (!(value instanceof Tensor) || type === null) continue
      total.compared++
      if (!agrees(type, value, bound)) wrong.push(`${node.opType} → ${name}: inferred ${JSON.stringify(type)}, computed ${value.type}[${value.dims.join(',')}]`)
      const elements = types.elementsOf(document.model.graph, name)
      if (elements && value.type === 'int64') {
        const computed = Array.from(value.data as BigInt64Array, Number)
        if (elements.some((element, at) => typeof element === 'number' && element !== computed[at])) {
          wrong.push(`${node.opType} → ${name}: inferred elements ${elements.join(',')}, computed ${computed.join(',')}`)
        }
      }
    }
  }
  return wrong
}

function agrees(type: ValueType, value: Tensor, bound: Map<string, number>): boolean {
  if (type.kind !== 'tensor') return false
  if (type.dataType !== 0 && dataTypeLabel(type.dataType) !== value.type) return false
  if (!type.shape) return true
  if (type.shape.length !== value.dims.length) return false
  return type.shape.every((dim, axis) => {
    const size = value.dims[axis] ?? -1
    if (typeof dim !== 'string') return dim === null || dim === size
    if (!bound.has(dim)) bound.set(dim, size)
    return bound.get(dim) === size
  })
}
