import { makeInt } from '#shared/onnx/attributes'
import type { Attribute } from '#shared/onnx/records'
import { eigenSymmetric } from '../../runtime/eigen-symmetric'
import type { MatrixProducts } from '../../runtime/linear-algebra'
import { type Fit, fitLast, type ObservedLayer } from './fit'
import { type ConvWindow, outputSizes } from './linear-layer'
import { type Candidate, pointwise } from './low-rank-forms'
import type { Replacement, Stage, Weights } from './replacement'

/**
 * A Conv as a sum of `terms` depthwise and pointwise pairs (network decoupling, Guo et al. 2018): for each input channel the kernels that
 * carry most of its weights, and pointwise weights fitted to the layer's output together. One candidate for each number of terms.
 */
export async function* decoupledForms(observed: ObservedLayer, window: ConvWindow, { maxTerms, products }: { maxTerms: number; products: MatrixProducts }): AsyncGenerator<Candidate> {
  const { layer, inputDims } = observed
  const kernel = window.kernel.reduce((product, size) => product * size, 1)
  const channels = layer.columns / kernel
  const kernels = await principalKernels(observed, { channels, kernel, products })
  const positions = outputSizes(window, inputDims.slice(2)).reduce((product, size) => product * size, inputDims[0] ?? 1)
  for (let terms = 1; terms <= Math.min(maxTerms, kernel); terms++) {
    // Feature (term, channel) is the depthwise output of that term.
    const features = new Float64Array(terms * channels * layer.columns)
    for (let term = 0; term < terms; term++) {
      for (let channel = 0; channel < channels; channel++) {
        features.set(kernels.subarray((channel * kernel + term) * kernel, (channel * kernel + term + 1) * kernel), (term * channels + channel) * layer.columns + channel * kernel)
      }
    }
    const fit = await fitLast(observed, features, terms * channels, products)
    const replacement = decoupledReplacement(observed, window, { terms, channels, kernel, kernels, fit })
    yield { form: 'decoupled', ranks: [terms], macs: positions * terms * channels * (kernel + layer.rows), error: fit.error, replacement }
  }
}

/** Right singular vectors of each channel's weights [rows, kernel], the strongest first: [channels, kernel, kernel]. */
async function principalKernels({ layer: { rows, columns }, weights }: ObservedLayer, { channels, kernel, products }: { channels: number; kernel: number; products: MatrixProducts }): Promise<Float64Array> {
  const found = new Float64Array(channels * kernel * kernel)
  for (let channel = 0; channel < channels; channel++) {
    const gram = new Float64Array(kernel * kernel)
    for (let row = 0; row < rows; row++) {
      const from = row * columns + channel * kernel
      for (let a = 0; a < kernel; a++) for (let b = 0; b < kernel; b++) gram[a * kernel + b] = (gram[a * kernel + b] as number) + (weights[from + a] as number) * (weights[from + b] as number)
    }
    found.set((await eigenSymmetric(products, gram, { size: kernel, count: kernel })).vectors, channel * kernel * kernel)
  }
  return found
}

interface Parts {
  readonly terms: number
  readonly channels: number
  readonly kernel: number
  readonly kernels: Float64Array
  readonly fit: Fit
}

function decoupledReplacement({ layer }: ObservedLayer, window: ConvWindow, { terms, channels, kernel, kernels, fit }: Parts): Replacement {
  const stages: Stage[] = []
  const weights = new Map<string, Weights>()
  const attributes: Attribute[] = [...layer.node.attributes.filter(({ name }) => name !== 'group'), makeInt('group', channels)]
  let sum = ''
  for (let term = 0; term < terms; term++) {
    const depthwise = new Float32Array(channels * kernel)
    for (let channel = 0; channel < channels; channel++) depthwise.set(kernels.subarray((channel * kernel + term) * kernel, (channel * kernel + term + 1) * kernel), channel * kernel)
    const mixing = new Float32Array(layer.rows * channels)
    for (let row = 0; row < layer.rows; row++) mixing.set(fit.last.subarray(row * terms * channels + term * channels, row * terms * channels + (term + 1) * channels), row * channels)
    weights.set(`depthwise${term + 1}.weight`, { dims: [channels, 1, ...window.kernel], values: depthwise })
    weights.set(`pointwise${term + 1}.weight`, { dims: [layer.rows, channels, ...window.kernel.map(() => 1)], values: mixing })
    const takesBias = term === 0 && fit.bias !== null
    if (term === 0 && fit.bias) weights.set('bias', { dims: [fit.bias.length], values: fit.bias })
    stages.push({ opType: 'Conv', inputs: ['x', `depthwise${term + 1}.weight`], output: `depthwise${term + 1}`, attributes })
    stages.push({ opType: 'Conv', inputs: [`depthwise${term + 1}`, `pointwise${term + 1}.weight`, ...(takesBias ? ['bias'] : [])], output: `pointwise${term + 1}`, attributes: pointwise(window) })
    if (term === 0) sum = 'pointwise1'
    else {
      stages.push({ opType: 'Add', inputs: [sum, `pointwise${term + 1}`], output: `sum${term + 1}`, attributes: [] })
      sum = `sum${term + 1}`
    }
  }
  return { stages, weights }
}
