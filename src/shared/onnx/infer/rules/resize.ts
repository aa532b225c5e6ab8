/** Ops on images and feature maps that sample at computed positions. */
import type { Dim } from '../../records'
import { dimsOfRank, normalizeAxis, type Shape, unknownDims } from '../dims'
import { type Fact, tensorFact } from '../fact'
import type { NodeContext, RuleTable } from '../node-context'

/** The runtime multiplies in float32. */
function scaled(dim: Dim, scale: Dim): Dim {
  if (scale === 1) return dim
  return typeof dim === 'number' && typeof scale === 'number' ? Math.floor(Math.fround(dim * Math.fround(scale))) : null
}

function upsample(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const scales = node.opset < 9 ? (node.floats('scales') ?? oldScales(node)) : node.elements(1)
  return [tensorFact(node.dataType(0), from?.map((dim, axis) => scaled(dim, scales?.[axis] ?? null)) ?? null)]
}

/** Opset 1 had a scale for height and one for width. */
function oldScales(node: NodeContext): number[] | null {
  const [height, width] = ['height_scale', 'width_scale'].map((name) => node.attribute(name))
  return height?.type === 'float' && width?.type === 'float' ? [1, 1, height.value, width.value] : null
}

function resize(node: NodeContext): Fact[] {
  const from = node.shape(0)
  if (!from) return [tensorFact(node.dataType(0), null)]
  const axes = node.ints('axes') ?? from.map((_, axis) => axis)
  const dims: Dim[] = [...from]
  const put = (at: number, dim: Dim) => {
    const axis = normalizeAxis(at, from.length)
    if (axis !== null) dims[axis] = dim
  }
  if (node.opset >= 11 && node.has(3)) {
    const sizes = node.elements(3)
    const policy = node.string('keep_aspect_ratio_policy') ?? 'stretch'
    const kept = policy === 'stretch' ? sizes : keepAspectRatio(axes.map((axis) => from.at(axis) ?? null), sizes, policy)
    for (const [at, axis] of axes.entries()) put(axis, kept?.[at] ?? null)
  } else {
    const scales = node.elements(node.opset < 11 ? 1 : 2)
    // Cropping scales the region of interest, not the input.
    const cropping = node.string('coordinate_transformation_mode') === 'tf_crop_and_resize'
    for (const [at, axis] of axes.entries()) put(axis, cropping ? null : scaled(from.at(axis) ?? null, scales?.[at] ?? null))
  }
  return [tensorFact(node.dataType(0), dims)]
}

function keepAspectRatio(from: Shape, sizes: readonly Dim[] | null, policy: string): number[] | null {
  const ratios = from.map((dim, at) => Number(sizes?.[at] ?? NaN) / Number(dim ?? NaN))
  if (ratios.some((ratio) => !Number.isFinite(ratio))) return null
  const ratio = Math.fround(policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios))
  return from.map((dim) => Math.round(Number(dim) * ratio))
}

/** X [N, C, …in], grid [N, …out, rank] → [N, C, …out] */
function gridSample(node: NodeContext): Fact[] {
  const [from, grid] = [node.shape(0), node.shape(1)]
  if (!from) return [tensorFact(node.dataType(0), grid ? unknownDims(grid.length) : null)]
  return [tensorFact(node.dataType(0), [from[0] ?? null, from[1] ?? null, ...(grid ? grid.slice(1, -1) : unknownDims(from.length - 2))])]
}

/** size (N, C, …out) → grid [N, …out, rank] */
function affineGrid(node: NodeContext): Fact[] {
  const size = node.elements(1)
  const length = node.shape(1)?.[0]
  const rest = typeof length === 'number' ? dimsOfRank(length - 1) : null
  if (size) return [tensorFact(node.dataType(0), [size[0] ?? null, ...size.slice(2), size.length - 2])]
  return [tensorFact(node.dataType(0), rest && typeof length === 'number' ? [...rest, length - 2] : null)]
}

/** X [N, C, H, W], rois [R, …] → [R, C, height, width] */
function regions(height: (node: NodeContext) => Dim, width: (node: NodeContext) => Dim) {
  return (node: NodeContext): Fact[] => [tensorFact(node.dataType(0), [node.shape(1)?.[0] ?? null, node.shape(0)?.[1] ?? null, height(node), width(node)])]
}

export const resizeRules: RuleTable = {
  Upsample: upsample,
  Resize: resize,
  GridSample: gridSample,
  'com.microsoft:GridSample': gridSample,
  AffineGrid: affineGrid,
  RoiAlign: regions((node) => node.int('output_height', 1), (node) => node.int('output_width', 1)),
  MaxRoiPool: regions((node) => node.ints('pooled_shape')?.[0] ?? null, (node) => node.ints('pooled_shape')?.[1] ?? null),
  'com.microsoft:CropAndResize': regions((node) => node.elements(3)?.[0] ?? null, (node) => node.elements(3)?.[1] ?? null),
}
