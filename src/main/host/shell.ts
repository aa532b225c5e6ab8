/**
 * The shell: serves the contract to every host. Parses what comes in, answers itself or hands over to the engine, and
 * tells each client of the events that concern it. It never touches tensors.
 */
import { existsSync } from 'node:fs'
import { DeployResult } from '#shared/deploy'
import { AppError, toErrorData } from '#shared/errors'
import { jobKinds } from '#shared/ipc/jobs'
import { type Answer, type EventName, type EventPayload, type ParsedParams, type RequestName, requests } from '#shared/ipc/contract'
import type { Disposer } from '#shared/disposer'
import { TryDescription, TryPortable, TryReading, TryResult } from '#shared/samples/try'
import { newQrPairing } from '../device/connect-device'
import { createDeviceService } from '../device/device-service'
import { isEngineRequest, type ShellRequestName } from '../engine/protocol'
import type { Home } from '../workspace/home'
import { removeOldImports } from '../workspace/imports'
import { openRecentFiles } from '../workspace/recent-files'
import { openDeviceRuns } from '../workspace/device-runs'
import { openSettings } from '../workspace/settings'
import { appInfo } from './app-info'
import type { EngineCommand } from './engine-process'
import { createEngineService } from './engine-service'
import { createEvaluationService } from './evaluation-service'
import { createJobQueue, type FinishedJob, type JobRequest } from './jobs'
import { openLog } from './log-file'
import { listSamples } from './samples'
import type { ShellHandlers } from './shell-handlers'
import { modelPathsOf, type Snapshot, snapshotsOf, withPaths } from './snapshots'
import { createTryService } from './try-service'
import { type RowSources, variantRows } from './variant-rows'
import { createWorkspace } from './workspace-service'

export type ShellEvent = { [N in EventName]: { readonly name: N; readonly payload: EventPayload<N> } }[EventName]

/** What only a host with native windows can do. */
export interface Dialogs {
  open(purpose: ParsedParams<'dialog.open'>['purpose']): Promise<string[] | null>
  save(suggestedName: string): Promise<string | null>
}

export interface ShellOptions {
  readonly host: 'electron' | 'browser' | 'cli'
  readonly home: Home
  readonly appRoot: string
  readonly engine: EngineCommand
  /** Absolute paths; the first sample where empty and the host has a window. */
  readonly openAtStart?: readonly string[]
  readonly dialogs?: Dialogs
}

export interface Shell {
  /** Never rejects: what goes wrong is in the answer. */
  request(clientId: string, name: string, params: unknown): Promise<Answer>
  subscribe(clientId: string, listener: (event: ShellEvent) => void): Disposer
  /** Cancels the client's jobs and closes its documents. */
  closeClient(clientId: string): Promise<void>
  /** Files that may be handed to this client as a download: the model first, then its external data. Throws AppError not-found. */
  downloadable(clientId: string, path: string): string[]
  /** Starts the engine before anything is asked of it. */
  startEngine(): void
  /** Tells every window of files to open. */
  openFiles(paths: readonly string[]): void
  /** Process ids of the engine and of the job under way, for tests and figures. */
  pids(): { engine: number | null; job: number | null }
  readonly log: (message: string) => void
  dispose(): Promise<void>
}

