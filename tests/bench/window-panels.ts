import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CDPSession, chromium, type Page } from 'playwright'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import type { Model } from '#shared/onnx/records'
import { buildModel, type NodeSpec } from '#shared/onnx/testing/build-model'
import { chromiumBinary } from '../e2e/hosts'
import { type Bench, spreadOf } from './bench'
import { startCommandLine } from './command-line'
import { dropFile, printedUrl, SIZE } from './studio-window'

const NODES = 2000
const BELOW = ['Jobs', 'Profile', 'Operators', 'Compare', 'Variants', 'Phones', 'Evaluation', 'Diagnostics', 'History', 'Log']
const BESIDE = ['Quantize', 'Prune', 'Simplify', 'Try', 'Inspector']
const MODELS = 20
/** By then each part of the window has been loaded and used. */
const SETTLED = 5

export const windowPanels: Bench = {
  name: 'window-panels',
  title: `Panels over a model of ${NODES} nodes, and the window's memory over ${MODELS} models, in headless Chromium`,
  async *run(context) {
    const path = join(context.scratch, 'panels.onnx')
    writeFileSync(path, joinPieces(encodeModel(chain(NODES))))
    const browser = await chromium.launch({ executablePath: chromiumBinary(), args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] })
    const host = startCommandLine(['serve', '--port', '0', path], context)
    try {
      const page = await (await browser.newContext({ viewport: SIZE, locale: 'en-US' })).newPage()
      await page.goto(await printedUrl(host))
      await page.getByRole('application', { name: /^Graph/ }).waitFor()
      await page.evaluate(WATCH)
      const longest: number[] = []
      for (const [names, which] of [[BELOW, 'last'], [BESIDE, 'first']] as const) {
        for (const name of names) longest.push(await longestTask(page, () => page.getByRole('tab', { name })[which]().click()))
      }
      yield { name: 'opening a panel the first time, longest task', unit: 'ms', ...spreadOf(longest), note: `worst ${Math.max(...longest)} ms; tasks under 50 ms count as 0` }
      const session = await page.context().newCDPSession(page)
      const sample = join(context.repository, 'resources/samples/digits/mobilenet.onnx')
      const heaps: number[] = []
      for (let model = 0; model < MODELS; model++) heaps.push(await heapAfterClosing(page, session, sample))
      yield { name: `heap after ${MODELS} models opened and closed, beside that after ${SETTLED}`, unit: '×', value: (heaps.at(-1) ?? 0) / (heaps[SETTLED - 1] ?? 1), runs: 1, atMost: 1.05, note: 'garbage collected before' }
    } finally {
      await browser.close()
      host.kill('SIGTERM')
    }
  },
}

/** Milliseconds of the longest task over 50 ms while something is done and drawn; 0 where there is none. */
async function longestTask(page: Page, work: () => Promise<void>): Promise<number> {
  await page.evaluate('benchTasks.take()')
  await work()
  await page.waitForLoadState('networkidle')
  await page.evaluate('benchTasks.idle()')
  return Math.max(0, ...(await page.evaluate<number[]>('benchTasks.take()')))
}

async function heapAfterClosing(page: Page, session: CDPSession, path: string): Promise<number> {
  await dropFile(page, path)
  const close = page.getByRole('navigation', { name: 'Models' }).getByRole('button', { name: /^Close / })
  await close.nth(1).waitFor({ state: 'attached' })
  await page.evaluate('benchTasks.idle()')
  await close.nth(1).focus()
  await page.keyboard.press('Enter')
  await close.nth(1).waitFor({ state: 'detached' })
  await page.evaluate('benchTasks.idle()')
  await session.send('HeapProfiler.collectGarbage')
  return (await session.send('Runtime.getHeapUsage')).usedSize
}

/** Keeps the durations of long tasks, and tells when the main thread has nothing to do. */
const WATCH = `
globalThis.benchTasks = (() => {
  let durations = []
  new PerformanceObserver((list) => durations.push(...list.getEntries().map(({ duration }) => Math.round(duration)))).observe({ type: 'longtask' })
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
  const idle = async () => {
    for (let frames = 0; frames < 5; frames++) await frame()
    await new Promise((resolve) => requestIdleCallback(resolve))
  }
  const take = () => durations.splice(0)
  return { idle, take }
})()
`

function chain(nodes: number): Model {
  const made = Array.from({ length: nodes }, (_, at): NodeSpec => [`${at === nodes - 1 ? 'y' : `v${at}`} = Relu(${at === 0 ? 'x' : `v${at - 1}`})`, {}, `/stage.${Math.floor(at / 200)}/layer.${Math.floor(at / 10)}/Relu_${at}`])
  return buildModel({ name: 'panels', inputs: { x: 'float32[1,64]' }, outputs: { y: 'float32[1,64]' }, nodes: made })
}
