/** Carries out edit commands within a transaction. */
import type { Diagnostic } from '../../diagnostic'
import { AppError } from '../../errors'
import type { EditCommand, EditCommandOf } from '../../ipc/edit-commands'
import type { Edit } from '../document'
import { inferTypes, type TypeTable } from '../infer/infer-types'
import { applyNodesText, applyText } from '../text/apply-text'
import { addNode, insertNode } from './add-node'
import { convertOpset } from './convert-opset'
import { cutModel } from './cut-model'
import { setDimension, setSymbol } from './dimensions'
import type { EditContext, EditFiles } from './edit-context'
import { inlineFunction, wrapFunction } from './functions'
import { addInput, addOutput, removeInput, removeOutput, renameValue, reorderInputs, reorderOutputs, setValueType } from './graph-values'
import { addInitializer, convertInitializer, removeInitializer, setElements, setInitializer } from './initializers'
import { joinModel, paste, replaceNodes } from './merge-models'
import { setMetadata, setModel, setOpset } from './model-fields'
import { removeAttribute, renameNode, setAttribute, setDocString, setInput, setOperator, setOutput } from './node-fields'
import { findGraph, findNodes } from './references'
import { removeNodes } from './remove-nodes'

type Verbs = { readonly [K in EditCommand['kind']]: (context: EditContext, command: EditCommandOf<K>) => void | Promise<void> }

const verbs: Verbs = {
  addNode,
  removeNodes,
  renameNode,
  setOperator,
  setDocString,
  setInput,
  setOutput,
  insertNode,
  setAttribute,
  removeAttribute,
  renameValue,
  addInput,
  addOutput,
  removeInput,
  removeOutput,
  reorderInputs,
  reorderOutputs,
  setValueType,
  setDimension,
  setSymbol,
  addInitializer,
  setInitializer,
  removeInitializer,
  convertInitializer,
  setElements,
  setModel,
  setMetadata,
  setOpset,
  convertOpset,
  paste,
  replaceNodes,
  joinModel,
  wrapFunction,
  inlineFunction,
  cut: cutModel,
  applyText: ({ edit }, { graph: ref, nodes, text }) => {
    const graph = findGraph(edit.document, ref)
    if (nodes === undefined) return applyText(edit, graph, text)
    return applyNodesText(edit, graph, { nodes: findNodes(edit.document, graph, nodes), text })
  },
}

export interface ApplyOptions {
  readonly files: EditFiles
  /** Types of the document before the first command, where they are at hand. */
  readonly types?: TypeTable
}

/**
 * Carries the commands out in order, and returns what there is to tell about them. Throws AppError with the number of the command that
 * cannot be done in `details.command`; run within `transact`, which then takes back those before it.
 */
export async function applyEdits(edit: Edit, commands: readonly EditCommand[], { files, types }: ApplyOptions): Promise<Diagnostic[]> {
  const notes: Diagnostic[] = []
  for (const [at, command] of commands.entries()) {
    let table = at === 0 ? types : undefined
    const context: EditContext = {
      edit,
      model: (path) => files.model(path),
      array: (path) => files.array(path),
      types: () => (table ??= inferTypes(edit.document)),
      note: (diagnostic) => void notes.push(diagnostic),
    }
    await applyEdit(context, command).catch((error: unknown) => {
      throw withPosition(error, { at, of: commands.length })
    })
  }
  return notes
}

/** Carries one command out. */
async function applyEdit(context: EditContext, command: EditCommand): Promise<void> {
  // The verb is found by the kind of the command it is given.
  const verb = verbs[command.kind] as (context: EditContext, command: EditCommand) => void | Promise<void>
  await verb(context, command)
}

function withPosition(error: unknown, { at, of }: { at: number; of: number }): unknown {
  if (!(error instanceof AppError) || of < 2) return error
  const { code, message, hint, details } = error
  return new AppError({ code, message: `Edit ${at + 1} of ${of}: ${message}`, hint, details: { ...details, command: at } }, { cause: error })
}
