/** Starting the built studio in one of its hosts, as a person would, and giving the tests its window. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { _electron, chromium, expect, type Page } from '@playwright/test'

export const repository = join(dirname(fileURLToPath(import.meta.url)), '../..')

export type StudioHost = 'browser' | 'electron'

export interface Studio {
  readonly page: Page
  /** The shell's process, from which engine and jobs descend. */
  readonly pid: number
  /** Does what makes the studio ask where to save, answers, and returns where the file then is. */
  saveAs(action: () => Promise<void>, folder: string): Promise<string>
  close(): Promise<void>
}

export interface StudioOptions {
  /** Settings, recent files and variants live here. */
  readonly home: string
  readonly colorScheme: 'light' | 'dark'
  readonly locale: string
  readonly viewport: { readonly width: number; readonly height: number }
}

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Electron's executable, or null where it was not downloaded. Asking the package itself would start the download. */
export function electronBinary(): string | null {
  const pathFile = join(repository, 'node_modules/electron/path.txt')
  if (!existsSync(pathFile)) return null
  const binary = join(repository, 'node_modules/electron/dist', readFileSync(pathFile, 'utf8').trim())
  return existsSync(binary) ? binary : null
}

export function chromiumBinary(): string {
  const candidates = [process.env['EDGEFIT_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  const found = candidates.find((path) => path !== undefined && existsSync(path))
  if (!found) throw new Error('Chromium is needed for the journeys: apt-get install chromium, or set EDGEFIT_CHROMIUM.')
  return found
}

export async function launchStudio(host: StudioHost, options: StudioOptions): Promise<Studio> {
  return host === 'electron' ? launchElectron(options) : launchBrowserHost(options)
}

async function launchElectron({ home, colorScheme, locale, viewport }: StudioOptions): Promise<Studio> {
  const app = await _electron.launch({
    args: [join(repository, 'out/main/electron.js'), ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    cwd: repository,
    env: { ...process.env, EDGEFIT_HOME: home, LANG: `${locale.replace('-', '_')}.UTF-8` },
    colorScheme,
  })
  const page = await app.firstWindow()
  await page.setViewportSize(viewport)
  return {
    page,
    pid: app.process().pid ?? 0,
    saveAs: async (action, folder) => {
      const path = join(folder, 'saved.onnx')
      await app.evaluate(({ dialog }, filePath) => {
        dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath })
      }, path)
      await action()
      await expect.poll(() => existsSync(path)).toBe(true)
      return path
    },
    close: () => app.close(),
  }
}

async function launchBrowserHost({ home, colorScheme, locale, viewport }: StudioOptions): Promise<Studio> {
  const server = spawn(process.execPath, [join(repository, 'out/main/cli.js'), 'serve', '--port', '0'], {
    cwd: repository,
    env: { ...process.env, EDGEFIT_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const url = await printedUrl(server)
  const browser = await chromium.launch({ executablePath: chromiumBinary(), headless: true, args: CHROMIUM_FLAGS })
  const context = await browser.newContext({ colorScheme, locale, viewport, acceptDownloads: true })
  const page = await context.newPage()
  await page.goto(url)
  return {
    page,
    pid: server.pid ?? 0,
    saveAs: async (action, folder) => {
      const downloading = page.waitForEvent('download')
      await action()
      const download = await downloading
      const path = join(folder, download.suggestedFilename())
      await download.saveAs(path)
      return path
    },
    close: async () => {
      await browser.close()
      if (server.exitCode !== null || server.signalCode !== null) return
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGTERM')
      await ended
    },
  }
}

function printedUrl(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const read = (chunk: Buffer) => {
      printed += chunk.toString()
      // The line may come in pieces.
      const url = /(http:\/\/127\.0\.0\.1:\d+\/\S*)\s/.exec(printed)?.[1]
      if (url) resolve(url)
    }
    server.stdout?.on('data', read)
    server.stderr?.on('data', read)
    server.once('exit', (code) => reject(new Error(`The browser host ended with code ${code}:\n${printed}`)))
  })
}
