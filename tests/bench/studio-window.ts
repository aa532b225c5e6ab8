import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import type { Model } from '#shared/onnx/records'
import { buildModel, filledTensor, type NodeSpec } from '#shared/onnx/testing/build-model'
import { chromiumBinary } from '../e2e/hosts'
import { type Bench, type BenchContext, spreadOf } from './bench'
import { startCommandLine } from './command-line'

const RUNS = 5
export const SIZE = { width: 1440, height: 900 }
const DROPPED = 'two-hundred-nodes'

export const studioWindow: Bench = {
  name: 'studio-window',
  title: 'The window, from the built browser host, in headless Chromium that is already running',
  async *run(context) {
    const dropped = join(context.scratch, `${DROPPED}.onnx`)
    writeFileSync(dropped, joinPieces(encodeModel(deepModel(200))))
    const browser = await chromium.launch({ executablePath: chromiumBinary(), args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] })
    const starts: Start[] = []
    try {
      for (let run = 0; run < RUNS; run++) starts.push(await startAndDrop(browser, dropped, context))
    } finally {
      await browser.close()
    }
    const seconds = (pick: (start: Start) => number) => spreadOf(starts.map((start) => pick(start) / 1000))
    yield { name: 'process start to address printed', unit: 's', ...seconds(({ listeningMs }) => listeningMs) }
    yield { name: 'process start to window interactive', unit: 's', ...seconds(({ interactiveMs }) => interactiveMs), atMost: 2, note: 'sample painted and the main thread idle; empty browser cache' }
    yield { name: 'drop to 200-node model painted', unit: 'ms', ...spreadOf(starts.map(({ paintedMs }) => paintedMs)), atMost: 500, note: 'from the drop event to the frame after the graph is on screen' }
  },
}

interface Start {
  readonly listeningMs: number
  readonly interactiveMs: number
  readonly paintedMs: number
}

/** Starts the host, loads its page, and drops a model on it. Everything is new each time: process, home, browser context. */
async function startAndDrop(browser: Browser, path: string, context: BenchContext): Promise<Start> {
  const page = await (await browser.newContext({ viewport: SIZE })).newPage()
  await page.addInitScript({ content: WATCH })
  const started = Date.now()
  const host = startCommandLine(['serve', '--port', '0', join(context.repository, 'resources/samples/digits/resnet.onnx')], context)
  try {
    const url = await printedUrl(host)
    const listeningMs = Date.now() - started
    await page.goto(url)
    const interactiveAt = Number(await page.evaluate('benchWatch.interactive'))
    const paintedMs = await dropAndWait(page, { path, name: DROPPED })
    return { listeningMs, interactiveMs: interactiveAt - started, paintedMs }
  } finally {
    await page.context().close()
    const ended = new Promise((resolve) => host.once('exit', resolve))
    if (host.exitCode === null) {
      host.kill('SIGTERM')
      await ended
    }
  }
}

export function printedUrl(host: ReturnType<typeof startCommandLine>): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const read = (chunk: Buffer) => {
      printed += chunk.toString()
      const url = /http:\/\/127\.0\.0\.1:\d+\/\S*/.exec(printed)?.[0]
      if (url) resolve(url)
    }
    host.stdout?.on('data', read)
    host.stderr?.on('data', read)
    host.once('exit', (code) => reject(new Error(`edgefit serve ended with code ${code}: ${printed.trim()}`)))
  })
}

/** Drops a file the way the system does; answers how long it took from the page's own drop event. */
export async function dropAndWait(page: Page, { path, name }: { path: string; name: string }): Promise<number> {
  const painted = page.evaluate(`benchWatch.paintedAfterDrop(${JSON.stringify(name)})`)
  await dropFile(page, path)
  return Number(await painted)
}

export async function dropFile(page: Page, path: string): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [path], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: SIZE.width / 2, y: SIZE.height / 2, data })
  }
  await session.detach()
}

/**
 * Runs in the page before its own scripts. A graph is painted when its boxes are in the DOM or its overview picture is drawn, and
 * a frame has passed; the window is interactive when the sample is painted and the main thread has nothing to do.
 */
export const WATCH = `
globalThis.benchWatch = (() => {
  const isPainted = (name) => {
    const graph = document.querySelector('[role="application"]')
    if (!graph || !(graph.getAttribute('aria-label') ?? '').includes(name)) return false
    const overview = graph.querySelector('canvas[aria-hidden]')
    const overviewDrawn = overview !== null && overview.style.visibility === 'visible' && overview.style.width !== ''
    return overviewDrawn || graph.querySelector('.react-flow__node') !== null
  }
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
  const untilPainted = async (name) => {
    while (!isPainted(name)) await frame()
    await frame()
    return performance.timeOrigin + performance.now()
  }
  const interactive = untilPainted('').then(() => new Promise((resolve) => requestIdleCallback(() => resolve(performance.timeOrigin + performance.now()))))
  const paintedAfterDrop = async (name) => {
    const dropped = new Promise((resolve) => addEventListener('drop', () => resolve(performance.timeOrigin + performance.now()), { capture: true, once: true }))
    const at = await dropped
    return (await untilPainted(name)) - at
  }
  return { interactive, paintedAfterDrop }
})()
`

/** A residual network of convolutions: every fifth node adds a skip link. */
function deepModel(nodes: number): Model {
  const made: NodeSpec[] = []
  for (let at = 0; at < nodes; at++) {
    const [from, to] = [at === 0 ? 'x' : `v${at - 1}`, at === nodes - 1 ? 'y' : `v${at}`]
    if (at % 5 === 4) made.push(`${to} = Add(${from}, ${at < 5 ? 'x' : `v${at - 5}`})`)
    else if (at % 2 === 0) made.push([`${to} = Conv(${from}, w)`, { pads: [1, 1, 1, 1] }])
    else made.push(`${to} = Relu(${from})`)
  }
  return buildModel({
    name: DROPPED,
    inputs: { x: 'float32[1,8,32,32]' },
    outputs: { y: 'float32[1,8,32,32]' },
    initializers: { w: filledTensor('float32', [8, 8, 3, 3], 0.01) },
    nodes: made,
  })
}
