/** What is being tried: the model's task, the input given last, and what the models answered. */
import { create } from 'zustand'
import { type ErrorData, toErrorData } from '#shared/errors'
import type { TryAnswer, TryDescription, TryInput, TryResult } from '#shared/samples/try'
import { getBridge } from '../bridge/bridge'

interface TryState {
  /** The source model that the rest is about. */
  readonly modelPath: string | null
  readonly description: TryDescription | null
  readonly input: TryInput | null
  readonly result: TryResult | null
  readonly busy: boolean
  /** Why there is no description, or no result. */
  readonly error: ErrorData | null
  /** Variants that somebody ticked or unticked. */
  readonly ticked: Readonly<Record<string, boolean>>
  /** Whether the models run in the window's own runtime as well, and what they answered there. */
  readonly inWindow: boolean
  readonly windowAnswers: readonly TryAnswer[]
}

const NOTHING = { description: null, input: null, result: null, busy: false, error: null, windowAnswers: [] } as const

export const useTryStore = create<TryState>()(() => ({ modelPath: null, ...NOTHING, ticked: {}, inWindow: false }))

const { getState, setState } = useTryStore

/** Asks what the model at `modelPath` does. */
export async function describeModel(modelPath: string): Promise<void> {
  setState({ modelPath, ...NOTHING })
  try {
    const description = await getBridge().request('try.describe', { modelPath })
    if (getState().modelPath === modelPath) setState({ description })
  } catch (error) {
    if (getState().modelPath === modelPath) setState({ error: toErrorData(error) })
  }
}

/** Ends the process that keeps the models loaded. What was answered stays on the screen until another model is shown. */
export async function closeTry(): Promise<void> {
  setState({ modelPath: null, ...NOTHING })
  await getBridge().request('try.close', {})
}

export function showError(error: ErrorData): void {
  setState({ error, result: null })
}

let waiting: { input: TryInput; paths: readonly string[] } | null = null

/** Runs the models on an input. While one runs, only the latest of those that come in is kept: sliders move faster than models. */
export async function runModels(input: TryInput, paths: readonly string[]): Promise<void> {
  const { modelPath, busy } = getState()
  if (modelPath === null) return
  setState({ input })
  if (busy) {
    waiting = { input, paths }
    return
  }
  setState({ busy: true })
  try {
    const result = await getBridge().request('try.run', { modelPath, paths: [...paths], input })
    if (getState().modelPath === modelPath) setState({ result, error: null, windowAnswers: [] })
    if (getState().inWindow) await runAllInWindow(modelPath, paths, input)
  } catch (error) {
    if (getState().modelPath === modelPath) setState({ error: toErrorData(error), result: null })
  } finally {
    setState({ busy: false })
  }
  const next = waiting
  waiting = null
  if (next && getState().modelPath === modelPath) await runModels(next.input, next.paths)
}

/** One after the other: they share the window's thread. */
async function runAllInWindow(modelPath: string, paths: readonly string[], input: TryInput): Promise<void> {
  const { runInWindow } = await import('./browser-runtime')
  for (const path of paths) {
    const answer = await runInWindow(modelPath, path, input)
    if (getState().modelPath !== modelPath || getState().input !== input) return
    setState(({ windowAnswers }) => ({ windowAnswers: [...windowAnswers, answer] }))
  }
}

export function setInWindow(inWindow: boolean): void {
  setState({ inWindow, windowAnswers: [] })
}

export function tickModel(path: string, on: boolean): void {
  setState(({ ticked }) => ({ ticked: { ...ticked, [path]: on } }))
}
