import { existsSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { TryDescription, type TryInput, TryResult, type TryTask } from '#shared/samples/try'
import { answerError } from '../../src/main/engine/protocol'
import { builtEngineCommand } from '../../src/main/host/engine-command'
import { readSampleManifest } from '../../src/main/host/samples'
import { createShell, type Shell } from '../../src/main/host/shell'
import { openHome } from '../../src/main/workspace/home'
import { type Bench, spreadOf } from './bench'

const ROUNDS = 3
/** A picture as a phone's screen has it, far larger than what models take. */
const PICTURE = { width: 1440, height: 900 }

export const tryModels: Bench = {
  name: 'try',
  title: "Try: from an input given to its answer, asked of the studio's shell as the panel does; without the window's own upload and painting",
  async *run({ repository, scratch }) {
    const engine = builtEngineCommand(repository)
    if (!engine.args.every((file) => existsSync(file))) throw new Error('The engine is not built: run npm run build first.')
    const picture = join(scratch, 'dropped.jpg')
    const noise = { ...PICTURE, channels: 3 as const, background: '#406080', noise: { type: 'gaussian' as const, mean: 128, sigma: 40 } }
    await sharp({ create: noise }).jpeg().toFile(picture)
    const shell = createShell({ host: 'browser', home: openHome(join(scratch, 'try-home')), appRoot: repository, engine })
    try {
      const { folder, entries } = readSampleManifest(repository)
      for (const { id, model } of entries) {
        const times: { readonly firstMs: number; readonly nextMs: number; readonly kind: TryTask['kind'] }[] = []
        for (let round = 0; round < ROUNDS; round++) times.push(await tryOnce(shell, join(folder, model), picture))
        const next = spreadOf(times.map(({ nextMs }) => nextMs)).value
        yield { name: `${id}, first answer after the panel is shown`, unit: 'ms', ...spreadOf(times.map(({ firstMs }) => firstMs)), atMost: 1000, note: `${times[0]?.kind ?? ''}; the next one ${next.toFixed(0)} ms` }
      }
    } finally {
      await shell.dispose()
    }
  },
}

/** The panel shown in a process of its own, an input at once, and another like it. */
async function tryOnce(shell: Shell, modelPath: string, picture: string): Promise<{ firstMs: number; nextMs: number; kind: TryTask['kind'] }> {
  const { task } = TryDescription.parse(await ask(shell, 'try.describe', { modelPath }))
  const given = inputFor(task, picture)
  const answer = async () => {
    const started = performance.now()
    const { answers } = TryResult.parse(await ask(shell, 'try.run', { modelPath, paths: [modelPath], input: given }))
    if (!answers[0]?.output) throw new Error(answers[0]?.error?.message ?? 'There was no answer.')
    return performance.now() - started
  }
  const times = { firstMs: await answer(), nextMs: await answer(), kind: task.kind }
  await ask(shell, 'try.close', {})
  return times
}

async function ask(shell: Shell, name: string, params: unknown): Promise<unknown> {
  const answer = await shell.request('bench', name, params)
  if (!answer.ok) throw answerError(answer.error)
  return answer.value
}

function inputFor(task: TryTask, picture: string): TryInput {
  switch (task.kind) {
    case 'classify-picture':
    case 'edit-picture':
    case 'read-picture':
      return { kind: 'file', path: picture }
    case 'classify-sound':
      return { kind: 'recording', samples: Array.from({ length: task.sampleRate }, (_, at) => 0.5 * Math.sin((2 * Math.PI * 440 * at) / task.sampleRate)) }
    case 'understand-text':
    case 'translate-text':
      return { kind: 'text', text: task.suggestions[0] ?? 'hello' }
    case 'classify-gesture':
      return { kind: 'strokes', strokes: [[[0, 0], [80, 0], [80, 80], [0, 80], [0, 0]]] }
    case 'score-features':
      return { kind: 'rows', rows: [task.features.map(({ initial, divisor }) => initial / divisor)] }
    case 'tensors':
      return { kind: 'synthetic' }
  }
}
