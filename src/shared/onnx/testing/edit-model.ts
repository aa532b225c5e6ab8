/** Runs edit commands on a small model, and says what became of it. */
import { expect } from 'vitest'
import type { Diagnostic } from '../../diagnostic'
import { EditCommand } from '../../ipc/edit-commands'
import type { z } from 'zod'
import { checkModel } from '../check/check-model'
import { memorySource } from '../byte-source'
import { decodeModel } from '../codec/decode'
import { encodeModel, joinPieces } from '../codec/encode'
import { ModelDocument } from '../document'
import { applyEdits } from '../edit/apply-edit'
import type { Graph, Model, Tensor } from '../records'
import { printModel } from '../text/print'
import { buildModel, type ModelSpec } from './build-model'

export type GivenCommand = z.input<typeof EditCommand>

export interface Files {
  readonly models?: Readonly<Record<string, ModelSpec>>
  readonly arrays?: Readonly<Record<string, Tensor>>
}

export interface Edited {
  readonly document: ModelDocument
  readonly notes: readonly Diagnostic[]
  /** Nodes of the main graph as `y = Relu(x)`. */
  readonly nodes: readonly string[]
  /** Codes of what the checker calls errors. */
  readonly errors: readonly string[]
}

/** Carries the commands out, and makes sure that undoing them leaves nothing behind. */
export async function edited(spec: ModelSpec, commands: GivenCommand | readonly GivenCommand[], files: Files = {}): Promise<Edited> {
  const document = new ModelDocument(decoded(spec))
  const [text, bytes] = [printModel(document.model), joinPieces(encodeModel(document.model))]
  const parsed = EditCommand.array().parse(Array.isArray(commands) ? commands : [commands])
  let notes: Diagnostic[] = []
  const transaction = await document.transact('edit', async (edit) => {
    notes = await applyEdits(edit, parsed, { files: inMemory(files) })
  })
  document.undo(transaction)
  expect(printModel(document.model)).toBe(text)
  expect(joinPieces(encodeModel(document.model))).toEqual(bytes)
  document.redo(transaction)
  const errors = checkModel(document).filter(({ severity }) => severity === 'error')
  return { document, notes, nodes: nodeTexts(document.model.graph), errors: errors.map(({ code }) => code) }
}

/** The error that refuses the commands; the model must be left as it was. */
export async function refusal(spec: ModelSpec, commands: GivenCommand | readonly GivenCommand[], files: Files = {}): Promise<string> {
  const document = new ModelDocument(decoded(spec))
  const before = printModel(document.model)
  const parsed = EditCommand.array().parse(Array.isArray(commands) ? commands : [commands])
  const failing = document.transact('edit', async (edit) => void (await applyEdits(edit, parsed, { files: inMemory(files) })))
  const error = await failing.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error, 'the command was carried out').toMatchObject({ name: 'AppError' })
  expect(printModel(document.model)).toBe(before)
  return (error as Error).message
}

/** As it would be read from a file. */
function decoded(spec: ModelSpec): Model {
  return decodeModel(memorySource(joinPieces(encodeModel(buildModel(spec)))))
}

function inMemory({ models = {}, arrays = {} }: Files) {
  return {
    model(path: string): Model {
      const spec = models[path]
      if (!spec) throw new Error(`no model ${path}`)
      return decoded(spec)
    },
    array(path: string): Tensor {
      const tensor = arrays[path]
      if (!tensor) throw new Error(`no array ${path}`)
      return tensor
    },
  }
}

export function nodeTexts(graph: Graph): string[] {
  return graph.nodes.map(({ domain, opType, inputs, outputs }) => `${outputs.join(', ')} = ${domain === '' ? '' : `${domain}.`}${opType}(${inputs.join(', ')})`)
}