export function createShell(options: ShellOptions): Shell {
  const { home } = options
  const log = openLog(home.logFile)
  const warn = (message: string) => log.write('warning', message)
  const listeners = new Map<string, Set<(event: ShellEvent) => void>>()
  const openAtStart = options.openAtStart ?? []

  const tell = (clientId: string, event: ShellEvent) => listeners.get(clientId)?.forEach((listener) => listener(event))
  const tellAll = (event: ShellEvent) => [...listeners.keys()].forEach((clientId) => tell(clientId, event))

  // A command line makes no drafts: its edits end in a file or not at all.
  const documentEngine = options.host === 'cli' ? options.engine : { ...options.engine, args: [...options.engine.args, '--drafts', home.draftsFolder] }
  const engine = createEngineService({ command: documentEngine, log, onEvent: (payload) => tellAll({ name: 'engine', payload }) })
  const workspace = createWorkspace({
    home,
    engine,
    onDamage: warn,
    onVariantsChanged: (modelPath) => tellAll({ name: 'variants', payload: { modelPath } }),
  })
  const deviceRuns = openDeviceRuns(home.deviceRunsFolder, warn)
  const jobs = createJobQueue({
    command: options.engine,
    jobsFolder: home.jobsFolder,
    log,
    onEvent: (owner, payload) => tell(owner, { name: 'job', payload }),
    complete: async (job) => {
      const kept = await workspace.keep(job)
      const runs = runsOnPhones(job, kept)
      for (const run of runs) deviceRuns.add(run)
      if (runs.length > 0) tellAll({ name: 'deviceRuns', payload: {} })
      return kept
    },
  })
  const tries = createTryService({ command: options.engine, jobsFolder: home.jobsFolder, log })
  const evaluations = createEvaluationService(home.evaluationsFolder, engine)
  const settings = openSettings(home.settingsFile, warn)
  const recent = openRecentFiles(home.recentFile, warn)
  if (options.host !== 'cli') removeOldImports(home.importsFolder, recent.list().map(({ path }) => path))
  const devices = createDeviceService({
    settings: () => settings.get().adb,
    appRoot: options.appRoot,
    onChange: (payload) => tellAll({ name: 'devices', payload }),
  })

  const handlers: ShellHandlers = {
    'app.info': () => appInfo({ host: options.host, appRoot: options.appRoot, openAtStart: openAtStart.length > 0 ? openAtStart : listSamples(options.appRoot).slice(0, 1).map(({ path }) => path) }),
    'settings.get': () => settings.get(),
    'settings.update': (change) => settings.update(change),
    'recent.list': () => recent.list(),
    'samples.list': () => listSamples(options.appRoot),
    'dialog.open': ({ purpose }) => options.dialogs?.open(purpose) ?? null,
    'dialog.save': ({ suggestedName }) => options.dialogs?.save(suggestedName) ?? null,
    'variants.list': ({ modelPath }) => workspace.listVariants(modelPath),
    'variants.table': async ({ modelPaths }, clientId) => {
      const sources = rowSources(clientId)
      return { rows: (await Promise.all(modelPaths.map(async (path) => variantRows(path, await knownSnapshot(clientId, path), sources)))).flat() }
    },
    'variants.remove': ({ modelPath, variantId }) => workspace.removeVariant(modelPath, variantId),
    'variants.export': ({ modelPath, variantId, path }) => workspace.exportVariant({ modelPath, variantId, path }),
    'evaluation.list': async ({ modelPath }, clientId) => evaluations.list((await knownSnapshot(clientId, modelPath))?.path ?? modelPath),
    'evaluation.card': ({ modelPath }) => evaluations.card(modelPath),
    'evaluation.keepCard': ({ modelPath, card }) => evaluations.keepCard(modelPath, card),
    'profiles.latest': async ({ modelPath }, clientId) => workspace.latestProfile((await knownSnapshot(clientId, modelPath))?.path ?? modelPath),
    // A terminal's command asks once and ends; only windows stay to be told.
    'devices.list': () => (options.host === 'cli' ? devices.list() : devices.watch()),
    'devices.facts': ({ serial }) => devices.facts(serial),
    'devices.doctor': ({ serial }) => devices.examine(serial),
    'devices.plan': ({ serial }) => devices.plan(serial),
    'devices.connect': async ({ address }) => ({ serial: await devices.connect(address) }),
    'devices.pair': async ({ address, code }) => {
      await devices.pair(address, code)
      return {}
    },
    'devices.qrPairing': () => newQrPairing(),
    'devices.awaitQrPairing': async (pairing) => ({ address: await devices.awaitQrPairing(pairing) }),
    'devices.runs': () => deviceRuns.list(),
    'devices.forgetRun': ({ id }) => {
      deviceRuns.remove(id)
      tellAll({ name: 'deviceRuns', payload: {} })
      return {}
    },
    'try.describe': async (params, clientId) => TryDescription.parse(await tries.ask(clientId, { name: 'describe', params })),
    'try.run': async ({ paths, ...params }, clientId) => {
      // Task and examples belong to the model's own file; what runs is what is shown.
      const snapshots = await snapshotsOf(engine, clientId, { modelPaths: paths, write: true })
      return withPaths(TryResult.parse(await tries.ask(clientId, { name: 'run', params: { ...params, paths: withPaths(paths, snapshots, 'snapshot') } })), snapshots, 'model')
    },
    'try.portable': async ({ path, ...params }, clientId) => {
      const [snapshot] = await snapshotsOf(engine, clientId, { modelPaths: [path], write: true })
      return TryPortable.parse(await tries.ask(clientId, { name: 'portable', params: { ...params, path: snapshot?.path ?? path } }))
    },
    'try.read': async (params, clientId) => TryReading.parse(await tries.ask(clientId, { name: 'read', params })),
    'try.close': async (_params, clientId) => {
      await tries.close(clientId)
      return {}
    },
    'job.start': async (request, clientId) => jobs.start(clientId, await withKeptCard(withOwnFields(request)), await snapshotsOf(engine, clientId, { modelPaths: modelPathsOf(request), write: true })),
    'job.cancel': async ({ jobId }, clientId) => {
      await jobs.cancel(clientId, jobId)
      return {}
    },
  }

  /** Of a model with unsaved edits that something was run on. */
  async function knownSnapshot(clientId: string, modelPath: string): Promise<Snapshot | null> {
    const [snapshot] = await snapshotsOf(engine, clientId, { modelPaths: [modelPath], write: false })
    return snapshot ?? null
  }

  function rowSources(clientId: string): RowSources {
    return {
      variants: (path) => workspace.listVariants(path),
      profile: (path) => workspace.latestProfile(path),
      evaluations: (path) => evaluations.list(path),
      deviceRuns: deviceRuns.list().map(({ result }) => result),
      figures: async (path) => requests['model.figures'].result.parse(await engine.request(clientId, 'model.figures', { path })),
    }
  }

  async function serve(clientId: string, name: string, params: unknown): Promise<unknown> {
    if (!isRequestName(name)) throw new AppError({ code: 'bad-usage', message: `There is no request '${name}'.` })
    const parsed = requests[name].params.safeParse(params)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]
      throw new AppError({ code: 'bad-usage', message: `'${name}' was asked with wrong parameters: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` })
    }
    if (name === 'evaluation.describe') {
      const { modelPath, dataPath } = requests[name].params.parse(parsed.data)
      const [snapshot] = await snapshotsOf(engine, clientId, { modelPaths: [modelPath], write: true })
      return engine.request(clientId, name, { modelPath: snapshot?.path ?? modelPath, dataPath })
    }
    if (isEngineRequest(name)) {
      const value = await engine.request(clientId, name, parsed.data)
      if (name === 'model.open') rememberOpened((parsed.data as ParsedParams<'model.open'>).path)
      return value
    }
    return answerFrom(handlers, { name, params: parsed.data, clientId })
  }

  /** What only the shell knows: the phone settings, and where results are kept. */
  function withOwnFields(request: JobRequest): JobRequest {
    if (request.kind === 'deploy') return { ...request, params: { ...request.params, adb: settings.get().adb } }
    if (request.kind === 'optimize' && request.params.phone) return { ...request, params: { ...request.params, phone: { ...request.params.phone, adb: settings.get().adb } } }
    if (request.kind === 'evaluate') return { ...request, params: { ...request.params, storeFolder: home.evaluationsFolder } }
    return request
  }

  /** Data is prepared as was chosen for the model, where the request does not say how. */
  async function withKeptCard(request: JobRequest): Promise<JobRequest> {
    if (!('data' in request.params) || request.params.data.kind !== 'path' || request.params.data.card) return request
    const [modelPath = ''] = modelPathsOf(request)
    const card = existsSync(modelPath) ? await evaluations.card(modelPath) : null
    // The same kind of request with one field more.
    return card ? ({ ...request, params: { ...request.params, data: { ...request.params.data, card } } } as JobRequest) : request
  }

  function rememberOpened(path: string): void {
    const isOurs = listSamples(options.appRoot).some((sample) => sample.path === path) || workspace.isVariant(path)
    if (options.host === 'cli' || isOurs) return
    try {
      recent.add(path)
    } catch (error) {
      // The model is open: a full disk is no reason to say that it is not.
      warn(`'${path}' could not be put among the recent files: ${(error as Error).message}`)
    }
  }

  return {
    async request(clientId, name, params) {
      const startedAt = performance.now()
      try {
        const value = await serve(clientId, name, params)
        log.write('info', `${name} ${(performance.now() - startedAt).toFixed(0)} ms`)
        return { ok: true, value }
      } catch (error) {
        const data = toErrorData(error)
        const stack = data.code === 'internal' && error instanceof Error ? `\n${error.stack ?? ''}` : ''
        log.write('error', `${name} ${data.code}: ${data.message}${stack}`)
        return { ok: false, error: data }
      }
    },
    subscribe(clientId, listener) {
      const own = listeners.get(clientId) ?? new Set()
      listeners.set(clientId, own.add(listener))
      return () => {
        own.delete(listener)
        if (own.size === 0) listeners.delete(clientId)
      }
    },
    async closeClient(clientId) {
      engine.closeOwner(clientId)
      await jobs.cancelOwner(clientId)
      await tries.close(clientId)
    },
    downloadable(clientId, path) {
      if (engine.openPaths(clientId).includes(path) && !workspace.isVariant(path)) return [path]
      return workspace.variantFiles(path)
    },
    startEngine: () => engine.start(),
    openFiles: (paths) => tellAll({ name: 'openFiles', payload: { paths: [...paths] } }),
    pids: () => ({ engine: engine.pid(), job: jobs.runningPid() }),
    log: (message) => log.write('info', message),
    async dispose() {
      devices.dispose()
      await jobs.dispose()
      await tries.dispose()
      await engine.dispose()
    },
  }
}

/** What a job measured on phones, with models where they are kept now. */
function runsOnPhones({ request, result }: FinishedJob, kept: unknown): DeployResult[] {
  if (request.kind === 'deploy') return [DeployResult.parse(result)]
  if (request.kind !== 'optimize') return []
  const { phoneRuns, report } = jobKinds.optimize.result.parse(result)
  const { variant } = jobKinds.optimize.result.parse(kept)
  return phoneRuns.map((run) => (variant !== null && run.model.path === report.result.path ? { ...run, model: { ...run.model, path: variant.modelPath } } : run))
}

function isRequestName(name: string): name is RequestName {
  return Object.hasOwn(requests, name)
}

/** One place where the handler found by a name meets the parameters parsed by the same name. */
function answerFrom(handlers: ShellHandlers, { name, params, clientId }: { name: ShellRequestName; params: unknown; clientId: string }): unknown {
  const handler = handlers[name] as (params: unknown, clientId: string) => unknown
  return handler(params, clientId)
}
