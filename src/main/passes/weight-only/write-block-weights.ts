import { makeInt, makeInts } from '#shared/onnx/attributes'
import type { DataTypeName } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import type { Attribute, Graph, Node, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { constantTensor, isFloat32 } from '../constants'
import { type BlockFormat, blocksPerRow, type BlockWeights, middleCode, packRows } from './block-weights'
import type { WeightTarget } from './weight-targets'

const MICROSOFT = 'com.microsoft'

export type ProductForm = 'MatMulNBits' | 'QDQ'

interface StoredNames {
  readonly codes: string
  readonly scales: string
  /** '' where the middle code stands for zero. */
  readonly zeroPoints: string
}

interface StoredTensor {
  readonly dataType: DataTypeName
  readonly dims: readonly number[]
  readonly bytes: Uint8Array
}

/** Puts quantized weights into the graph: each once for every layout that its readers want, beside the float tensor. */
export class BlockWeightWriter {
  readonly #stored = new Map<string, StoredNames>()

  constructor(
    readonly edit: Edit,
    readonly options: { readonly form: ProductForm; readonly integerProducts: boolean },
  ) {}

  /** Makes the node read `weights` instead of its float weight. The float tensor stays, for others that may read it. With `asTable` they lie as a table can read them too. */
  write(target: WeightTarget, weights: BlockWeights, { asTable = false } = {}): void {
    if (target.kind === 'table') this.#gather(target, weights)
    else if (this.options.form === 'QDQ') this.#dequantized(target, weights, asTable ? this.#turnedRows(target, weights) : this.#storeBlocks(target, weights))
    else this.#product(target, weights)
  }

  /** A table whose rows are those of a product that is written with `asTable`: it reads the product's codes and scales. */
  writeShared(table: WeightTarget, product: WeightTarget, weights: BlockWeights): void {
    if (this.options.form === 'QDQ') {
      this.#gatherBlocks(table, this.#storeRows(product, weights), weights.format)
      return
    }
    const { graph, node, rows, columns } = table
    const names = this.#storeProduct(product, weights)
    const owner = this.edit.document.definition(graph, names.codes)?.graph
    if (!owner) throw new Error(`internal: '${names.codes}' is not defined`)
    // Rows of whole blocks lie in the same order, as [rows, bytes of a row].
    const [shape, codes] = [this.edit.freshName(owner, `${names.codes}.shape`), this.edit.freshName(graph, `${names.codes}.rows`)]
    this.edit.setInitializer(owner, rawTensor(shape, 'int64', [2], bytesOf(BigInt64Array.of(BigInt(rows), BigInt((columns * weights.format.bits) / 8)))))
    this.edit.addNode(graph, { opType: 'Reshape', inputs: [names.codes, shape], outputs: [codes] }, { before: node })
    if (weights.zeroPoints instanceof Float32Array) this.#gatherReal(table, { ...names, codes }, weights)
    else this.#gatherBlocks(table, { ...names, codes }, weights.format)
  }

  /** MatMulNBits (ContribOperators.md): codes [N, blocks, bytes of a block], scales [N, blocks], zero points packed along blocks. */
  #product(target: WeightTarget, weights: BlockWeights): void {
    const { graph, node, rows, columns } = target
    const { bits, blockSize } = weights.format
    const names = this.#storeProduct(target, weights)
    const bias = this.#vectorBias(graph, node, rows)
    const addend = bias === '' && node.opType === 'Gemm' ? (node.inputs[2] ?? '') : ''
    const [output = ''] = node.outputs
    const product = addend === '' ? output : this.edit.freshName(graph, `n${node.id}.product`)
    const inputs = [node.inputs[0] ?? '', names.codes, names.scales, names.zeroPoints, '', bias]
    while (inputs.at(-1) === '') inputs.pop()
    const attributes = [makeInt('K', columns), makeInt('N', rows), makeInt('bits', bits), makeInt('block_size', blockSize)]
    if (this.options.integerProducts) attributes.push(makeInt('accuracy_level', 4))
    const made = this.edit.updateNode(graph, node, { opType: 'MatMulNBits', domain: MICROSOFT, inputs, outputs: [product], attributes })
    if (addend !== '') this.edit.addNode(graph, { opType: 'Add', inputs: [product, addend], outputs: [output] }, { after: made })
    this.edit.requireOpset(MICROSOFT, 1)
  }

  #storeProduct({ graph, weight, rows }: WeightTarget, weights: BlockWeights): StoredNames {
    const { bits, blockSize } = weights.format
    const blocks = blocksPerRow(weights, weights.format)
    return this.#store(graph, weight.name, 'product', () => ({
      codes: { dataType: 'uint8', dims: [rows, blocks, (blockSize * bits) / 8], bytes: paddedBlocks(weights) },
      scales: { dataType: 'float32', dims: [rows, blocks], bytes: bytesOf(weights.scales) },
      zeroPoints: productZeroPoints(weights, { rows, blocks }),
    }))
  }

  /** A Gemm's C where the kernel takes it: a constant with a value for each output channel. */
  #vectorBias(graph: Graph, node: Node, rows: number): string {
    const name = node.opType === 'Gemm' ? (node.inputs[2] ?? '') : ''
    const tensor = constantTensor(this.edit.document, graph, name)
    return tensor && isFloat32(tensor) && tensor.dims.length === 1 && tensor.dims[0] === rows ? name : ''
  }

  /** DequantizeLinear with blocks (opset 21) before the product, which stays as it is. */
  #dequantized({ graph, node, weight, rowsFirst }: WeightTarget, { format }: BlockWeights, names: StoredNames): void {
    const real = this.edit.freshName(graph, `${weight.name}.dq`)
    this.edit.addNode(
      graph,
      {
        opType: 'DequantizeLinear',
        inputs: [names.codes, names.scales, ...(names.zeroPoints === '' ? [] : [names.zeroPoints])],
        outputs: [real],
        attributes: [makeInt('axis', rowsFirst ? 1 : 0), makeInt('block_size', format.blockSize)],
      },
      { before: node },
    )
    this.edit.setInput(graph, node, 1, real)
  }

  /** Lying as the float weight does. */
  #storeBlocks({ graph, weight, rowsFirst, rows, columns }: WeightTarget, weights: BlockWeights): StoredNames {
    const { format, codes, zeroPoints } = weights
    const blocks = blocksPerRow(weights, format)
    const dataType = integerType(weights)
    const place = (values: ArrayLike<number>, width: number): StoredTensor => ({
      dataType,
      dims: rowsFirst ? [rows, width] : [width, rows],
      // Signed types count from the middle.
      bytes: packFlat(arranged(values, { rows, width, rowsFirst }), { bits: format.bits, offset: format.symmetric ? middleCode(format) : 0 }),
    })
    return this.#store(graph, weight.name, rowsFirst ? 'rows' : 'columns', () => ({
      codes: place(codes, columns),
      scales: { dataType: 'float32', dims: rowsFirst ? [rows, blocks] : [blocks, rows], bytes: bytesOf(Float32Array.from(arranged(weights.scales, { rows, width: blocks, rowsFirst }))) },
      // onnxruntime 1.30, asked for integers that do not saturate, fails on blocks of int8 without zero points.
      zeroPoints: zeroPoints ? place(zeroPoints, blocks) : dataType === 'int8' ? place(middles(weights), blocks) : null,
    }))
  }

  /** As [rows, columns], of types that GatherBlockQuantized reads: int8 is none of them. */
  #storeRows(target: WeightTarget, weights: BlockWeights): StoredNames {
    const { format } = weights
    const isInt8 = format.bits === 8 && format.symmetric
    const unsigned = isInt8 ? { ...weights, format: { ...format, symmetric: false }, zeroPoints: middles(weights) } : weights
    return this.#storeBlocks({ ...target, rowsFirst: true }, unsigned)
  }

  /** Rows, turned where the product wants them so: onnxruntime turns a constant once, when it loads the model. */
  #turnedRows(target: WeightTarget, weights: BlockWeights): StoredNames {
    const names = this.#storeRows(target, weights)
    if (target.rowsFirst) return names
    const turn = (name: string): string => {
      if (name === '') return ''
      const turned = this.edit.freshName(target.graph, `${name}.turned`)
      this.edit.addNode(target.graph, { opType: 'Transpose', inputs: [name], outputs: [turned], attributes: [makeInts('perm', [1, 0])] }, { before: target.node })
      return turned
    }
    return { codes: turn(names.codes), scales: turn(names.scales), zeroPoints: turn(names.zeroPoints) }
  }

  /** GatherBlockQuantized with codes packed into uint8 along the last axis. */
  #gather(target: WeightTarget, weights: BlockWeights): void {
    const { graph, weight, rows, columns } = target
    const { bits } = weights.format
    const blocks = blocksPerRow(weights, weights.format)
    const pack = (values: ArrayLike<number>, width: number): StoredTensor => ({
      dataType: 'uint8',
      dims: [rows, Math.ceil((width * bits) / 8)],
      bytes: packRows(values, { width, bits, filler: middleCode(weights.format) }),
    })
    const names = this.#store(graph, weight.name, 'table', () => ({
      codes: pack(weights.codes, columns),
      scales: { dataType: 'float32', dims: [rows, blocks], bytes: bytesOf(weights.scales) },
      zeroPoints: weights.zeroPoints ? pack(weights.zeroPoints, blocks) : null,
    }))
    this.#gatherBlocks(target, names, weights.format)
  }

  #gatherBlocks({ graph, node }: WeightTarget, { codes, scales, zeroPoints }: StoredNames, { bits, blockSize }: BlockFormat): Node {
    this.edit.requireOpset(MICROSOFT, 1)
    return this.edit.updateNode(graph, node, {
      opType: 'GatherBlockQuantized',
      domain: MICROSOFT,
      inputs: [codes, node.inputs[1] ?? '', scales, ...(zeroPoints === '' ? [] : [zeroPoints])],
      attributes: [makeInt('bits', bits), makeInt('block_size', blockSize), makeInt('gather_axis', 0), makeInt('quantize_axis', 1)],
    })
  }

  /**
   * Rows with real zero points, of which the operator knows none: read around the middle code, then moved in each block by
   * (middle − zero point) · scale.
   */
  #gatherReal(target: WeightTarget, names: StoredNames, { format, columns }: BlockWeights): void {
    const { graph, node } = target
    const [, indices = ''] = node.inputs
    const [output = ''] = node.outputs
    const fresh = (suffix: string) => this.edit.freshName(graph, `n${node.id}.${suffix}`)
    const owner = this.edit.document.definition(graph, names.scales)?.graph
    if (!owner) throw new Error(`internal: '${names.scales}' is not defined`)
    const constant = (suffix: string, tensor: (name: string) => Tensor) => {
      const name = this.edit.freshName(owner, `${names.scales}.${suffix}`)
      this.edit.setInitializer(owner, tensor(name))
      return name
    }
    const int64 = (...values: number[]) => (name: string) => rawTensor(name, 'int64', [values.length], bytesOf(BigInt64Array.from(values, BigInt)))
    const middle = constant('middle', (name) => rawTensor(name, 'float32', [], bytesOf(Float32Array.of(middleCode(format)))))
    const [inBlocks, eachBlock, width] = [constant('blocks', int64(-1, columns / format.blockSize, format.blockSize)), constant('each', int64(-1, columns / format.blockSize, 1)), constant('width', int64(columns))]
    const around = fresh('around')
    let last = this.#gatherBlocks({ ...target, node: this.edit.updateNode(graph, node, { outputs: [around] }) }, { ...names, zeroPoints: '' }, format)
    const add = (opType: string, inputs: readonly string[], { made = fresh(opType.toLowerCase()), attributes = [] as readonly Attribute[] } = {}) => {
      last = this.edit.addNode(graph, { opType, inputs, outputs: [made], attributes }, { after: last })
      return made
    }
    const offset = add('Mul', [add('Sub', [middle, add('Gather', [names.zeroPoints, indices])]), add('Gather', [names.scales, indices])])
    const moved = add('Add', [add('Reshape', [around, inBlocks]), add('Reshape', [offset, eachBlock])])
    const shape = add('Concat', [add('Shape', [indices]), width], { attributes: [makeInt('axis', 0)] })
    add('Reshape', [moved, shape], { made: output })
  }

  /** The tensors go where the float weight is, so that readers within If and Loop share them. */
  #store(graph: Graph, name: string, layout: string, make: () => { codes: StoredTensor; scales: StoredTensor; zeroPoints: StoredTensor | null }): StoredNames {
    const owner = this.edit.document.definition(graph, name)?.graph
    if (!owner) throw new Error(`internal: '${name}' is not defined`)
    const key = JSON.stringify([owner.id, name, layout])
    const known = this.#stored.get(key)
    if (known) return known
    const made = make()
    const add = (suffix: string, tensor: StoredTensor | null): string => {
      if (!tensor) return ''
      const fresh = this.edit.freshName(owner, `${name}.${suffix}`)
      this.edit.setInitializer(owner, rawTensor(fresh, tensor.dataType, tensor.dims, tensor.bytes))
      return fresh
    }
    const names = { codes: add('q', made.codes), scales: add('scale', made.scales), zeroPoints: add('zp', made.zeroPoints) }
    this.#stored.set(key, names)
    return names
  }
}

