import { makeInt } from '#shared/onnx/attributes'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import type { Graph, Node, Tensor } from '#shared/onnx/records'
import type { QuantizedType } from '../quantize-numerics'
import type { Refusal } from '../refusal'
import { quantizableWeight, WeightStore } from '../weight-store'

export interface DynamicOptions {
  readonly weightType: QuantizedType
  readonly perChannel: boolean
  readonly reduceRange: boolean
  readonly minElements: number
}

/** Names of what DynamicQuantizeLinear gives: uint8 values, a float32 scale and a uint8 zero point, both scalars. */
export interface QuantizedActivation {
  readonly values: string
  readonly scale: string
  readonly zeroPoint: string
}

/** Turns one node into its integer form. Returns null, or why the node stays as it is (nothing is touched then). */
export type DynamicRule = (quantizer: DynamicQuantizer, graph: Graph, node: Node) => Refusal | null

/** What the rules of dynamic quantization share: quantized weights and activations, each made once. */
export class DynamicQuantizer {
  readonly weights: WeightStore
  readonly #activations = new Map<Graph, Map<string, QuantizedActivation>>()

  constructor(
    readonly edit: Edit,
    readonly options: DynamicOptions,
  ) {
    this.weights = new WeightStore(edit)
  }

  /** A constant float32 weight worth quantizing, or why it is not one. */
  weight(graph: Graph, name: string | undefined, minimumRank: number): Tensor | Refusal {
    return quantizableWeight(this.edit.document, { graph, name, rank: minimumRank, elements: this.options.minElements })
  }

  /** `name` quantized at run time; nodes that read the same value share one DynamicQuantizeLinear. */
  activation(graph: Graph, name: string, before: Node): QuantizedActivation {
    let known = this.#activations.get(graph)
    if (!known) this.#activations.set(graph, (known = new Map<string, QuantizedActivation>()))
    const made = known.get(name)
    if (made) return made
    const fresh = (suffix: string) => this.edit.freshName(graph, `n${before.id}.${suffix}`)
    const quantized = { values: fresh('x'), scale: fresh('x_scale'), zeroPoint: fresh('x_zp') }
    this.edit.addNode(
      graph,
      { opType: 'DynamicQuantizeLinear', inputs: [name], outputs: [quantized.values, quantized.scale, quantized.zeroPoint] },
      { before },
    )
    known.set(name, quantized)
    return quantized
  }

  /**
   * Makes `node` the integer op `opType`, and gives `output` its real value: cast to float, times both scales. onnxruntime fuses exactly
   * this chain. Returns the node that makes `output`.
   */
  integerNode(graph: Graph, node: Node, form: { opType: string; inputs: readonly string[]; keepAttributes: boolean; scales: readonly [string, string]; output: string }): Node {
    const fresh = (suffix: string) => this.edit.freshName(graph, `n${node.id}.${suffix}`)
    const [sum, real, scale] = [fresh('int32'), fresh('float'), fresh('scale')]
    this.edit.addNode(graph, { opType: 'Mul', inputs: form.scales, outputs: [scale] }, { before: node })
    const integer = this.edit.updateNode(graph, node, {
      opType: form.opType,
      inputs: form.inputs,
      outputs: [sum],
      ...(form.keepAttributes ? {} : { attributes: [] }),
    })
    const cast = this.edit.addNode(
      graph,
      { opType: 'Cast', inputs: [sum], outputs: [real], attributes: [makeInt('to', DATA_TYPES.float32.code)] },
      { after: integer },
    )
    return this.edit.addNode(graph, { opType: 'Mul', inputs: [real, scale], outputs: [form.output] }, { after: cast })
  }
}
