import { describe, expect, it } from 'vitest'
import type { Diagnostic } from '#shared/diagnostic'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { Recipe } from '#shared/recipe'
import { largestDrift } from './output-drift'
import type { PassContext } from './pass'
import { runRecipe } from './run-recipe'
import { opCounts, runner, snapshot, testData } from './testing/run-pass'

const spec: ModelSpec = {
  inputs: { x: 'float32[4,32]' },
  outputs: { y: 'float32[4,32]' },
  initializers: { w: filledTensor('float32', [32, 32], 0.5, -0.25, 0.125) },
  nodes: [['t = Transpose(w)', { perm: [1, 0] }], 'dead = Neg(x)', 'y = MatMul(x, t)'],
}

function contextFor(changed: Partial<PassContext> = {}): PassContext & { readonly found: Diagnostic[]; readonly phases: string[] } {
  const found: Diagnostic[] = []
  const phases: string[] = []
  return {
    calibration: testData({ x: [4, 32] }),
    runner,
    float: null,
    signal: new AbortController().signal,
    progress: (phase, fraction) => void phases.push(`${phase} ${fraction}`),
    report: (diagnostic) => void found.push(diagnostic),
    found,
    phases,
    ...changed,
  }
}

const steps = (...passes: string[]) => Recipe.parse(passes.map((pass) => ({ pass })))

describe('a recipe', () => {
  it('runs its passes in order and reports each with its changes, nodes and options', async () => {
    const document = new ModelDocument(buildModel(spec))
    const context = contextFor()
    const reports = await runRecipe(document, steps('fold-constants', 'eliminate-dead-nodes', 'quantize-dynamic'), context)
    expect(reports.map(({ pass, nodesBefore, nodesAfter }) => [pass, nodesBefore, nodesAfter])).toEqual([
      ['fold-constants', 3, 2],
      ['eliminate-dead-nodes', 2, 1],
      ['quantize-dynamic', 1, 5],
    ])
    expect(reports.every(({ changes, durationMs }) => changes > 0 && durationMs >= 0)).toBe(true)
    expect(reports[2]?.options).toMatchObject({ perChannel: true })
    expect(opCounts(document)).toHaveProperty('MatMulInteger')
    expect(context.phases.at(-1)).toBe('quantize-dynamic 1')
    expect(context.found).toEqual([])
  })

  it('gives the same model for the same inputs', async () => {
    const results = await Promise.all(
      [0, 1].map(async () => {
        const document = new ModelDocument(buildModel(spec))
        await runRecipe(document, steps('fold-constants', 'quantize-static', 'eliminate-dead-nodes'), contextFor())
        return snapshot(document)
      }),
    )
    expect(results[0]).toEqual(results[1])
  })

  it('that is wrong is refused before anything runs', async () => {
    const document = new ModelDocument(buildModel(spec))
    await expect(runRecipe(document, steps('fold-constants', 'fold-constnats'), contextFor())).rejects.toMatchObject({ code: 'invalid-recipe' })
    expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
  })

  it('that is cancelled stops', async () => {
    await expect(runRecipe(new ModelDocument(buildModel(spec)), steps('fold-constants'), contextFor({ signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('on a model that onnxruntime does not know says so and goes on', async () => {
    const document = new ModelDocument(buildModel({ ...spec, opsets: { custom: 1 }, nodes: [...spec.nodes.slice(0, 2), 'm = MatMul(x, t)', 'y = custom.Mystery(m)'] }))
    const context = contextFor()
    await runRecipe(document, steps('fold-constants', 'quantize-dynamic'), context)
    expect(opCounts(document)).toHaveProperty('MatMulInteger')
    expect(context.found).toMatchObject([{ code: 'cannot-run', message: expect.stringContaining('Mystery') as string }])
  })
})

describe('drift between two models', () => {
  const scaled = (factor: number, extra: ModelSpec['nodes'] = ['y = Mul(x, w)']): ModelSpec => ({ ...spec, initializers: { w: filledTensor('float32', [1], factor) }, nodes: extra })
  const drift = async (a: ModelSpec, b: ModelSpec) => {
    const [left, right] = [await runner.load(buildModel(a)), await runner.load(buildModel(b))]
    try {
      return await largestDrift(left, right, testData({ x: [4, 32] }))
    } finally {
      await left.close()
      await right.close()
    }
  }

  it('is the size of the difference beside the size of the outputs', async () => {
    expect((await drift(scaled(1), scaled(1)))?.relative).toBe(0)
    expect((await drift(scaled(1), scaled(1.5)))?.relative).toBeCloseTo(0.5, 5)
  })

  it('is infinite where one is finite and the other is not, or shapes differ', async () => {
    expect((await drift(scaled(1), scaled(Infinity)))?.relative).toBe(Infinity)
    expect((await drift(scaled(1), { ...scaled(1, [['m = Mul(x, w)'], ['y = Concat(m, m)', { axis: 0 }]] as ModelSpec['nodes']), outputs: { y: null } }))?.relative).toBe(Infinity)
  })
})