/** The middle code for each block. */
function middles({ format, scales }: BlockWeights): Uint8Array {
  return new Uint8Array(scales.length).fill(middleCode(format))
}

/** Each row padded to whole blocks with code 0. */
function paddedBlocks(weights: BlockWeights): Uint8Array {
  const { format, rows, columns, codes } = weights
  const width = blocksPerRow(weights, format) * format.blockSize
  if (width === columns) return packRows(codes, { width, bits: format.bits })
  const padded = new Uint8Array(rows * width)
  for (let row = 0; row < rows; row++) padded.set(codes.subarray(row * columns, (row + 1) * columns), row * width)
  return packRows(padded, { width, bits: format.bits })
}

function productZeroPoints({ format, zeroPoints }: BlockWeights, { rows, blocks }: { rows: number; blocks: number }): StoredTensor | null {
  if (!zeroPoints) return null
  if (zeroPoints instanceof Float32Array) return { dataType: 'float32', dims: [rows, blocks], bytes: bytesOf(zeroPoints) }
  const bytes = packRows(zeroPoints, { width: blocks, bits: format.bits, filler: middleCode(format) })
  return { dataType: 'uint8', dims: [rows, Math.ceil((blocks * format.bits) / 8)], bytes }
}

function integerType({ format: { bits, symmetric } }: BlockWeights): DataTypeName {
  return `${symmetric ? 'int' : 'uint'}${bits}`
}

/** [rows, width] as it is, or as [width, rows]. */
function arranged(values: ArrayLike<number>, { rows, width, rowsFirst }: { rows: number; width: number; rowsFirst: boolean }): number[] | ArrayLike<number> {
  if (rowsFirst) return values
  const turned = new Float32Array(values.length)
  for (let row = 0; row < rows; row++) for (let at = 0; at < width; at++) turned[at * rows + row] = values[row * width + at] as number
  return turned
}

/** ONNX's own packing: one run of elements, low bits first, whatever the shape. */
function packFlat(values: ArrayLike<number>, { bits, offset }: { bits: number; offset: number }): Uint8Array {
  const mask = 2 ** bits - 1
  const codes = new Uint8Array(values.length)
  for (let at = 0; at < codes.length; at++) codes[at] = ((values[at] as number) - offset) & mask
  return packRows(codes, { width: codes.length, bits })
}
