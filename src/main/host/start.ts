/** `npm start`: a real window where Electron's binary is installed and there is a screen, the browser host otherwise. */
import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { toErrorData } from '#shared/errors'
import { findAppRoot } from './app-root'
import { hasDisplay } from './browser/open-window'
import { serve } from './browser/serve'
import { findElectron } from './find-electron'

async function start(paths: readonly string[]): Promise<number> {
  const appRoot = findAppRoot(import.meta.dirname)
  const openAtStart = paths.map((path) => resolve(path))
  const electron = findElectron(appRoot)
  if (electron && hasDisplay()) {
    console.log('Edgefit opens in its own window.')
    return runElectron(electron, [join(appRoot, 'out', 'main', 'electron.js'), ...openAtStart])
  }
  const why = electron ? 'there is no display' : "Electron's binary is not installed (README: how to get it)"
  console.log(`Edgefit runs in the browser, because ${why}.`)
  await serve({ appRoot, port: 0, openAtStart, window: 'open', say: (line) => console.log(line) })
  return 0
}

function runElectron(binary: string, args: readonly string[]): Promise<number> {
  // Chromium's sandbox refuses to start for root.
  const flags = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const child = spawn(binary, [...flags, ...args], { stdio: 'inherit', env: { ...process.env, EDGEFIT_NODE: process.env['EDGEFIT_NODE'] ?? process.execPath } })
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('exit', (code) => done(code ?? 1))
  })
}

start(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const { message, hint } = toErrorData(error)
    console.error(hint === undefined ? message : `${message}\n${hint}`)
    process.exit(1)
  },
)
