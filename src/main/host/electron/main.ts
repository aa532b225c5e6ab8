/** Entry of the desktop application. */
import { join, resolve } from 'node:path'
import { app, BrowserWindow, ipcMain, Menu, session } from 'electron'
import { openHome } from '../../workspace/home'
import { findAppRoot } from '../app-root'
import { builtEngineCommand } from '../engine-command'
import { createShell, type Shell } from '../shell'
import { APP_ORIGIN, registerAppScheme, serveAppScheme } from './app-scheme'
import { menuTemplate } from './menu-template'
import { nativeDialogs } from './native-dialogs'
import { pathArguments } from './path-arguments'
import { serveEvents, serveRequests } from './serve-window'
import { lockDown, refusePermissions, webPreferences } from './window-security'

const appRoot = findAppRoot(import.meta.dirname)

function openWindow(shell: Shell): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 900,
    minHeight: 600,
    show: false,
    title: 'Edgefit',
    webPreferences: webPreferences(join(appRoot, 'out', 'preload', 'preload.cjs')),
  })
  lockDown(window.webContents)
  serveEvents(window.webContents, shell)
  window.once('ready-to-show', () => window.show())
  window.loadURL(`${APP_ORIGIN}/`).catch((error: unknown) => shell.log(`the window could not be loaded: ${String(error)}`))
  return window
}

async function run(): Promise<void> {
  // macOS hands files over by this event, some before the application is ready.
  const early: string[] = []
  let openFiles = (paths: readonly string[]): void => {
    early.push(...paths)
  }
  app.on('open-file', (event, path) => {
    event.preventDefault()
    openFiles([path])
  })
  await app.whenReady()
  const openAtStart = [...pathArguments(process.argv.slice(1), process.cwd()), ...early]
  const shell = createShell({ host: 'electron', home: openHome(), appRoot, engine: builtEngineCommand(appRoot), openAtStart, dialogs: nativeDialogs })
  openFiles = (paths) => shell.openFiles(paths)
  shell.startEngine()
  refusePermissions(session.defaultSession)
  serveAppScheme(session.defaultSession, join(appRoot, 'out', 'renderer'))
  serveRequests(ipcMain, shell)
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform, app.name)))
  let window = openWindow(shell)

  app.on('second-instance', (_event, argv, workingFolder) => {
    if (window.isMinimized()) window.restore()
    window.focus()
    const paths = pathArguments(argv.slice(1), workingFolder)
    if (paths.length > 0) openFiles(paths.map((path) => resolve(path)))
  })
  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) window = openWindow(shell)
  })
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  let disposed = false
  app.on('will-quit', (event) => {
    if (disposed) return
    event.preventDefault()
    void shell.dispose().finally(() => {
      disposed = true
      app.quit()
    })
  })
}

registerAppScheme()
if (app.requestSingleInstanceLock()) {
  run().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    app.exit(1)
  })
} else {
  app.quit()
}
