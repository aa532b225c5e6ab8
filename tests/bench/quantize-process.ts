/** Quantizes one model statically in a process of its own, for `quantize.ts`: `quantize-process.ts MODEL DATA OUT SAMPLES [exact]`. Prints JSON. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ModelDocument } from '#shared/onnx/document'
import { quantizeStatic } from '../../src/main/passes/quantize-static'
import { openCalibrationData } from '../../src/main/runtime/calibration-data'
import { openModelFile, saveModelFile } from '../../src/main/runtime/model-file'
import { loadOnnxruntime } from '../../src/main/runtime/onnxruntime'
import { createOrtRunner } from '../../src/main/runtime/ort-runner'
import { peakMemoryBytes } from '../../src/main/runtime/process-memory'

const [modelPath, dataPath, outputPath, samples, exact] = process.argv.slice(2)
if (modelPath === undefined || dataPath === undefined || outputPath === undefined) throw new Error('MODEL DATA OUT SAMPLES')
// The peer's imports are not timed either.
await loadOnnxruntime()
const scratchFolder = mkdtempSync(join(tmpdir(), 'edgefit-quantize-'))
try {
  const started = performance.now()
  const runner = createOrtRunner({ scratchFolder })
  const file = openModelFile(modelPath)
  const calibration = await openCalibrationData({ kind: 'path', path: dataPath }, file.model, { runner })
  const document = new ModelDocument(file.model)
  const options = quantizeStatic.options.parse({ calibrationSamples: Number(samples), exactRanges: exact === 'exact' })
  const context = { calibration, runner, float: null, signal: new AbortController().signal, progress: () => undefined, report: () => undefined }
  await document.transact('quantize-static', (edit) => quantizeStatic.run(edit, options, context))
  await saveModelFile(document.model, outputPath)
  file.close()
  console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000, peakBytes: peakMemoryBytes() }))
} finally {
  rmSync(scratchFolder, { recursive: true, force: true })
}
