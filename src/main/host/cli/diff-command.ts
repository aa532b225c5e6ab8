import { resolve } from 'node:path'
import { Command } from 'commander'
import type { GraphDiff, ModelDiff, NodeChange } from '#shared/ipc/model-diff'
import type { CliContext } from './cli-context'
import { jsonOption } from './options'
import { printJson, say } from './output'
import { withSession } from './session'
import { table } from './text'

/** So many lines of each kind are shown to people; --json has all. */
const LINES_SHOWN = 40

export function diffCommand(context: CliContext): Command {
  return new Command('diff')
    .description('Tell how two models differ, by structure: renamed, fused and quantized nodes are still found to be the same.')
    .argument('<a>', 'ONNX file')
    .argument('<b>', 'ONNX file to compare with it')
    .addOption(jsonOption())
    .action(async (a: string, b: string, { json }: { json?: true }) => {
      const diff = await withSession(context, async ({ request }) => {
        const [one, other] = [await request('model.open', { path: resolve(a) }), await request('model.open', { path: resolve(b) })]
        return request('model.diff', { a: one.documentId, b: other.documentId })
      })
      if (json) printJson(diff)
      else say(diffText(diff))
    })
}

function diffText({ graphs, fields, functions, summary }: ModelDiff): string {
  const { same, changed, added, removed } = summary
  const entries = [...fields, ...functions.map((entry) => ({ ...entry, name: `function ${entry.name}` }))]
  return [
    `${same} nodes are the same, ${changed} changed, ${added} added, ${removed} removed.`,
    ...(entries.length > 0 ? ['', table(entries.map(({ name, a, b }) => [name, a ?? '–', '→', b ?? '–']))] : []),
    ...graphs.flatMap((graph) => graphText(graph)),
  ].join('\n')
}

function graphText(graph: GraphDiff): string[] {
  const changed = graph.pairs.filter(({ changes }) => changes.length > 0)
  const lines = [
    ...[...graph.inputs, ...graph.outputs].map(({ name, a, b }) => `  ${name}: ${a ?? '–'} → ${b ?? '–'}`),
    ...limited(changed.map(({ a, changes }) => `  ~ ${nodeText(a)}: ${changes.map(changeText).join('; ')}`)),
    ...limited(graph.removed.map((node) => `  - ${nodeText(node)}`)),
    ...limited(graph.added.map((node) => `  + ${nodeText(node)}`)),
  ]
  return lines.length === 0 ? [] : ['', `Graph ${graph.name}`, ...lines]
}

function limited(lines: readonly string[]): string[] {
  return lines.length <= LINES_SHOWN ? [...lines] : [...lines.slice(0, LINES_SHOWN), `  … and ${lines.length - LINES_SHOWN} more; --json has all.`]
}

function nodeText({ opType, name, id }: { opType: string; name: string; id: number }): string {
  return `${opType} ${name === '' ? `#${id}` : `'${name}'`}`
}

function changeText(change: NodeChange): string {
  switch (change.kind) {
    case 'operator':
      return `${change.a} → ${change.b}`
    case 'attribute':
      return `${change.name} ${change.a ?? '–'} → ${change.b ?? '–'}`
    case 'type':
      return `output ${change.output} ${change.a} → ${change.b}`
    case 'input':
      return `input ${change.input} from '${change.a}' → '${change.b}'`
    case 'weight': {
      const error = change.relativeError === null ? '' : ` (relative error ${change.relativeError.toPrecision(3)})`
      return `weight ${change.input} ${change.a === change.b ? change.a : `${change.a} → ${change.b}`}${error}`
    }
  }
}
