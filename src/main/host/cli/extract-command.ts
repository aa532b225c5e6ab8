import { resolve } from 'node:path'
import { Command } from 'commander'
import type { CliContext } from './cli-context'
import { jsonOption } from './options'
import { printJson, say } from './output'
import { withSession } from './session'
import { bytesText } from './text'

interface ExtractOptions {
  inputs?: string[]
  outputs?: string[]
  nodes?: string[]
  output: string
  json?: true
}

const list = (text: string) => text.split(',').map((name) => name.trim()).filter((name) => name !== '')

export function extractCommand(context: CliContext): Command {
  return new Command('extract')
    .description('Write a part of a model as a model: what lies between values, or certain nodes.')
    .argument('<model>', 'ONNX file')
    .option('--inputs <a,b>', 'values to be fed; the inputs of the model where left out', list)
    .option('--outputs <c,d>', 'values to be computed; the outputs of the model where left out', list)
    .option('--nodes <names>', 'nodes, by name or by a value they make, instead of values', list)
    .requiredOption('-o, --output <out.onnx>', 'where to write the part')
    .addOption(jsonOption())
    .action(async (model: string, { inputs = [], outputs = [], nodes, output, json }: ExtractOptions) => {
      const result = await withSession(context, async ({ request }) => {
        const { documentId } = await request('model.open', { path: resolve(model) })
        return request('document.extract', { documentId, inputs, outputs, path: resolve(output), ...(nodes && { nodes }) })
      })
      if (json) printJson(result)
      else say(`${result.path}: ${String(result.nodeCount)} nodes, ${bytesText(result.sizeBytes)}`)
    })
}
