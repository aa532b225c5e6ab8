/**
 * The picture of a graph as the window draws it, without a window. The window's own drawing code makes it: built for Node as
 * `out/main/graph-picture.js`, which exports `drawGraph`.
 */
import type { GraphView } from './ipc/model-view'

export interface PictureOptions {
  readonly theme: 'light' | 'dark'
  /** Which way data flows over the picture. */
  readonly direction: 'down' | 'right'
  /** Rows with the nodes' names. */
  readonly names: boolean
  /** Rows with attributes that are not at their defaults. */
  readonly attributes: boolean
  /** The font as a data URL, for an SVG that is to look the same everywhere; empty for none. */
  readonly font: string
}

export interface GraphPicture {
  readonly svg: string
  /** Pixels at 100 %. */
  readonly width: number
  readonly height: number
}

export type DrawGraph = (view: GraphView, options: PictureOptions) => GraphPicture
