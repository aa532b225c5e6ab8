/** How an array of a data file feeds an input of the model: which part of it is one sample, and in which element type. */
import { AppError } from '#shared/errors'
import { DATA_TYPES, rawByteLength } from '#shared/onnx/data-type'
import type { Dim } from '#shared/onnx/records'
import { type Conversion, convertElements, firstNotFinite, isConvertible, isFloat } from './convert-elements'
import type { DataArray, Elements, Reading } from './data-array'
import { describeDims, describeInput, type ModelInput } from './model-inputs'
import type { TensorValue } from './model-runner'

export interface BoundArray {
  readonly input: ModelInput
  readonly array: DataArray
  readonly samples: number
  /** Of one sample, batch included. */
  readonly dims: readonly number[]
  readonly scale: number
  /** What was done to the values, for people; empty where nothing was. */
  readonly notes: readonly string[]
}

const MAX_SAMPLE_BYTES = 2 ** 31 - 1

/**
 * The leading dimension of an array counts samples: `[N, …]` gives N feeds of batch 1, or of the batch that the model
 * fixes; `[N, batch, …]` gives N feeds as they are. An array with the rank of the input less one is one sample.
 * `wholeTensor` says that the array is one feed as it stands.
 *
 * Throws AppError `invalid-data` naming both tensors where shape or element type do not fit.
 */
export function bindArray(array: DataArray, input: ModelInput, { wholeTensor }: { readonly wholeTensor: boolean }): BoundArray {
  const layout = wholeTensor ? wholeLayout(array.dims, input.shape) : sampleLayout(array.dims, input.shape)
  if (!layout) throw mismatch(array, input)
  if (layout.samples === 0) throw new AppError({ code: 'invalid-data', message: `${array.label} holds no samples: its shape is ${describeDims(array.dims)}.` })
  const elements = elementCount(layout.dims)
  if ((rawByteLength(DATA_TYPES[array.dataType].code, elements) ?? elements) > MAX_SAMPLE_BYTES) {
    throw new AppError({ code: 'invalid-data', message: `One sample of ${array.label}, ${describeDims(layout.dims)}, is larger than 2 GiB.` })
  }
  const notes: string[] = []
  if (layout.leftOver > 0) notes.push(`the last ${layout.leftOver} of ${array.label} left out, as the model's batch is ${layout.dims[0]}`)
  const conversion = chooseConversion(array, input, layout.dims)
  if (conversion.note !== null) notes.push(conversion.note)
  return { input, array, samples: layout.samples, dims: layout.dims, scale: conversion.scale, notes }
}

/** The samples in order. Throws AppError `invalid-data` at a NaN, an infinity, or a value that the input's type cannot hold. */
export async function* readSamples(bound: BoundArray, reading: Reading = {}): AsyncGenerator<TensorValue> {
  const count = elementCount(bound.dims)
  const memory = reading.reuseMemory === true && bound.array.dataType === 'uint8' && bound.input.dataType === 'float32' ? new Float32Array(count) : undefined
  let sample = 0
  for await (const elements of bound.array.read(count, bound.samples, reading)) {
    yield toTensorValue(bound, elements, { sample, memory })
    sample++
  }
}

function toTensorValue({ input, array, dims, scale }: BoundArray, elements: Elements, { sample, memory }: { sample: number; memory: Conversion['memory'] }): TensorValue {
  const dataType = DATA_TYPES[input.dataType].code
  if (elements.strings) return { dataType, dims, bytes: elements.bytes, strings: elements.strings }
  const at = firstNotFinite(elements.bytes, array.dataType)
  if (at >= 0) {
    throw new AppError({
      code: 'invalid-data',
      message: `${array.label} has a NaN or an infinity in sample ${sample + 1} (element ${at}).`,
      hint: 'Take such samples out, or replace the values.',
    })
  }
  const converted = convertElements(elements.bytes, { from: array.dataType, to: input.dataType, scale, memory })
  if ('problem' in converted) {
    throw new AppError({
      code: 'invalid-data',
      message: `${array.label} is ${array.dataType} and cannot become ${input.dataType} for input '${input.name}' without loss: ${converted.problem} (sample ${sample + 1}).`,
      hint: `Save the array as ${input.dataType}.`,
    })
  }
  return { dataType, dims, bytes: converted.bytes }
}

interface Layout {
  readonly samples: number
  readonly dims: readonly number[]
  readonly leftOver: number
}

function wholeLayout(dims: readonly number[], shape: readonly Dim[] | null): Layout | null {
  return shape === null || fits(dims, shape) ? { samples: 1, dims, leftOver: 0 } : null
}

function sampleLayout(dims: readonly number[], shape: readonly Dim[] | null): Layout | null {
  const [count = 1, ...rest] = dims
  if (shape === null) return { samples: count, dims: dims.length === 0 ? [] : [1, ...rest], leftOver: 0 }
  let layout: Layout | null = null
  if (dims.length === shape.length + 1) layout = { samples: count, dims: rest, leftOver: 0 }
  else if (dims.length === shape.length && dims.length > 0) {
    const batch = typeof shape[0] === 'number' ? shape[0] : 1
    layout = batch === 0 ? { samples: 1, dims, leftOver: 0 } : { samples: Math.floor(count / batch), dims: [batch, ...rest], leftOver: count % batch }
    if (layout.samples === 0 && count > 0) return null
  } else if (dims.length === shape.length) layout = { samples: 1, dims, leftOver: 0 }
  else if (dims.length === shape.length - 1) layout = { samples: 1, dims: [1, ...dims], leftOver: 0 }
  return layout && fits(layout.dims, shape) ? layout : null
}

function fits(dims: readonly number[], shape: readonly Dim[]): boolean {
  return dims.length === shape.length && shape.every((dim, at) => typeof dim !== 'number' || dim === dims[at])
}

function chooseConversion(array: DataArray, input: ModelInput, dims: readonly number[]): { scale: number; note: string | null } {
  const from = array.dataType
  const to = input.dataType
  // Pictures as they come from a camera or file; models that take floats want 0…1.
  if (from === 'uint8' && isFloat(to) && dims.length >= 3) return { scale: 1 / 255, note: `${array.label} scaled from uint8 0…255 to ${to} 0…1` }
  if (from === to) return { scale: 1, note: null }
  if (!isConvertible(from) || !isConvertible(to)) throw mismatch(array, input)
  return { scale: 1, note: `${array.label} converted from ${from} to ${to}` }
}

function mismatch(array: DataArray, input: ModelInput): AppError {
  return new AppError({
    code: 'invalid-data',
    message: `${array.label} is ${array.dataType} ${describeDims(array.dims)}, which does not fit the model's input '${input.name}': ${describeInput(input)}.`,
    hint: 'Give [N, …] with the dimensions of the input behind the number of samples N, in its element type.',
  })
}

function elementCount(dims: readonly number[]): number {
  return dims.reduce((a, b) => a * b, 1)
}
