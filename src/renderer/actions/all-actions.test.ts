import { describe, expect, it } from 'vitest'
import { keyLabel, type Action } from './action'
import { actions } from './all-actions'

const idle = { modelOpen: false, depth: 0, mode: 'graph', selectedNodes: 0, selection: 'model', canUndo: false, canRedo: false, canPaste: false, comparable: false, comparing: false } as const

describe('the actions', () => {
  it('share no id and no key', () => {
    const ids = actions.map((action: Action) => action.id)
    const keys = actions.flatMap((action: Action) => action.keys).map((key) => key.toLowerCase())
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('keep the keys that people know from Netron', () => {
    const keysOf = (id: string) => actions.find((action: Action) => action.id === id)?.keys
    expect({ open: keysOf('open'), find: keysOf('find'), attributes: keysOf('attributes'), weights: keysOf('weights'), names: keysOf('names') }).toEqual({
      open: ['mod+O'],
      find: ['F', 'mod+F'],
      attributes: ['D'],
      weights: ['I'],
      names: ['U'],
    })
    expect([keysOf('direction'), keysOf('export-image'), keysOf('leave-subgraph')]).toEqual([['K'], ['shift+E'], ['backspace']])
  })

  it('need a model where they work on one, and a graph around to leave', () => {
    const enabled = (id: string, context: Parameters<Action['enabled']>[0]) => actions.find((action: Action) => action.id === id)?.enabled(context)
    expect(enabled('open', idle)).toBe(true)
    expect(enabled('optimize', idle)).toBe(false)
    expect(enabled('optimize', { ...idle, modelOpen: true })).toBe(true)
    expect(enabled('leave-subgraph', { ...idle, modelOpen: true })).toBe(false)
    expect(enabled('leave-subgraph', { ...idle, modelOpen: true, depth: 1 })).toBe(true)
    expect(enabled('attributes', { ...idle, modelOpen: true, mode: 'text' })).toBe(false)
  })

  it('show their keys as each system writes them', () => {
    expect(keyLabel('mod+shift+E', 'linux')).toBe('Ctrl Shift E')
    expect(keyLabel('mod+shift+E', 'darwin')).toBe('⌘ ⇧ E')
  })
})
