import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Command } from 'commander'
import { z } from 'zod'
import { AppError } from '#shared/errors'
import { EditCommand } from '#shared/ipc/edit-commands'
import { withFiles } from '#shared/onnx/edit/command-files'
import { fileError } from '../../workspace/file-error'
import type { CliContext } from './cli-context'
import { jsonOption } from './options'
import { printJson, say } from './output'
import { withSession } from './session'
import { bytesText, diagnosticsText } from './text'

interface EditOptions {
  commands: string
  output: string
  force?: true
  json?: true
}

export function editCommand(context: CliContext): Command {
  return new Command('edit')
    .description('Change a model by a list of commands, all or none, and check it before it is written.')
    .argument('<model>', 'ONNX file')
    .requiredOption('--commands <file.json>', 'the commands; `edgefit schema edit` describes them, paths in them are relative to this file')
    .requiredOption('-o, --output <out.onnx>', 'where to write the result')
    .option('--force', 'write it even where the checks fail')
    .addOption(jsonOption())
    .action(async (model: string, options: EditOptions) => {
      const commands = readCommands(resolve(options.commands))
      const result = await withSession(context, async ({ request }) => {
        const { documentId } = await request('model.open', { path: resolve(model) })
        const { summary, notes } = await request('document.edit', { documentId, commands })
        const saved = await request('model.save', { documentId, path: resolve(options.output), force: options.force === true })
        return { path: saved.path, sizeBytes: saved.sizeBytes, nodeCount: summary.nodeCount, notes, diagnostics: summary.diagnostics }
      })
      if (options.json) printJson(result)
      else say([`${result.path}: ${String(result.nodeCount)} nodes, ${bytesText(result.sizeBytes)}`, ...diagnosticsText([...result.notes, ...result.diagnostics])].join('\n'))
    })
}

function readCommands(path: string): EditCommand[] {
  const wrong = (reason: string) => new AppError({ code: 'bad-usage', message: `'${path}' is no list of commands: ${reason}.`, hint: '`edgefit schema edit` prints what it looks like.' })
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw fileError(error, path)
  }
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (error) {
    throw wrong((error as Error).message)
  }
  const script = z.object({ commands: z.unknown() }).safeParse(raw)
  const parsed = z.array(EditCommand).min(1).safeParse(script.success ? script.data.commands : raw)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const place = issue?.path.join('.') ?? ''
    throw wrong(`${place === '' ? '' : `${place}: `}${issue?.message ?? ''}`)
  }
  return withFiles(parsed.data, (named) => resolve(dirname(path), named))
}
