import { BrowserWindow, dialog, type OpenDialogOptions } from 'electron'
import { extname } from 'node:path'
import type { Dialogs } from '../shell'

type Purpose = Parameters<Dialogs['open']>[0]

const OPEN: Record<Purpose, OpenDialogOptions> = {
  model: { properties: ['openFile', 'multiSelections'], filters: [{ name: 'ONNX', extensions: ['onnx'] }, { name: '*', extensions: ['*'] }] },
  data: { properties: ['openFile'], filters: [{ name: 'NumPy', extensions: ['npz', 'npy'] }, { name: '*', extensions: ['*'] }] },
  'data-folder': { properties: ['openDirectory'] },
}

const FORMATS: Readonly<Record<string, string>> = { onnx: 'ONNX', npy: 'NumPy' }

export const nativeDialogs: Dialogs = {
  async open(purpose) {
    const window = frontWindow()
    const { canceled, filePaths } = await (window ? dialog.showOpenDialog(window, OPEN[purpose]) : dialog.showOpenDialog(OPEN[purpose]))
    return canceled ? null : filePaths
  },
  async save(suggestedName) {
    const extension = extname(suggestedName).slice(1)
    const options = { defaultPath: suggestedName, filters: [{ name: FORMATS[extension] ?? extension, extensions: [extension] }] }
    const window = frontWindow()
    const { canceled, filePath } = await (window ? dialog.showSaveDialog(window, options) : dialog.showSaveDialog(options))
    return canceled ? null : filePath
  },
}

function frontWindow(): BrowserWindow | null {
  return BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0] ?? null
}
