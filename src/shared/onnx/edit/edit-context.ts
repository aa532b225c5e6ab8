import type { Diagnostic } from '../../diagnostic'
import type { Edit } from '../document'
import type { TypeTable } from '../infer/infer-types'
import type { Model, Tensor } from '../records'

/** Files that commands name, read beforehand: carrying a command out reads nothing but tensors. */
export interface EditFiles {
  /** The model at a path; each call gives records of its own. */
  model(path: string): Model
  /** The array at a path, without a name. */
  array(path: string): Tensor
}

/** What carrying out a command needs. */
export interface EditContext extends EditFiles {
  readonly edit: Edit
  /** Types of the document as the commands before left it. */
  types(): TypeTable
  /** Tells the person something about the edit that is no error. */
  note(diagnostic: Diagnostic): void
}

/** The files of commands that name none. */
export const noFiles: EditFiles = {
  model: (path) => {
    throw new Error(`internal: the model '${path}' was not read beforehand`)
  },
  array: (path) => {
    throw new Error(`internal: the array '${path}' was not read beforehand`)
  },
}
