import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Graph, Model, Node } from '#shared/onnx/records'
import { subgraphsOf } from '#shared/onnx/graph-index'
import { buildModel, tensor } from '#shared/onnx/testing/build-model'
import { ownModelsFolder, sharedModelsFolder } from '../../../tests/fixtures/shared-models'
import { openCalibrationData } from './calibration-data'
import { attributeKernels, withUniqueNodeNames } from './kernel-attribution'
import { type KernelTimes, readKernelTimes } from './kernel-times'
import { openModelFile } from './model-file'
import { createOrtRunner } from './ort-runner'

const scratchFolder = mkdtempSync(join(tmpdir(), 'edgefit-attribution-'))
afterAll(() => rmSync(scratchFolder, { recursive: true, force: true }))
const runner = createOrtRunner({ scratchFolder })
let cases = 0

/** Kernels that onnxruntime puts in by itself to change a layout or type; they compute nothing of the model's. */
const MOVING = /^(Reorder(Input|Output)|Transpose|Reshape|Squeeze|Unsqueeze|Cast|Memcpy.*)$/

async function attribute(model: Model): Promise<{ times: KernelTimes[]; nodesOf: Map<string, Node[]> }> {
  const named = withUniqueNodeNames(model)
  const data = await openCalibrationData({ kind: 'synthetic', samples: 1 }, named, { runner })
  const prefix = join(scratchFolder, `case-${++cases}`)
  const running = await runner.load(named, { threads: 1, optimizedModelPath: `${prefix}.onnx`, profilePrefix: prefix })
  for await (const feeds of data.samples()) for (let run = 0; run < 3; run++) await running.run(feeds)
  const profile = running.endProfiling()
  await running.close()
  const optimized = openModelFile(`${prefix}.onnx`)
  const nodesOf = attributeKernels(named, optimized.model)
  optimized.close()
  return { times: await readKernelTimes(profile ?? '', 1), nodesOf }
}

/** Nodes of the main graph whose values depend on its inputs. */
function computedNodes(graph: Graph): Node[] {
  const constants = new Set(graph.initializers.map(({ name }) => name))
  return graph.nodes.filter((node) => {
    if (!node.inputs.every((name) => name === '' || constants.has(name)) || subgraphsOf(node).length > 0) return true
    for (const output of node.outputs) constants.add(output)
    return false
  })
}

function opTypesByKernel({ times, nodesOf }: Awaited<ReturnType<typeof attribute>>): Record<string, string[]> {
  return Object.fromEntries(times.map(({ name, opType }) => [opType, (nodesOf.get(name) ?? []).map((node) => node.opType)]))
}

test('a fused kernel is made of all the nodes it replaced, in their order', async () => {
  const model = buildModel({
    inputs: { x: 'float32[1,3]' },
    outputs: { y: 'float32[1,2]' },
    initializers: { w: tensor('float32', [3, 2], [1, 2, 3, 4, 5, 6]), b: tensor('float32', [2], [1, 2]) },
    nodes: ['t = MatMul(x, w)', 'u = Add(t, b)', 'y = Relu(u)'],
  })
  expect(opTypesByKernel(await attribute(model))).toEqual({ FusedGemm: ['MatMul', 'Add', 'Relu'] })
})

test('a residual addition and its activation belong to the convolution that took them over', async () => {
  const file = openModelFile(join(ownModelsFolder, 'digits/resnet.onnx'))
  const { nodesOf } = await attribute(file.model)
  file.close()
  const kernels = [...nodesOf.values()].map((nodes) => nodes.map(({ opType }) => opType).join(' '))
  expect(kernels).toContain('Conv BatchNormalization Add Relu')
})

test('what was folded into a constant belongs to no kernel', async () => {
  const model = buildModel({
    inputs: { x: 'float32[2]' },
    outputs: { y: 'float32[2]' },
    initializers: { a: tensor('float32', [2], [1, 2]), b: tensor('float32', [2], [3, 4]) },
    nodes: ['c = Add(a, b)', 'd = Sqrt(c)', 'y = Mul(x, d)'],
  })
  expect(opTypesByKernel(await attribute(model))).toEqual({ Mul: ['Mul'] })
})

test('nodes without names are told apart', async () => {
  const model = buildModel({ inputs: { x: 'float32[4]' }, outputs: { y: 'float32[4]' }, nodes: ['a = Exp(x)', 'b = Sin(a)', 'y = Exp(b)'] })
  const { times, nodesOf } = await attribute(model)
  expect(times.map(({ name }) => nodesOf.get(name)?.map(({ id }) => id))).toEqual(model.graph.nodes.map(({ id }) => [id]))
})

