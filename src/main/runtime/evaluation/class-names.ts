/** Names of classes, and characters of recognizers, where people keep them: in the model's metadata, or in a file beside model or data. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Model } from '#shared/onnx/records'

const CLASS_FILES = ['classes.txt', 'labels.txt', 'classes.json', 'labels.json', 'label_map.json'] as const
const MOST_BYTES = 4 * 1024 * 1024

/** A list, or an object from index to name; models write both, and Ultralytics' with Python's quotes. */
const Names = z.union([z.array(z.string()), z.record(z.string().regex(/^\d+$/), z.string()).transform((named) => Object.keys(named).sort((a, b) => Number(a) - Number(b)).map((key) => named[key] ?? ''))])

/** In the order of the model's outputs; null where nobody says. */
export function findClassNames({ model, modelPath, dataPath }: { model: Model; modelPath: string; dataPath: string }): string[] | null {
  const carried = model.metadata.find(({ key }) => ['names', 'classes', 'labels', 'edgefit.classes'].includes(key))?.value
  return (carried === undefined ? null : parseNames(carried)) ?? namesInFile(CLASS_FILES, modelPath, dataPath)
}

/** One character a line, class 1 first: class 0 is CTC's blank. */
export function findAlphabet(modelPath: string, dataPath: string): string[] | null {
  return namesInFile(['alphabet.txt', 'charset.txt', 'dict.txt'], modelPath, dataPath)
}

function namesInFile(files: readonly string[], modelPath: string, dataPath: string): string[] | null {
  const dataFolder = existsSync(dataPath) && statSync(dataPath).isDirectory() ? dataPath : dirname(dataPath)
  for (const folder of [dataFolder, dirname(modelPath)]) {
    for (const name of files) {
      const path = join(folder, name)
      if (!existsSync(path) || statSync(path).size > MOST_BYTES) continue
      const text = readFileSync(path, 'utf8')
      const names = name.endsWith('.json') ? parseNames(text) : text.replace(/\r?\n$/, '').split(/\r?\n/)
      // A list with repetitions gives the labels of samples, not the names of classes.
      if (names && names.length > 0 && new Set(names).size === names.length) return names
    }
  }
  return null
}

function parseNames(text: string): string[] | null {
  for (const form of [text, text.replace(/'/g, '"').replace(/([{,]\s*)(\d+)(\s*:)/g, '$1"$2"$3')]) {
    try {
      const parsed = Names.safeParse(JSON.parse(form))
      if (parsed.success) return parsed.data
    } catch {
      // Not JSON in this form; metadata of the same name may mean something else.
    }
  }
  return null
}
