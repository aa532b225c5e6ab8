import { resolve } from 'node:path'
import { Command } from 'commander'
import { AppError } from '#shared/errors'
import { TextErrorDetails } from '#shared/ipc/text-problem'
import type { CliContext } from './cli-context'
import { jsonOption } from './options'
import { printJson, say } from './output'
import { readText } from './read-file'
import { withSession } from './session'
import { bytesText } from './text'

interface FromTextOptions {
  readonly output: string
  readonly base?: string
  readonly json?: true
}

export function fromTextCommand(context: CliContext): Command {
  return new Command('from-text')
    .description("Make a model from ONNX's text form.")
    .argument('<file>', 'text, as `edgefit text` prints it')
    .requiredOption('-o, --output <model.onnx>', 'where to write the model')
    .option('--base <model>', 'the model that has the values the text leaves out')
    .addOption(jsonOption())
    .action(async (file: string, { output, base, json }: FromTextOptions) => {
      const text = readText(file)
      const saved = await withSession(context, ({ request }) =>
        request('model.fromText', { text, basePath: base === undefined ? null : resolve(base), path: resolve(output) }),
      ).catch((error: unknown) => {
        throw inFile(error, file)
      })
      if (json) printJson(saved)
      else say(`${saved.path}: ${bytesText(saved.sizeBytes)}`)
    })
}

/** With every problem of the text as `file:line:column`, which editors and terminals can follow. */
function inFile(error: unknown, file: string): unknown {
  const details = error instanceof AppError ? TextErrorDetails.safeParse(error.details).data : undefined
  if (!(error instanceof AppError) || !details) return error
  const { code, hint } = error
  const message = details.problems.map((problem) => `${file}:${problem.line}:${problem.column}: ${problem.message}`).join('\n')
  return new AppError({ code, message, hint, details }, { cause: error })
}
