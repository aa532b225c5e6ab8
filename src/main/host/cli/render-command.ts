import { extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command, Option } from 'commander'
import { AppError } from '#shared/errors'
import type { DrawGraph, PictureOptions } from '#shared/graph-picture'
import type { GraphView } from '#shared/ipc/model-view'
import { writeFileAtomically } from '../../runtime/atomic-write'
import type { CliContext } from './cli-context'
import { say } from './output'
import { fontDataUrl, rasterize } from './rasterize'
import { withSession } from './session'
import { bytesText } from './text'

/** Programs that show SVG give up beyond this. */
const MAX_NODES = 20_000

interface RenderOptions {
  readonly output: string
  readonly theme: PictureOptions['theme']
  readonly direction: PictureOptions['direction']
  readonly names?: boolean
  readonly attributes?: boolean
}

export function renderCommand(context: CliContext): Command {
  return new Command('render')
    .description('Draw the graph of a model as the window shows it.')
    .argument('<model>', 'ONNX file')
    .requiredOption('-o, --output <file.svg|file.png>', 'where to write the picture')
    .addOption(new Option('--theme <name>', 'colours').choices(['light', 'dark']).default('light'))
    .addOption(new Option('--direction <name>', 'which way data flows').choices(['down', 'right']).default('down'))
    .option('--names', 'show the names of nodes')
    .option('--attributes', 'show attributes')
    .action(async (model: string, { output, theme, direction, names = false, attributes = false }: RenderOptions) => {
      const path = resolve(output)
      const format = formatOf(path)
      const view = await readGraph(context, resolve(model))
      const drawGraph = await loadDrawing(context.appRoot)
      const font = format === 'svg' ? fontDataUrl() : ''
      const picture = drawGraph(view, { theme, direction, names, attributes, font })
      const bytes = format === 'svg' ? Buffer.from(picture.svg) : await rasterize(picture)
      await writeFileAtomically(path, [bytes])
      say(`${path}: ${picture.width} × ${picture.height} px, ${bytesText(bytes.length)}`)
    })
}

function formatOf(path: string): 'svg' | 'png' {
  const extension = extname(path).toLowerCase()
  if (extension === '.svg' || extension === '.png') return extension === '.svg' ? 'svg' : 'png'
  throw new AppError({ code: 'bad-usage', message: `Pictures are .svg or .png, not '${extension}'.`, hint: 'Give the output a name such as graph.svg.' })
}

async function readGraph(context: CliContext, path: string): Promise<GraphView> {
  const view = await withSession(context, async ({ request }) => {
    const { documentId, mainGraphId } = await request('model.open', { path })
    return request('model.graph', { documentId, graphId: mainGraphId })
  })
  if (view.nodes.length <= MAX_NODES) return view
  throw new AppError({
    code: 'not-supported',
    message: `The graph has ${view.nodes.length} nodes; pictures are drawn of up to ${MAX_NODES}.`,
    hint: 'Draw a part of it: `edgefit extract` cuts one out.',
  })
}

async function loadDrawing(appRoot: string): Promise<DrawGraph> {
  const { drawGraph } = (await import(pathToFileURL(join(appRoot, 'out', 'main', 'graph-picture.js')).href)) as { drawGraph: DrawGraph }
  return drawGraph
}
