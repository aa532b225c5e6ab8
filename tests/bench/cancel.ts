import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import type { JobEvent } from '#shared/ipc/jobs'
import { answerError } from '../../src/main/engine/protocol'
import { builtEngineCommand } from '../../src/main/host/engine-command'
import { createShell, type Shell } from '../../src/main/host/shell'
import { isAlive } from '../../src/main/runtime/is-alive'
import { openHome } from '../../src/main/workspace/home'
import { mobileNetV2 } from '../fixtures/mobilenet-v2'
import { type Bench, spreadOf } from './bench'

const RUNS = 5
/** Some seconds of work. */
const SAMPLES = 1000
/** Of them, so many are seen before the job is cancelled. */
const SEEN = 20

/** The job runs in a process of its own, started and ended as the studio does it. */
export const cancel: Bench = {
  name: 'cancel',
  title: "A static int8 job on a model of MobileNetV2's shape, cancelled in mid-calibration",
  async *run({ repository, scratch }) {
    const engine = builtEngineCommand(repository)
    if (!engine.args.every((file) => existsSync(file))) throw new Error('The engine is not built: run npm run build first.')
    const model = join(scratch, 'mobilenet-v2.onnx')
    writeFileSync(model, joinPieces(encodeModel(mobileNetV2())))
    const home = join(scratch, 'cancel-home')
    const shell = createShell({ host: 'browser', home: openHome(home), appRoot: repository, engine })
    try {
      const before = filesUnder(home)
      const times: number[] = []
      for (let run = 0; run < RUNS; run++) {
        times.push(await cancelOnce(shell, model))
        const left = filesUnder(home).filter((path) => !before.includes(path))
        if (left.length > 0) throw new Error(`Files were left behind: ${left.join(', ')}`)
      }
      yield { name: 'until the process is gone and its files with it', unit: 'ms', ...spreadOf(times), atMost: 1000, note: 'no file was left in any run' }
    } finally {
      await shell.dispose()
    }
  },
}

async function cancelOnce(shell: Shell, modelPath: string): Promise<number> {
  const events: JobEvent[] = []
  const calibrating = new Promise<void>((resolve, reject) => {
    shell.subscribe('bench', (event) => {
      if (event.name !== 'job') return
      events.push(event.payload)
      if (event.payload.type === 'failed') reject(new Error(event.payload.error.message))
      if (event.payload.type === 'progress' && event.payload.progress.phase === 'calibrating' && Number.parseInt(event.payload.progress.detail ?? '', 10) >= SEEN) resolve()
    })
  })
  const recipe = { name: 'int8', passes: [{ pass: 'quantize-static', options: { calibrationSamples: SAMPLES } }] }
  const { jobId } = (await ask(shell, 'job.start', { kind: 'optimize', params: { modelPath, recipe, data: { kind: 'synthetic', samples: SAMPLES } } })) as { jobId: string }
  await calibrating
  const pid = shell.pids().job
  if (pid === null) throw new Error('No job was running.')
  const started = performance.now()
  await ask(shell, 'job.cancel', { jobId })
  const elapsed = performance.now() - started
  if (isAlive(pid) || events.at(-1)?.type !== 'cancelled') throw new Error('The job was not cancelled.')
  return elapsed
}

/** But for the log. */
function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() && !entry.name.endsWith('.log') ? [join(entry.parentPath, entry.name)] : []))
}

async function ask(shell: Shell, name: string, params: unknown): Promise<unknown> {
  const answer = await shell.request('bench', name, params)
  if (!answer.ok) throw answerError(answer.error)
  return answer.value
}
