import { existsSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { OptimizeReport } from '#shared/ipc/jobs'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import type { Bench, BenchContext, Figure } from './bench'
import { runCommandLine } from './command-line'

/** Where weights of MatMul, Gemm and Conv are nearly all of the file. */
const BAR = 0.27

/** Third-party models that fit that description, where the folder of test models is there. */
const THIRD_PARTY = ['audio/dtln_model_2.onnx', 'transformer/cct_2_32_128_opset20.onnx', 'enhance/super_resolution_10.onnx', 'segmentation/sed_unet_224.onnx', 'rl_games/go1_policy.onnx']

export const fileSize: Bench = {
  name: 'file-size',
  title: 'File size of dynamic int8 against float32 (result / source, whole command)',
  async *run(context) {
    for (const path of models(context)) yield await ratio(path, context)
  },
}

async function ratio(path: string, context: BenchContext): Promise<Figure> {
  const { stdout } = await runCommandLine(['optimize', path, '--recipe', 'int8-dynamic', '-o', join(context.scratch, `int8-${basename(path)}`), '--json'], context)
  const { sizeRatio, source, result } = OptimizeReport.parse(JSON.parse(stdout))
  return { name: basename(path), unit: '×', value: sizeRatio, runs: 1, atMost: BAR, note: `${kilobytes(source.sizeBytes)} → ${kilobytes(result.sizeBytes)}` }
}

function models({ repository, scratch }: BenchContext): string[] {
  const samples = ['resnet-wide', 'resnet', 'mobilenet'].map((name) => join(repository, 'resources/samples/digits', `${name}.onnx`))
  const thirdParty = THIRD_PARTY.map((file) => join(repository, '../shared/models', file))
  const perceptron = join(scratch, 'perceptron.onnx')
  writeFileSync(perceptron, joinPieces(encodeModel(buildModel(PERCEPTRON))))
  return [perceptron, ...samples, ...thirdParty].filter((path) => existsSync(path))
}

/** Three layers of 512: MatMul and Gemm, nothing else of size. */
const PERCEPTRON: ModelSpec = {
  inputs: { x: 'float32[batch,512]' },
  outputs: { y: 'float32[batch,512]' },
  initializers: {
    a: filledTensor('float32', [512, 512], 0.01, -0.02, 0.03),
    b: filledTensor('float32', [512, 512], 0.02, -0.01),
    c: filledTensor('float32', [512, 512], -0.03, 0.01, 0.02),
    bias: filledTensor('float32', [512], 0.1),
  },
  nodes: ['p = MatMul(x, a)', 'q = Relu(p)', 'r = Gemm(q, b, bias)', 's = Relu(r)', 'y = MatMul(s, c)'],
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`
}
