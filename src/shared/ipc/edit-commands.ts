/**
 * Every change a person can make to a model, as data: what the window sends, what `edgefit edit` reads, what a draft keeps.
 * `onnx/edit/apply-edit.ts` carries them out.
 *
 * Graphs and nodes are named by the ids of the open document, or by what they are called: a graph or function by its name
 * (left out: the main graph), a node by its name or by a value it makes. Types read as in the text form: `float32[N,3]`.
 */
import { z } from 'zod'
import { DATA_TYPES, type DataTypeName } from '../onnx/data-type'

export const GraphRef = z.union([z.number().int(), z.string()]).describe('Id, or name of a graph or function; the main graph where it is left out.')
export const NodeRef = z.union([z.number().int(), z.string()]).describe('Id, name, or a value that the node makes.')
export type GraphRef = z.infer<typeof GraphRef>
export type NodeRef = z.infer<typeof NodeRef>

const TypeText = z.string().min(1).describe('float32[N,3], int64[], float32 (unknown rank), sequence(float32[?]) …')
const DimText = z.union([z.number().int().min(0), z.string().min(1)])
const ElementType = z.enum(Object.keys(DATA_TYPES).filter((name) => name !== 'undefined') as [DataTypeName, ...DataTypeName[]])

/** Numbers beyond 2^53, NaN and infinities are written as text. */
const Scalar = z.union([z.number(), z.string(), z.boolean()])
const Integer = z.union([z.number().int(), z.string().regex(/^-?\d+$/)])
const Float = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])])

/** A tensor by its elements in row-major order, by its raw little-endian bytes in base64, or by a `.npy` file. */
export const TensorInput = z.union([
  z.strictObject({ dtype: ElementType, dims: z.array(z.number().int().min(0)), values: z.array(Scalar) }),
  z.strictObject({ dtype: ElementType, dims: z.array(z.number().int().min(0)), base64: z.base64() }),
  z.strictObject({ npy: z.string().min(1).describe('Path of a .npy file.') }),
])
export type TensorInput = z.infer<typeof TensorInput>

const named = { name: z.string().min(1) }
export const AttributeInput = z.union([
  z.discriminatedUnion('type', [
    z.strictObject({ ...named, type: z.literal('float'), value: Float }),
    z.strictObject({ ...named, type: z.literal('int'), value: Integer }),
    z.strictObject({ ...named, type: z.literal('string'), value: z.string() }),
    z.strictObject({ ...named, type: z.literal('floats'), value: z.array(Float) }),
    z.strictObject({ ...named, type: z.literal('ints'), value: z.array(Integer) }),
    z.strictObject({ ...named, type: z.literal('strings'), value: z.array(z.string()) }),
    z.strictObject({ ...named, type: z.literal('tensor'), value: TensorInput }),
    z.strictObject({ ...named, type: z.literal('type'), value: TypeText }),
  ]),
  /** In a function's body: the value of the function's own attribute `reference`. */
  z.strictObject({ ...named, reference: z.string().min(1), type: z.enum(['float', 'int', 'string', 'floats', 'ints', 'strings', 'tensor']) }),
])
export type AttributeInput = z.infer<typeof AttributeInput>

/** Fields left out come from the operator's schema: as many unconnected inputs as it requires, fresh names for its outputs. */
export const NewNodeInput = z.strictObject({
  opType: z.string().min(1),
  domain: z.string().default(''),
  name: z.string().optional(),
  inputs: z.array(z.string()).default([]).describe('Names of values; empty where one is left out.'),
  outputs: z.array(z.string()).optional(),
  attributes: z.array(AttributeInput).default([]),
})
export type NewNodeInput = z.infer<typeof NewNodeInput>

/** An ONNX file, or what `document.copy` answered. */
const ModelSource = z.strictObject({ path: z.string().min(1) })
const NameMap = z.record(z.string(), z.string())
const at = { graph: GraphRef.optional() }
const onNode = { ...at, node: NodeRef }
const onNodes = { ...at, nodes: z.array(NodeRef).min(1) }
const onValue = { ...at, name: z.string().min(1) }

function command<K extends string, S extends z.core.$ZodLooseShape>(kind: K, shape: S, description: string) {
  return z.strictObject({ kind: z.literal(kind), ...shape }).describe(description)
}

