import type { Edit } from '#shared/onnx/document'
import type { Graph, Node } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import type { StoredWeight } from '../weight-store'

export interface Place {
  readonly graph: Graph
  readonly node: Node
}

export interface QuantizedRows {
  /** The graph that has the tensors. */
  readonly owner: Graph
  /** The zero point is a scalar; the scale too, unless `perRow`: then it is [rows, 1]. */
  readonly stored: StoredWeight
  readonly perRow: boolean
}

/** Makes a Gather pick rows of integers, and real values of only what was picked: (row − zero point) · scale of the row. */
export function gatherRows(edit: Edit, { graph, node }: Place, { owner, stored, perRow }: QuantizedRows): void {
  const [, indices = ''] = node.inputs
  const [output = ''] = node.outputs
  const fresh = (suffix: string) => edit.freshName(graph, `n${node.id}.${suffix}`)
  const gathered = fresh('gathered')
  const rows = edit.updateNode(graph, node, { inputs: [stored.values, indices], outputs: [gathered] })
  if (!perRow) {
    edit.addNode(graph, { opType: 'DequantizeLinear', inputs: [gathered, stored.scale, stored.zeroPoint], outputs: [output] }, { after: rows })
    return
  }
  const [one, steps, scales] = [edit.freshName(owner, `${stored.scale}.one`), fresh('steps'), fresh('scales')]
  edit.setInitializer(owner, rawTensor(one, 'float32', [], bytesOf(Float32Array.of(1))))
  const real = edit.addNode(graph, { opType: 'DequantizeLinear', inputs: [gathered, one, stored.zeroPoint], outputs: [steps] }, { after: rows })
  const scale = edit.addNode(graph, { opType: 'Gather', inputs: [stored.scale, indices], outputs: [scales] }, { after: real })
  edit.addNode(graph, { opType: 'Mul', inputs: [steps, scales], outputs: [output] }, { after: scale })
}
