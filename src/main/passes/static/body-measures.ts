/** What calibration wants to know of values within If, Loop and Scan, computed by nodes beside them. */
import { makeInt, makeInts } from '#shared/onnx/attributes'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { BINS } from './histogram'
import type { Measure } from './observe-bodies'
import type { ValueRange } from './value-range'

/** Unique came with it, and Equal of floats. */
export const COUNTING_OPSET = 11

const reduction = (opType: string, none: number, join: Measure['join']): Measure => ({
  name: opType,
  dims: [],
  none,
  join,
  compute: (value, output, make) => [make.node(opType, [value], [output], [makeInt('keepdims', 0)])],
})

/** Scalars. The sum shows NaN, which the others pass over. */
export const EXTREMES = { min: reduction('ReduceMin', Infinity, 'Min'), max: reduction('ReduceMax', -Infinity, 'Max'), sum: reduction('ReduceSum', 0, 'Add') } as const

/**
 * How often values fall into each bin of a histogram over `range`, and behind them how many are exactly 0: what `Histogram.add` counts,
 * by the same arithmetic in float64.
 */
export function countsOver({ min, max }: ValueRange): Measure {
  return {
    name: 'counts',
    dims: [BINS + 1],
    none: 0,
    join: 'Add',
    compute(value, output, make) {
      const constants = {
        min: make.constant(rawTensor('', 'float64', [], bytesOf(Float64Array.of(min)))),
        perUnit: make.constant(rawTensor('', 'float64', [], bytesOf(Float64Array.of(1 / ((max - min) / BINS))))),
        first: make.constant(rawTensor('', 'float64', [], bytesOf(Float64Array.of(0)))),
        last: make.constant(rawTensor('', 'float64', [], bytesOf(Float64Array.of(BINS - 1)))),
        zero: make.constant(rawTensor('', 'float32', [], bytesOf(Float32Array.of(0)))),
        zeros: make.constant(rawTensor('', 'int64', [], bytesOf(BigInt64Array.of(BigInt(BINS))))),
        none: make.constant(rawTensor('', 'float32', [BINS + 1], bytesOf(new Float32Array(BINS + 1)))),
      }
      const nodes = Object.values(constants)
      const of = (name: keyof typeof constants) => constants[name].outputs[0] ?? ''
      const computed = (opType: string, inputs: readonly string[], to?: number) => {
        const made = make.node(opType, inputs, [make.fresh(`${value}.${opType}`)], to === undefined ? [] : [makeInt('to', to)])
        nodes.push(made)
        return made.outputs[0] ?? ''
      }
      const offset = computed('Sub', [computed('Cast', [value], DATA_TYPES.float64.code), of('min')])
      const bin = computed('Min', [computed('Max', [computed('Floor', [computed('Mul', [offset, of('perUnit')])]), of('first')]), of('last')])
      const index = computed('Where', [computed('Equal', [value, of('zero')]), of('zeros'), computed('Cast', [bin], DATA_TYPES.int64.code)])
      // Each bin once, so that counts can be put in their places.
      const [found, times] = [make.fresh(`${value}.bins`), make.fresh(`${value}.times`)]
      nodes.push(make.node('Unique', [index], [found, '', '', times]))
      nodes.push(make.node('ScatterElements', [of('none'), found, computed('Cast', [times], DATA_TYPES.float32.code)], [output]))
      return nodes
    },
  }
}

/** XᵀX, [columns, columns], of a value X whose last dimension is `columns`. */
export function squaresOf(columns: number): Measure {
  return {
    name: 'squares',
    dims: [columns, columns],
    none: 0,
    join: 'Add',
    compute(value, output, make) {
      const shape = make.constant(rawTensor('', 'int64', [2], bytesOf(BigInt64Array.of(-1n, BigInt(columns)))))
      const [rows, turned] = [make.fresh(`${value}.rows`), make.fresh(`${value}.turned`)]
      return [
        shape,
        make.node('Reshape', [value, ...shape.outputs], [rows]),
        make.node('Transpose', [rows], [turned], [makeInts('perm', [1, 0])]),
        make.node('MatMul', [turned, rows], [output]),
      ]
    },
  }
}
