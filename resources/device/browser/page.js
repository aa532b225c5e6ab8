/**
 * Shows what the worker is at, keeps the screen on, and tells the desktop each second that the page is there. The model runs
 * in a worker, so that this thread stays free whatever it does.
 */
const texts = {
  en: { loading: 'Loading the model', running: 'Running', done: 'Done. This page can be closed.', failed: 'It did not work. The computer says why.', stay: 'Keep this page in front until it is done.' },
  zh: { loading: '正在加载模型', running: '正在运行', done: '完成，可以关闭此页面。', failed: '未能运行，原因见电脑。', stay: '完成之前请保持此页面在前台。' },
}
const text = navigator.language.startsWith('zh') ? texts.zh : texts.en
const [progress, state, advice] = ['progress', 'state', 'advice'].map((id) => document.getElementById(id))

function post(event) {
  return fetch('event', { method: 'POST', body: JSON.stringify(event) })
}

function show(words, done) {
  state.textContent = words
  if (done === null) progress.removeAttribute('value')
  else progress.value = done
}

async function keepAwake() {
  // Only where the page counts as secure: not over plain HTTP on a network. It may be refused when the battery is low.
  await navigator.wakeLock?.request('screen').catch(() => undefined)
}

/** Each word of the worker starts the time anew that the next may take: while the model runs there is one between any two inferences, or two within 0.1 s. */
let heard = performance.now()
let patienceMs = Infinity

const alive = setInterval(() => {
  const ms = performance.now() - heard
  if (ms > patienceMs) {
    worker.terminate()
    return void end({ event: 'endless', ms })
  }
  void post({ event: 'alive' }).catch(() => undefined)
}, 1000)

async function end(event) {
  clearInterval(alive)
  await post(event)
  show(event.event === 'done' ? text.done : text.failed, 1)
  advice.textContent = ''
}

show(text.loading, null)
advice.textContent = text.stay
document.documentElement.lang = navigator.language
void keepAwake()
const worker = new Worker('worker.js', { type: 'module' })
worker.onerror = (event) => void end({ event: 'error', message: event.message || 'The worker could not be started.' })
worker.onmessage = ({ data }) => {
  heard = performance.now()
  if (data.patienceMs !== undefined) patienceMs = data.patienceMs
  if (data.event === 'inferred') return
  if (data.event === 'done' || data.event === 'error') {
    worker.terminate()
    return void end(data)
  }
  if (data.event === 'run') show(`${text.running}: ${data.done} / ${data.runs}`, data.done / data.runs)
  if (data.event === 'window') show(`${text.running}: ${Math.round(data.atMs / 1000)} s`, null)
  void post(data).catch(() => undefined)
}
