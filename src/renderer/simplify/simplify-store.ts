/** What is ticked in the Simplify panel, by source model. */
import { create } from 'zustand'
import { initialChoice, type SimplifyChoice } from './simplify-recipe'

interface SimplifyState {
  readonly choices: Readonly<Record<string, SimplifyChoice>>
  readonly choose: (modelPath: string, choice: SimplifyChoice) => void
}

export const useSimplifyStore = create<SimplifyState>()((set) => ({
  choices: {},
  choose: (modelPath, choice) => set(({ choices }) => ({ choices: { ...choices, [modelPath]: choice } })),
}))

const FIRST = initialChoice('standard')

export function choiceFor(choices: SimplifyState['choices'], modelPath: string): SimplifyChoice {
  return choices[modelPath] ?? FIRST
}
