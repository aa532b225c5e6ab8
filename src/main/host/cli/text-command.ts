import { resolve } from 'node:path'
import { Command } from 'commander'
import { writeFileAtomically } from '../../runtime/atomic-write'
import type { CliContext } from './cli-context'
import { withSession } from './session'

export function textCommand(context: CliContext): Command {
  return new Command('text')
    .description("Print a model in ONNX's text form. Values of long tensors are left out; `from-text --base` takes them from the model again.")
    .argument('<model>', 'ONNX file')
    .option('-o, --output <file>', 'write the text here instead of stdout')
    .action(async (model: string, { output }: { output?: string }) => {
      const { text } = await withSession(context, async ({ request }) => {
        const { documentId, mainGraphId } = await request('model.open', { path: resolve(model) })
        return request('model.text', { documentId, graphId: mainGraphId })
      })
      if (output === undefined) process.stdout.write(text)
      else await writeFileAtomically(resolve(output), [Buffer.from(text)])
    })
}
