import { makeInt } from '#shared/onnx/attributes'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import { type Definition, type Use } from '#shared/onnx/graph-index'
import type { Tensor, ValueInfo } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { constantTensor } from '../constants'
import type { PassContext } from '../pass'
import { floatValues } from '../weight-store'
import { type Float16Needs, halfInputs, isFloat32Value } from './float16-plan'
import { toHalf } from './half-values'
import { clampedDiagnostic } from './store-half'

const FLOAT32 = DATA_TYPES.float32.code
const FLOAT16 = DATA_TYPES.float16.code

/** A float32 value of the main graph, and who reads it how. */
interface ValuePlan {
  readonly name: string
  readonly definition: Definition
  readonly isHalf: boolean
  readonly halfUses: readonly Use[]
  readonly floatUses: readonly Use[]
  /** Read under its own name, as float32: an output of the model or of a graph within. */
  readonly keepsName: boolean
}

/** Turns the nodes of a plan to half precision; between them and the others, one Cast for each value and direction. */
export function rewriteFloat16(edit: Edit, needs: Float16Needs, { nodes, context }: { readonly nodes: ReadonlySet<number>; readonly context: PassContext }): void {
  const halfPlaces = new Set(edit.main.nodes.filter(({ id }) => nodes.has(id)).flatMap((node) => halfInputs(needs, node).map((at) => `${node.id}/${at}`)))
  const plans = planValues(edit, needs, { nodes, halfPlaces })
  for (const node of edit.main.nodes) {
    // What a Cast to float32 gives is asked for in half precision at once.
    if (nodes.has(node.id) && node.opType === 'Cast' && isFloat32Value(needs, node.outputs[0] ?? '')) edit.setAttribute(edit.main, node, 'to', makeInt('to', FLOAT16))
  }
  const half = new Set<string>()
  for (const plan of plans) {
    if (plan.definition.kind === 'initializer') convertConstant(edit, plan, context)
    else if (plan.isHalf) half.add(castFromHalf(edit, plan))
    else castToHalf(edit, plan)
  }
  retype(edit, half, needs)
}

function planValues(edit: Edit, needs: Float16Needs, { nodes, halfPlaces }: { nodes: ReadonlySet<number>; halfPlaces: ReadonlySet<string> }): ValuePlan[] {
  const { main, document } = edit
  const names = [...main.inputs.map(({ name }) => name), ...main.initializers.map(({ name }) => name), ...main.nodes.flatMap(({ outputs }) => outputs)]
  return [...new Set(names)].flatMap((name): ValuePlan[] => {
    const definition = name === '' ? null : document.index(main).definition(name)
    const isConstant = constantTensor(document, main, name) !== null
    if (!definition || !isFloat32Value(needs, name)) return []
    const uses = document.uses(main, name)
    const isHalfUse = (use: Use) => use.node !== null && use.graph === main && halfPlaces.has(`${use.node.id}/${use.input}`)
    const keepsName = uses.some(({ node, graph }) => node === null && (graph !== main || needs.keepIoTypes || isConstant))
    return [
      {
        name,
        definition: definition.kind === 'initializer' && !isConstant ? { kind: 'input', value: { name, type: null } } : definition,
        isHalf: definition.kind === 'node' ? nodes.has(definition.node.id) : !isConstant && !needs.keepIoTypes && definition.kind === 'input',
        halfUses: uses.filter(isHalfUse),
        floatUses: uses.filter((use) => use.node !== null && !isHalfUse(use)),
        keepsName,
      },
    ]
  })
}

function convertConstant(edit: Edit, { name, definition, halfUses, floatUses, keepsName }: ValuePlan, context: PassContext): void {
  if (definition.kind !== 'initializer' || halfUses.length === 0) return
  const isShared = floatUses.length > 0 || keepsName
  const half = isShared ? edit.freshName(edit.main, `${name}.half`) : name
  edit.setInitializer(edit.main, halfTensor(definition.tensor, half, context))
  if (isShared) repoint(edit, halfUses, half)
}

function halfTensor(tensor: Tensor, name: string, context: PassContext): Tensor {
  const { bits, clamped } = toHalf(floatValues(tensor), 'float16')
  if (clamped > 0) context.report(clampedDiagnostic(tensor, clamped, 'float16'))
  return rawTensor(name, 'float16', tensor.dims, bytesOf(bits))
}

/** Returns the name under which the value is half. */
function castFromHalf(edit: Edit, { name, definition, halfUses, floatUses, keepsName }: ValuePlan): string {
  if (floatUses.length === 0 && !keepsName) return name
  if (!keepsName || definition.kind !== 'node') {
    const float = edit.freshName(edit.main, `${name}.float`)
    addCast(edit, { from: name, into: float, type: FLOAT32, definition })
    repoint(edit, floatUses, float)
    return name
  }
  const half = edit.freshName(edit.main, `${name}.half`)
  const current = edit.document.index(edit.main).nodes.get(definition.node.id)
  if (!current) throw new Error(`internal: the node that makes '${name}' is gone`)
  const renamed = edit.updateNode(edit.main, current, { outputs: current.outputs.map((output) => (output === name ? half : output)) })
  addCast(edit, { from: half, into: name, type: FLOAT32, definition: { kind: 'node', node: renamed, output: definition.output } })
  repoint(edit, halfUses, half)
  return half
}

function castToHalf(edit: Edit, { name, definition, halfUses }: ValuePlan): void {
  if (halfUses.length === 0) return
  const half = edit.freshName(edit.main, `${name}.half`)
  addCast(edit, { from: name, into: half, type: FLOAT16, definition })
  repoint(edit, halfUses, half)
}

function addCast(edit: Edit, { from, into, type, definition }: { from: string; into: string; type: number; definition: Definition }): void {
  const [first] = edit.main.nodes
  const producer = definition.kind === 'node' ? edit.document.index(edit.main).nodes.get(definition.node.id) : undefined
  edit.addNode(
    edit.main,
    { opType: 'Cast', inputs: [from], outputs: [into], attributes: [makeInt('to', type)] },
    producer ? { after: producer } : first ? { before: first } : 'end',
  )
}

function repoint(edit: Edit, uses: readonly Use[], to: string): void {
  for (const { graph, node, input } of uses) if (node) edit.setInput(graph, node, input, to)
}

/**
 * Declares what is half now. Values that were renamed have no declaration of their own yet, and need none. Shapes of values within the graph are
 * those inferred, which leaves out what the file declares wrongly: onnxruntime shares buffers by declared shapes, and the Casts that it puts in
 * would find theirs too small.
 */
function retype(edit: Edit, half: ReadonlySet<string>, { types }: Float16Needs): void {
  if (half.size === 0) return
  const turned = (value: ValueInfo): ValueInfo =>
    half.has(value.name) && value.type?.kind === 'tensor' && value.type.dataType === FLOAT32 ? { ...value, type: { ...value.type, dataType: FLOAT16 } } : value
  const { inputs, outputs, valueInfo, initializers } = edit.main
  // Types of constants follow from the constants.
  const constants = new Set(initializers.map(({ name }) => name))
  const declared = valueInfo.filter(({ name }) => !constants.has(name)).map((value) => turned(half.has(value.name) ? { ...value, type: types.typeOf(edit.main, value.name) } : value))
  edit.updateGraph(edit.main, { inputs: inputs.map(turned), outputs: outputs.map(turned), valueInfo: declared })
}
