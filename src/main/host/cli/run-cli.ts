import { Command, CommanderError } from 'commander'
import { type ErrorData, toErrorData } from '#shared/errors'
import { packageVersion } from '../app-root'
import type { CliContext } from './cli-context'
import { checkCommand } from './check-command'
import { compareCommand } from './compare-command'
import { editCommand } from './edit-command'
import { evaluateCommand } from './evaluate-command'
import { ExitWith } from './exit-with'
import { extractCommand } from './extract-command'
import { deployCommand } from './deploy-command'
import { devicesCommand } from './devices-command'
import { diffCommand } from './diff-command'
import { fromTextCommand } from './from-text-command'
import { inspectCommand } from './inspect-command'
import { addRecordOptions, type RecordTargets } from './job-recorder'
import { memoryCommand } from './memory-command'
import { optimizeCommand } from './optimize-command'
import { ortGraphCommand } from './ort-graph-command'
import { printJson } from './output'
import { passesCommand } from './passes-command'
import { profileCommand } from './profile-command'
import { pruneCurvesCommand } from './prune-curves-command'
import { renderCommand } from './render-command'
import { reportCommand } from './report-command'
import { schemaCommand } from './schema-command'
import { sensitivityCommand } from './sensitivity-command'
import { serveCommand } from './serve-command'
import { textCommand } from './text-command'
import { usabilityCommand } from './usability-command'

export const EXIT_DONE = 0
export const EXIT_FAILED = 1
export const EXIT_BAD_USAGE = 2

/** Runs one command line (without node and script) and returns its exit code: 0 done, 1 failed, 2 bad usage; `check` has its own. */
export async function runCli({ args, ...context }: CliContext & { readonly args: readonly string[] }): Promise<number> {
  const program = createProgram(context)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return EXIT_DONE
  } catch (error) {
    if (error instanceof ExitWith) {
      if (error.cause !== undefined) fail(error.cause, { asJson: args.includes('--json') })
      return error.code
    }
    // Commander has printed its message, or the help, already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_DONE : EXIT_BAD_USAGE
    return fail(error, { asJson: args.includes('--json') })
  }
}

/** Commands that run jobs. */
const RECORDED = new Set(['optimize', 'profile', 'compare', 'evaluate', 'check', 'report', 'sensitivity', 'prune-curves', 'ort-graph', 'deploy'])

function createProgram(given: CliContext): Command {
  const records: RecordTargets = {}
  const context: CliContext = { ...given, records }
  const program = new Command('edgefit')
    .description('Fits neural networks onto phones: open an ONNX model, shrink it, measure it, save it.')
    .version(packageVersion(context.appRoot))
    .showHelpAfterError('Run with --help for what can be given.')
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: false })
    .addHelpText('after', '\nResults go to stdout with --json (one JSON document, nothing else); words for people go to stderr.\nExit code: 0 done, 1 failed, 2 bad usage.')
    .exitOverride()
    .hook('preAction', (_program, command) => void Object.assign(records, { events: command.opts<RecordTargets>().events, otlp: command.opts<RecordTargets>().otlp }))
  for (const command of [inspectCommand, optimizeCommand, profileCommand, compareCommand, evaluateCommand, checkCommand, reportCommand, sensitivityCommand, pruneCurvesCommand, memoryCommand, ortGraphCommand, diffCommand, editCommand, extractCommand, textCommand, fromTextCommand, renderCommand, devicesCommand, deployCommand, usabilityCommand, passesCommand, schemaCommand, serveCommand]) {
    // Settings such as exitOverride pass down only to commands made by `command()`, so each is told by hand.
    const made = command(context).copyInheritedSettings(program)
    if (RECORDED.has(made.name())) addRecordOptions(made)
    program.addCommand(made)
  }
  return program
}

function fail(error: unknown, { asJson }: { readonly asJson: boolean }): number {
  const data = toErrorData(error)
  process.stderr.write(errorText(data))
  if (data.code === 'internal' && error instanceof Error && process.env['EDGEFIT_DEBUG']) process.stderr.write(`${error.stack ?? ''}\n`)
  if (asJson) printJson({ error: data })
  return data.code === 'bad-usage' ? EXIT_BAD_USAGE : EXIT_FAILED
}

function errorText({ message, hint }: ErrorData): string {
  return `error: ${message}\n${hint === undefined ? '' : `  ${hint}\n`}`
}