export const EditCommand = z.discriminatedUnion('kind', [
  command('addNode', { ...at, node: NewNodeInput, before: NodeRef.optional(), after: NodeRef.optional() }, 'Adds a node; where no place is given, at the end.'),
  command(
    'removeNodes',
    { ...onNodes, mode: z.enum(['disconnect', 'reconnect', 'with-dependents']).default('reconnect') },
    'Removes nodes. `reconnect` leads readers of the output to an input of the same type where there is one; `disconnect` leaves them open; `with-dependents` also removes what only these nodes feed.',
  ),
  command('renameNode', { ...onNode, name: z.string() }, 'Renames a node; an empty name takes it away.'),
  command('setOperator', { ...onNode, opType: z.string().min(1), domain: z.string().optional() }, 'Makes the node another operator; attributes the new one does not have are dropped.'),
  command('setDocString', { ...onNode, docString: z.string() }, 'Documents a node.'),
  command('setInput', { ...onNode, input: z.number().int().min(0), value: z.string() }, 'Makes an input read another value; empty leaves it open.'),
  command('setOutput', { ...onNode, output: z.number().int().min(0), value: z.string() }, 'Names an output, adding optional ones; empty takes an unread one away.'),
  command(
    'insertNode',
    { ...at, value: z.string().min(1), into: z.array(z.strictObject({ node: NodeRef, input: z.number().int().min(0) })).optional(), node: NewNodeInput, input: z.number().int().min(0).default(0) },
    'Puts a node on an edge: it reads `value` as its `input`, and the inputs in `into` (all readers, graph outputs included, where left out) read its first output.',
  ),
  command('setAttribute', { ...onNode, attribute: AttributeInput }, 'Adds an attribute or replaces the one of its name.'),
  command('removeAttribute', { ...onNode, name: z.string() }, 'Takes an attribute away; its default counts again.'),

  command('renameValue', { ...at, from: z.string().min(1), to: z.string().min(1) }, 'Renames a value (a graph input, output or initializer too) where it is made and wherever it is read.'),
  command('addInput', { ...onValue, type: TypeText, index: z.number().int().min(0).optional() }, 'Adds a graph input.'),
  command('addOutput', { ...onValue, type: TypeText.optional(), index: z.number().int().min(0).optional() }, 'Makes a value a graph output; its type is inferred where it is left out.'),
  command('removeInput', onValue, 'Removes a graph input that nothing reads.'),
  command('removeOutput', onValue, 'Stops giving a value out.'),
  command('reorderInputs', { ...at, names: z.array(z.string()) }, 'Puts the graph inputs in this order; all must be named.'),
  command('reorderOutputs', { ...at, names: z.array(z.string()) }, 'Puts the graph outputs in this order; all must be named.'),
  command('setValueType', { ...onValue, type: TypeText.nullable() }, 'Declares the type of a graph input, output or inner value; null takes the declaration away.'),
  command('setDimension', { input: z.string().min(1), axis: z.number().int(), dim: DimText }, 'Fixes a dimension of a model input or makes it symbolic, through the whole model.'),
  command('setSymbol', { symbol: z.string().min(1), dim: DimText }, 'Gives every dimension of this symbol a size or another symbol.'),

  command('addInitializer', { ...onValue, tensor: TensorInput }, 'Adds a constant.'),
  command('setInitializer', { ...onValue, tensor: TensorInput }, 'Replaces the values, the type and the shape of an initializer or of a Constant node.'),
  command('removeInitializer', onValue, 'Removes an initializer that nothing reads.'),
  command('convertInitializer', { ...onValue, dtype: ElementType }, 'Converts the elements to another type and says what that lost.'),
  command('setElements', { ...onValue, elements: z.array(z.strictObject({ index: z.number().int().min(0).describe('Row-major.'), value: Scalar })).min(1) }, 'Changes single elements of an initializer or Constant.'),

  command('setModel', { producerName: z.string().optional(), producerVersion: z.string().optional(), domain: z.string().optional(), modelVersion: Integer.optional(), docString: z.string().optional(), irVersion: z.number().int().min(3).max(13).optional(), graphName: z.string().optional(), graphDocString: z.string().optional() }, 'Changes what the model says about itself.'),
  command('setMetadata', { key: z.string().min(1), value: z.string().nullable() }, 'Sets a metadata entry; null removes it.'),
  command('setOpset', { domain: z.string().min(1), version: z.number().int().min(1).nullable() }, 'Declares the version of a domain; null removes an unused one. The default domain is changed by convertOpset.'),
  command('convertOpset', { version: z.number().int().min(1) }, 'Raises the opset of the default domain, rewriting nodes where operators changed.'),

  command('paste', { ...at, model: ModelSource, connect: NameMap.default({}).describe('Values of this graph for inputs of what is pasted, by input.') }, 'Adds copied nodes with fresh names and their initializers. Inputs that are not connected read the value of the same name, or become graph inputs.'),
  command('replaceNodes', { ...onNodes, model: ModelSource, inputs: NameMap.default({}), outputs: NameMap.default({}) }, 'Replaces a selection by a model; its inputs and outputs are matched to values of the graph by map, by name, else in order.'),
  command('joinModel', { model: ModelSource, connect: NameMap.optional().describe('Outputs of this model by inputs of the other; by name, else in order, where left out.'), keepOutputs: z.array(z.string()).default([]).describe('Connected outputs that stay outputs.'), prefix: z.string().default('') }, 'Appends another model, fed by the outputs of this one.'),
  command('wrapFunction', { ...onNodes, name: z.string().min(1), domain: z.string().min(1).default('local') }, 'Makes a selection a function and puts one call in its place.'),
  command('inlineFunction', { ...onNode }, 'Puts the body of a function in place of its call.'),
  command('applyText', { ...at, nodes: z.array(NodeRef).min(1).optional().describe('Only these nodes: the text is that of them alone.'), text: z.string() }, 'Makes a graph what its edited text says; the text of the main graph may be that of the whole model. Values the text leaves out stay.'),
  command('cut', { inputs: z.array(z.string()).default([]), outputs: z.array(z.string()).default([]) }, 'Keeps only what computes `outputs` from `inputs` (those of the model where left out).'),
])
export type EditCommand = z.infer<typeof EditCommand>
export type EditCommandOf<K extends EditCommand['kind']> = Extract<EditCommand, { kind: K }>

/** What a file for `edgefit edit --commands` holds: the commands, or these with a label. */
export const EditScript = z.union([z.array(EditCommand), z.strictObject({ label: z.string().optional(), commands: z.array(EditCommand) })])
