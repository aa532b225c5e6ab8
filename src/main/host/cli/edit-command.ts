import { dirname, resolve } from 'node:path'
import { Command } from 'commander'
import { z } from 'zod'
import { AppError } from '#shared/errors'
import { EditCommand } from '#shared/ipc/edit-commands'
import { withFiles } from '#shared/onnx/edit/command-files'
import type { CliContext } from './cli-context'
import { jsonOption } from './options'
import { printJson, say } from './output'
import { readJson } from './read-file'
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

/** A list of commands, or an object that has one. */
const CommandsFile = z.preprocess((raw) => (typeof raw === 'object' && raw !== null && 'commands' in raw ? raw.commands : raw), z.array(EditCommand).min(1))

function readCommands(path: string): EditCommand[] {
  const commands = readJson(path, CommandsFile, (reason) => new AppError({ code: 'bad-usage', message: `'${path}' is no list of commands: ${reason}.`, hint: '`edgefit schema edit` prints what it looks like.' }))
  return withFiles(commands, (named) => resolve(dirname(path), named))
}
