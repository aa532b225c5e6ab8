import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Command } from 'commander'
import { AppError } from '#shared/errors'
import type { OptimizeReport } from '#shared/ipc/jobs'
import { Recipe } from '#shared/recipe'
import { writeFileAtomically } from '../../runtime/atomic-write'
import type { CliContext } from './cli-context'
import { dataSource, jsonOption } from './options'
import { printJson, say } from './output'
import { readJson } from './read-file'
import { type Session, withSession } from './session'
import { bytesText, diagnosticsText, latencyText, layerChangesText, outputErrorText, table } from './text'

interface OptimizeOptions {
  recipe: string
  output: string
  calibration?: string
  card?: string
  report?: string
  json?: true
  device?: string
}

export function optimizeCommand(context: CliContext): Command {
  return new Command('optimize')
    .description('Shrink a model by a recipe, and tell how far its outputs moved.')
    .argument('<model>', 'ONNX file')
    .requiredOption('--recipe <name|file.json>', 'a built-in recipe (int8-dynamic, int8-static, …) or a file; `edgefit schema recipe` describes it')
    .requiredOption('-o, --output <out.onnx>', 'where to write the result')
    .option('--calibration <path>', 'a folder of pictures or WAV files, an .npz or .npy, a .csv, a .jsonl of texts, or test_data_set_* folders; random inputs where it is left out')
    .option('--card <file>', 'a JSON file saying how the data is prepared; guessed from model and data where it is left out')
    .option('--report <file.json>', 'write the full report here')
    .option('--device <serial>', 'also time source and result on this phone, in turns; `edgefit devices` lists them')
    .addOption(jsonOption())
    .action(async (model: string, options: OptimizeOptions) => {
      const report = await withSession(context, (session) => optimize(session, resolve(model), options))
      if (options.report !== undefined) await writeFileAtomically(resolve(options.report), [Buffer.from(`${JSON.stringify(report, null, 2)}\n`)])
      if (options.json) printJson(report)
      else say(reportText(report))
    })
}

async function optimize(session: Session, modelPath: string, options: OptimizeOptions): Promise<OptimizeReport> {
  const outputPath = resolve(options.output)
  // Before minutes of work, not after them.
  for (const file of [outputPath, ...(options.report === undefined ? [] : [resolve(options.report)])]) mustHaveFolder(file)
  const recipe = await findRecipe(session, options.recipe)
  if (options.device !== undefined) await mustBeConnected(session, options.device)
  if (options.calibration === undefined) await warnOfSynthetic(session, recipe)
  const { report } = await session.runJob<'optimize'>({
    kind: 'optimize',
    params: { modelPath, recipe, data: dataSource(options.calibration, 8, options.card), outputPath, keepVariant: false, ...(options.device !== undefined && { phone: { serial: options.device, options: {} } }) },
  })
  return report
}

async function findRecipe({ request }: Session, wanted: string): Promise<Recipe> {
  const builtIn = await request('recipes.list', {})
  const found = builtIn.find(({ name }) => name === wanted)
  if (found) return found
  if (!existsSync(wanted)) {
    throw new AppError({ code: 'bad-usage', message: `There is no recipe '${wanted}', built in or as a file.`, hint: `Built in: ${builtIn.map(({ name }) => name).join(', ')}.` })
  }
  return readRecipe(resolve(wanted))
}

function readRecipe(path: string): Recipe {
  return readJson(path, Recipe, (reason) => new AppError({ code: 'invalid-recipe', message: `'${path}' is no recipe: ${reason}.`, hint: '`edgefit schema recipe` prints what a recipe looks like.' }))
}

async function warnOfSynthetic({ request }: Session, recipe: Recipe): Promise<void> {
  const calibrated = (await request('passes.list', {})).filter(({ calibration }) => calibration === 'required').map(({ name }) => name)
  const needing = recipe.passes.find(({ pass }) => calibrated.includes(pass))
  if (!needing) return
  say(`warning: no --calibration was given, so '${needing.pass}' calibrates with random inputs. Size and speed will be right; accuracy will not.`)
}

async function mustBeConnected({ request }: Session, serial: string): Promise<void> {
  const { devices, problem } = await request('devices.list', {})
  if (problem) throw new AppError({ code: 'not-found', message: problem.message, hint: problem.hint ?? undefined })
  if (!devices.some((device) => device.serial === serial)) throw new AppError({ code: 'not-found', message: `No phone with the serial '${serial}' is connected.`, hint: 'List the phones with `edgefit devices`.' })
}

function mustHaveFolder(path: string): void {
  if (existsSync(dirname(path))) return
  throw new AppError({ code: 'not-found', message: `There is no folder '${dirname(path)}' to write into.`, hint: 'Make it first, or give another place.' })
}

/** The quantized layers that are furthest from the float model, after the last pass that touched them. */
function layersText({ passes }: OptimizeReport): string[] {
  const layers = passes.findLast((pass) => pass.layers.length > 0)?.layers ?? []
  const worst = layers.toSorted((a, b) => a.sqnrDb - b.sqnrDb).slice(0, 3)
  return worst.length === 0 ? [] : [`Of ${layers.length} quantized layers furthest from float: ${worst.map(({ nodeName, nodeId, sqnrDb }) => `${nodeName || `#${String(nodeId)}`} ${sqnrDb.toFixed(1)} dB`).join(', ')}.`]
}

function phoneText({ phone, ratio, source, result, turns, conditions: { runtime, threads } }: NonNullable<OptimizeReport['phone']>): string {
  return `On ${phone} (${runtime}, ${threads === 0 ? 'threads as onnxruntime chooses' : `${threads} threads`}, ${turns} turns): ×${ratio.p50.toFixed(2)} (source ${latencyText(source)}; result ${latencyText(result)})`
}

function reportText(report: OptimizeReport): string {
  const { source, result } = report
  const lines = [
    table([
      ['Source', source.path, bytesText(source.sizeBytes)],
      ['Result', result.path, `${bytesText(result.sizeBytes)} (×${report.sizeRatio.toFixed(3)})`],
      ['Data', report.data, ''],
    ]),
    '',
    table([['pass', 'changes', 'nodes', 'ms'], ...report.passes.map((pass) => [pass.pass, String(pass.changes), `${String(pass.nodesBefore)} → ${String(pass.nodesAfter)}`, pass.durationMs.toFixed(0)])]),
    ...report.passes.flatMap(({ layerChanges }) => (layerChanges.length === 0 ? [] : ['', layerChangesText(layerChanges)])),
    '',
    outputErrorText(report.outputError),
    report.outputErrorConditions,
    ...layersText(report),
    ...(report.kernels ? [`Runs in onnxruntime on this computer with ${report.kernels.integerKernels} integer kernels of ${Object.values(report.kernels.opCounts).reduce((sum, count) => sum + count, 0)}.`] : []),
    ...(report.latency ? [`Latency in turns with the source: ×${report.latency.ratio.p50.toFixed(2)} (source ${latencyText(report.latency.source)}; result ${latencyText(report.latency.result)})`] : []),
    ...(report.phone ? [phoneText(report.phone)] : []),
  ]
  const diagnostics = [...report.passes.flatMap((pass) => pass.diagnostics), ...report.diagnostics]
  return [...lines, ...diagnosticsText(diagnostics)].join('\n')
}
