import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { OptimizeReport } from '#shared/ipc/jobs'
import { tensorAttribute } from '#shared/onnx/attributes'
import { memorySource } from '#shared/onnx/byte-source'
import { decodeModel } from '#shared/onnx/codec/decode'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { ModelDocument } from '#shared/onnx/document'
import type { Tensor } from '#shared/onnx/records'
import { tensorSizeBytes } from '#shared/onnx/tensor-data'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import type { Bench, BenchContext, Figure } from './bench'
import { runCommandLine } from './command-line'

const BAR = 0.27
/** The bar is for models whose weights of MatMul, Gemm and Conv are at least this part of the file: 0.98 / 4 + 0.02 = 0.265. */
const HEAVY = 0.98

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
  const share = weightBytes(path) / source.sizeBytes
  const note = `${kilobytes(source.sizeBytes)} → ${kilobytes(result.sizeBytes)}; ${(share * 100).toFixed(1)} % of the file are weights of MatMul, Gemm and Conv`
  return { name: basename(path), unit: '×', value: sizeRatio, runs: 1, ...(share >= HEAVY && { atMost: BAR }), note }
}

/** Bytes of the constants that MatMul, Gemm and Conv multiply by. */
function weightBytes(path: string): number {
  const document = new ModelDocument(decodeModel(memorySource(new Uint8Array(readFileSync(path)))))
  const weights = new Set<Tensor>()
  for (const graph of document.graphs()) {
    for (const node of graph.nodes) {
      if (!['MatMul', 'Gemm', 'Conv'].includes(node.opType)) continue
      for (const name of node.inputs.slice(0, 2)) {
        const definition = document.definition(graph, name)?.definition
        const tensor = definition?.kind === 'initializer' ? definition.tensor : definition?.kind === 'node' && definition.node.opType === 'Constant' ? tensorAttribute(definition.node, 'value') : null
        if (tensor) weights.add(tensor)
      }
    }
  }
  return [...weights].reduce((sum, tensor) => sum + tensorSizeBytes(tensor), 0)
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
