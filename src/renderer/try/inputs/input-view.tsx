import type { ReactNode } from 'react'
import type { TryDescription, TryInput, TryPreview } from '#shared/samples/try'
import { FeatureInput } from './feature-input'
import { FileInput } from './file-input'
import { GestureInput } from './gesture-input'
import { TextInput } from './text-input'

export interface InputViewProps {
  readonly description: TryDescription
  /** What the models were given last. */
  readonly preview: TryPreview | null
  readonly expected: string | null
  readonly onInput: (input: TryInput) => void
}

/** The way to give a model what it takes: a drop, a microphone, a keyboard, a pen or sliders. */
export function InputView(props: InputViewProps): ReactNode {
  const { task } = props.description
  switch (task.kind) {
    case 'classify-picture':
    case 'edit-picture':
    case 'read-picture':
    case 'classify-sound':
    case 'tensors':
      return <FileInput {...props} task={task} />
    case 'understand-text':
    case 'translate-text':
      return <TextInput task={task} onInput={props.onInput} />
    case 'classify-gesture':
      return <GestureInput {...props} />
    case 'score-features':
      return <FeatureInput task={task} onInput={props.onInput} />
  }
}
