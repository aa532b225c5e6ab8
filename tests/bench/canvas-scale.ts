import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import type { Model } from '#shared/onnx/records'
import { buildModel, type NodeSpec } from '#shared/onnx/testing/build-model'
import { chromiumBinary } from '../e2e/hosts'
import { type Bench, type BenchContext, type Figure, spreadOf } from './bench'
import { dropAndWait, printedUrl, SIZE, WATCH } from './studio-window'
import { startCommandLine } from './command-line'

/** Frames are counted over this long a scripted movement. */
const MOVEMENT_MS = 4000
const FOLDINGS = 8

export const canvasScale: Bench = {
  name: 'canvas-scale',
  title: 'Large graphs in the window, from the built browser host, in headless Chromium without a graphics card',
  async *run(context) {
    const browser = await chromium.launch({ executablePath: chromiumBinary(), args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] })
    try {
      yield* measure(browser, context, { nodes: 10_000, paintedMs: 1500, frames: 18, folding: 40 })
      yield* measure(browser, context, { nodes: 50_000, paintedMs: 5000 })
    } finally {
      await browser.close()
    }
  },
}

interface Bars {
  nodes: number
  paintedMs: number
  frames?: number
  folding?: number
}

async function* measure(browser: Browser, context: BenchContext, bars: Bars): AsyncIterable<Figure> {
  const { nodes } = bars
  const name = `deep-${nodes}`
  const path = join(context.scratch, `${name}.onnx`)
  writeFileSync(path, joinPieces(encodeModel(deepModel(nodes, name))))
  const page = await (await browser.newContext({ viewport: SIZE })).newPage()
  await page.addInitScript({ content: WATCH + MOVE })
  const host = startCommandLine(['serve', '--port', '0', join(context.repository, 'resources/samples/digits/resnet.onnx')], context)
  try {
    await page.goto(await printedUrl(host))
    await page.evaluate('benchWatch.interactive')
    const painted = await dropAndWait(page, { path, name })
    yield { name: `${nodes} nodes, drop to painted, grouped`, unit: 'ms', value: painted, runs: 1, atMost: bars.paintedMs, note: 'four values read all over the graph, layers in name scopes' }
    yield* framesWhileMoving(page, `${nodes} nodes, folded`, bars.frames)
    if (bars.folding !== undefined) yield* foldings(page, nodes, bars.folding)
    await page.locator('[role="application"]').first().focus()
    const started = Date.now()
    await page.keyboard.press('g')
    await page.locator('button[aria-label="Group the graph"][aria-pressed="false"]').waitFor({ timeout: 120_000 })
    yield { name: `${nodes} nodes, all in one picture without groups`, unit: 'ms', value: Date.now() - started, runs: 1, note: 'from the key to the new arrangement, layout included' }
    yield* framesWhileMoving(page, `${nodes} nodes, without groups`, bars.frames)
  } finally {
    await page.context().close()
    const ended = new Promise((resolve) => host.once('exit', resolve))
    if (host.exitCode === null) {
      host.kill('SIGTERM')
      await ended
    }
  }
}

async function* framesWhileMoving(page: Page, name: string, atMost: number | undefined): AsyncIterable<Figure> {
  const times = await page.evaluate<number[]>(`benchMove.frames(${MOVEMENT_MS})`)
  const sorted = times.toSorted((a, b) => a - b)
  const p95 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? 0
  yield { name: `${name}, frame time p95 while panning and zooming`, unit: 'ms', value: p95, runs: times.length, ...(atMost !== undefined && { atMost }), note: `median ${sorted[Math.floor(sorted.length / 2)]?.toFixed(1)} ms over ${MOVEMENT_MS / 1000} s` }
}

async function* foldings(page: Page, nodes: number, atMost: number): AsyncIterable<Figure> {
  await page.getByRole('button', { name: 'Show the whole graph' }).click()
  await page.getByRole('button', { name: 'Zoom to 100 %' }).first().click()
  await page.locator('button[aria-expanded]').first().waitFor({ timeout: 20_000 })
  const times: number[] = []
  for (let at = 0; at < FOLDINGS; at++) {
    times.push(Number(await page.evaluate('benchMove.toggle()')))
    await page.waitForTimeout(400)
  }
  yield { name: `${nodes} nodes, fold or unfold a group`, unit: 'ms', ...spreadOf(times), atMost, note: 'from the click to the end of the work it causes; the 220 ms glide comes after' }
}

/** Wheel events pan and zoom the canvas over its middle, one a frame, as a trackpad does. */
const MOVE = `
globalThis.benchMove = (() => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
  const frames = async (durationMs) => {
    const pane = document.querySelector('.react-flow__pane')
    const { left, top, width, height } = pane.getBoundingClientRect()
    const at = { clientX: left + width / 2, clientY: top + height / 2, bubbles: true, cancelable: true }
    const times = []
    let last = await frame()
    const started = last
    while (last - started < durationMs) {
      const part = (last - started) / durationMs
      const down = Math.sin(part * Math.PI * 4) * 12
      pane.dispatchEvent(new MouseEvent(part === 0 ? 'mousedown' : 'mousemove', { ...at, view: window }))
      // First the wheel pans; then it zooms, with Ctrl, as browsers report a pinch.
      pane.dispatchEvent(new WheelEvent('wheel', { ...at, deltaX: down, deltaY: down, deltaMode: 0, ctrlKey: part > 0.5 }))
      const now = await frame()
      times.push(now - last)
      last = now
    }
    return times
  }
  const toggle = async () => {
    const button = document.querySelector('button[aria-expanded]')
    await frame()
    const started = performance.now()
    button.click()
    // The click's own work is done when it returns; what it asked for comes with the next task.
    await new Promise((resolve) => { const { port1, port2 } = new MessageChannel(); port1.onmessage = resolve; port2.postMessage(0) })
    return performance.now() - started
  }
  return { frames, toggle }
})()
`

/** Layers of seven nodes in name scopes, and four values that every fifth node reads. */
function deepModel(nodes: number, name: string): Model {
  const made: NodeSpec[] = [0, 1, 2, 3].map((shared): NodeSpec => [`shared${shared} = Sigmoid(x)`, {}, `/shared/Sigmoid_${shared}`])
  for (let at = made.length; at < nodes; at++) {
    const layer = Math.floor(at / 7)
    const from = at === 4 ? 'x' : `v${at - 1}`
    const to = at === nodes - 1 ? 'y' : `v${at}`
    const scope = `/stage.${Math.floor(layer / 40)}/layer.${layer}`
    if (at % 5 === 0) made.push([`${to} = Mul(${from}, shared${(at / 5) % 4})`, {}, `${scope}/Mul_${at}`])
    else if (at % 7 === 0 && at > 12) made.push([`${to} = Add(${from}, v${at - 6})`, {}, `${scope}/Add_${at}`])
    else made.push([`${to} = Relu(${from})`, {}, `${scope}/Relu_${at}`])
  }
  return buildModel({ name, inputs: { x: 'float32[1,64]' }, outputs: { y: 'float32[1,64]' }, nodes: made })
}
