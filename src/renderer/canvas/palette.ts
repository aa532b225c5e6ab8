/** Colours of the canvas in both themes: the page takes them as CSS variables, the overview and the export directly. */
import type { OpCategory } from '#shared/onnx/schema/op-category'
import type { Theme } from './canvas-store'

export interface Palette {
  readonly surface: string
  readonly box: string
  readonly boxLine: string
  readonly text: string
  readonly dim: string
  readonly edge: string
  readonly terminal: string
  readonly terminalText: string
  /** Folded groups, and the headers of unfolded ones. */
  readonly group: string
  readonly groupText: string
  /** Selection, and what belongs to it. */
  readonly accent: string
  readonly found: string
  /** Headers without a figure while an overlay is on. */
  readonly unmeasured: string
  readonly unmeasuredText: string
}

export const palettes: Record<Theme, Palette> = {
  light: {
    surface: '#ffffff',
    box: '#ffffff',
    boxLine: '#c6ccd5',
    text: '#1b1f26',
    dim: '#5a6371',
    edge: '#8a93a1',
    terminal: '#e9ecf1',
    terminalText: '#1b1f26',
    group: '#dde4f0',
    groupText: '#1f2f4d',
    accent: '#2b5bd7',
    found: '#b86e00',
    unmeasured: '#e4e8ed',
    unmeasuredText: '#4b5461',
  },
  dark: {
    surface: '#191c21',
    box: '#23282f',
    boxLine: '#414957',
    text: '#dde2ea',
    dim: '#9aa3b2',
    edge: '#6b7585',
    terminal: '#333a45',
    terminalText: '#dde2ea',
    group: '#2c3850',
    groupText: '#d5e0f5',
    accent: '#8facf5',
    found: '#e0ad57',
    unmeasured: '#2f353f',
    unmeasuredText: '#aab2bf',
  },
}

/** Headers carry white text at 4.5:1 or better, so one set serves both themes. */
export const categoryColours: Record<OpCategory, string> = {
  layer: '#33588f',
  activation: '#8a3f3f',
  pool: '#2f6b4f',
  normalization: '#246a73',
  shape: '#6d5a4b',
  math: '#4d5866',
  reduction: '#684a85',
  logic: '#5e6230',
  quantization: '#8f5617',
  'control-flow': '#86396a',
  constant: '#5b6673',
  'tree-ml': '#3f6b2f',
  other: '#434a55',
}

/** The palette as CSS variables for the canvas element. */
export function paletteVariables(theme: Theme): Record<string, string> {
  const own = Object.entries<string>({ ...palettes[theme] }).map(([name, colour]): [string, string] => [`--canvas-${name}`, colour])
  const categories = Object.entries(categoryColours).map(([name, colour]): [string, string] => [`--category-${name}`, colour])
  return Object.fromEntries([...own, ...categories])
}
