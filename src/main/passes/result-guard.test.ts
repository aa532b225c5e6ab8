import { expect, it } from 'vitest'
import type { Diagnostic } from '#shared/diagnostic'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, tensorRecord } from '#shared/onnx/testing/build-model'
import { ResultGuard } from './result-guard'
import { runner, testData } from './testing/run-pass'

const context = { calibration: testData({ x: [2, 8] }), runner, float: null, signal: new AbortController().signal, progress: () => undefined, report: () => undefined }

/** The verdict on a change of the weight from 1 to `factor`. */
async function verdict(factor: number): Promise<{ accepted: boolean; diagnostics: Diagnostic[] }> {
  const document = new ModelDocument(
    buildModel({ inputs: { x: 'float32[2,8]' }, outputs: { y: 'float32[2,8]' }, initializers: { w: filledTensor('float32', [1], 1) }, nodes: ['y = Mul(x, w)'] }),
  )
  const guard = new ResultGuard(document, context)
  const diagnostics: Diagnostic[] = []
  try {
    await guard.prepare()
    const transaction = await document.transact('change', (edit) => edit.setInitializer(edit.main, tensorRecord('w', filledTensor('float32', [1], factor))))
    return { accepted: await guard.accepts(transaction, (found) => void diagnostics.push(found)), diagnostics }
  } finally {
    await guard.close()
  }
}

it('lets a change pass that moves outputs by rounding only', async () => {
  expect(await verdict(1 + 1e-6)).toEqual({ accepted: true, diagnostics: [] })
})

it('turns one down that moves them by more, and says which output and how far', async () => {
  const { accepted, diagnostics } = await verdict(1 + 1e-4)
  expect(accepted).toBe(false)
  expect(diagnostics).toMatchObject([{ code: 'pass-undone', valueName: 'y', message: expect.stringContaining('1.0e-4') as string }])
})

it('turns one down that makes them infinite', async () => {
  expect((await verdict(Infinity)).accepted).toBe(false)
})