test('kernels in the branches of If belong to the nodes in the branches', async () => {
  const branch = (op: string) => ({ outputs: { r: 'float32[64]' }, nodes: [`r = ${op}(x)`] })
  const model = buildModel({
    inputs: { x: 'float32[64]', which: 'bool[]' },
    outputs: { y: null },
    nodes: [['y = If(which)', { then_branch: branch('Exp'), else_branch: branch('Sin') }]],
  })
  const { times, nodesOf } = await attribute(model)
  const inner = times.filter(({ opType }) => opType === 'Exp' || opType === 'Sin')
  expect(inner).toHaveLength(1)
  expect(nodesOf.get(inner[0]?.name ?? '')?.[0]?.opType).toBe(inner[0]?.opType)
  expect(nodesOf.get(times.find(({ opType }) => opType === 'If')?.name ?? '')?.[0]?.opType).toBe('If')
})

test('kernels in the body of a loop belong to its nodes and count every round', async () => {
  const model = buildModel({
    inputs: { x: 'float32[4096]' },
    outputs: { y: null },
    initializers: { rounds: tensor('int64', [], [20]), go: tensor('bool', [], [1]) },
    nodes: [
      [
        'y = Loop(rounds, go, x)',
        { body: { inputs: { i: 'int64[]', c: 'bool[]', v: 'float32[4096]' }, outputs: { k: 'bool[]', w: 'float32[4096]' }, nodes: ['k = Identity(c)', 'e = Exp(v)', 'w = Sin(e)'] } },
      ],
    ],
  })
  const { times, nodesOf } = await attribute(model)
  const of = (opType: string) => times.find((kernel) => kernel.opType === opType)
  expect(of('Exp')?.calls).toBe(2 * 20)
  expect(nodesOf.get(of('Exp')?.name ?? '')?.map(({ opType }) => opType)).toEqual(['Exp'])
})

test('all kernels of a function belong to the node that calls it', async () => {
  const model = buildModel({
    inputs: { x: 'float32[4]' },
    outputs: { y: null },
    opsets: { mine: 1 },
    functions: [{ domain: 'mine', name: 'Twice', inputs: ['a'], outputs: ['c'], nodes: ['b = Exp(a)', 'c = Sin(b)'] }],
    nodes: ['y = mine.Twice(x)'],
  })
  expect(opTypesByKernel(await attribute(model))).toEqual({ Exp: ['Twice'], Sin: ['Twice'] })
})

async function expectCovered(path: string): Promise<void> {
  const file = openModelFile(path)
  const { times, nodesOf } = await attribute(file.model)
  file.close()
  // By count, not by time: on a busy machine any kernel may be the slowest.
  expect(times.filter(({ name, opType }) => !MOVING.test(opType) && (nodesOf.get(name)?.length ?? 0) === 0)).toEqual([])
  const claimed = [...nodesOf.values()].flat().map(({ id }) => id)
  expect(new Set(claimed).size, 'each node is in one kernel').toBe(claimed.length)
  const left = computedNodes(file.model.graph).filter(({ id }) => !claimed.includes(id))
  // Shape arithmetic on fixed shapes is folded although it hangs on the inputs.
  expect(left.filter(({ opType }) => /^(Conv|Gemm|MatMul|MaxPool|Relu|BatchNormalization|Softmax|Sigmoid|LSTM|GRU)$/.test(opType))).toEqual([])
}

test.for(['resnet', 'mobilenet', 'resnet-wide'])('every kernel of %s that computes something is attributed', async (name) => {
  await expectCovered(join(ownModelsFolder, 'digits', `${name}.onnx`))
})

describe.skipIf(!existsSync(sharedModelsFolder))('models of other people', () => {
  test.for([
    'detection/yolox_nano.onnx',
    'classification/mobilenet_v2_0.35_128.onnx',
    'detection/blazeface_front_128.onnx',
    'light/light_densenet121.onnx',
    'transformer/bert_dummy_mlm.onnx',
    'quantized/quantized_mlp_pt2e.onnx',
    'quantized/mnist_factorio_dynquant.onnx',
    'audio/gtcrn_simple.onnx',
    'audio/silero_vad.onnx',
    'enhance/xfeat_fp16.onnx',
    'controlflow/If_p3_11.onnx',
    'controlflow/Loop_1_16.onnx',
  ])('every kernel of %s that computes something is attributed', async (file) => {
    await expectCovered(join(sharedModelsFolder, file))
  })
})
