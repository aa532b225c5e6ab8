import { z } from 'zod'
import { floatAttribute, makeFloats, makeString } from '#shared/onnx/attributes'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import type { Node } from '#shared/onnx/records'
import { fuseInto, isFloat32Value, onlyReader, scalarOf, type Site, visitNodes } from './fuse/graph-match'
import { definePass } from './pass'

const MICROSOFT = 'com.microsoft'
/** The largest finite float32: a Clip without a bound. */
const LARGEST = 3.4028234663852886e38

export const fuseConvActivation = definePass({
  name: 'fuse-conv-activation',
  title: 'Fuse Conv and its activation',
  description: "Puts onnxruntime's own FusedConv in the place of a Conv and the Relu, Clip, LeakyRelu, Sigmoid, Tanh or HardSigmoid behind it. The model then runs in onnxruntime only.",
  calibration: 'none',
  keepsResults: true,
  options: z.strictObject({}),
  run(edit) {
    let isUsed = false
    visitNodes(edit, inferTypes(edit.document), (site, node) => {
      const activation = node.opType === 'Conv' && isFloat32Value(site, node.inputs[0]) ? onlyReader(site, node.outputs[0]) : null
      const parameters = activation && parametersOf(site, activation)
      if (!activation || !parameters) return
      isUsed = true
      const attributes = [...node.attributes, makeString('activation', activation.opType), ...(parameters.length > 0 ? [makeFloats('activation_params', parameters)] : [])]
      const fused = fuseInto(site, [node], activation, { domain: MICROSOFT, opType: 'FusedConv', inputs: node.inputs, attributes })
      // Weights and layers are known by the name of the Conv.
      edit.updateNode(site.graph, fused, { name: node.name })
    })
    if (isUsed) edit.requireOpset(MICROSOFT, 1)
  },
})

/** What FusedConv is told of the activation; null where it does not know it. */
function parametersOf(site: Site, node: Node): number[] | null {
  switch (node.opType) {
    case 'Relu':
    case 'Sigmoid':
    case 'Tanh':
      return []
    case 'LeakyRelu':
      return [floatAttribute(node, 'alpha', 0.01)]
    case 'HardSigmoid':
      return [floatAttribute(node, 'alpha', 0.2), floatAttribute(node, 'beta', 0.5)]
    case 'Clip': {
      const bounds = [boundOf(site, node, { at: 1, name: 'min', none: -LARGEST }), boundOf(site, node, { at: 2, name: 'max', none: LARGEST })].filter((bound) => bound !== null)
      return bounds.length === 2 ? bounds : null
    }
    default:
      return null
  }
}

/** A bound of Clip, an attribute before opset 11; null where it is not a constant. */
function boundOf(site: Site, node: Node, { at, name, none }: { at: number; name: string; none: number }): number | null {
  return node.inputs[at] ? scalarOf(site, node.inputs[at]) : floatAttribute(node, name, none)
}
