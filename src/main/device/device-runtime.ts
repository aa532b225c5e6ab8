/** The native runtime for phones, as `npm run build:device-runtime` assembles it. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '#shared/errors'
import { findAppRoot } from '../host/app-root'

const Manifest = z.object({
  abi: z.string(),
  /** Of all files and their names. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  loader: z.string().regex(/^[\w.-]+$/),
  onnxruntime: z.string(),
  /** SHA-256 of the runner's source; builds from before this was noted have none. */
  runnerSource: z.string().optional(),
  files: z.array(z.object({ name: z.string().regex(/^[\w.+-]+$/), sha256: z.string(), sizeBytes: z.number() })),
})

export interface DeviceRuntime extends z.infer<typeof Manifest> {
  /** Local folder of the files. */
  readonly folder: string
}

/** Processors there is a native runtime for, as Android names them. */
const SUPPORTED = ['arm64-v8a', 'x86_64']

/** Where the runtimes are: EDGEFIT_DEVICE_RUNTIME, or the build's own folder. */
export function deviceRuntimeFolder(appRoot: string, env: NodeJS.ProcessEnv = process.env): string {
  return env['EDGEFIT_DEVICE_RUNTIME'] || join(appRoot, 'out', 'device-runtime')
}

/** The runtime for the first of the phone's ABIs that has one. Throws AppError not-supported, or not-found where it was not built, or is out of date. */
export function openDeviceRuntime(folder: string, abis: readonly string[]): DeviceRuntime {
  const abi = abis.find((name) => SUPPORTED.includes(name))
  if (abi === undefined) {
    throw new AppError({
      code: 'not-supported',
      message: `There is no native runtime for this phone's processor (${abis.join(', ') || 'it names none'}).`,
      hint: `Native runs need one of: ${SUPPORTED.join(', ')}.`,
    })
  }
  const pointer = join(folder, `${abi}.json`)
  if (!existsSync(pointer)) {
    throw new AppError({ code: 'not-found', message: `The runtime for ${abi} phones has not been built.`, hint: `Run \`npm run build:device-runtime -- ${abi}\` (Debian; it downloads some 10 MB).` })
  }
  const { folder: name } = z.object({ folder: z.string().regex(/^[\w-]+$/) }).parse(JSON.parse(readFileSync(pointer, 'utf8')))
  const own = join(folder, name)
  const manifest = Manifest.parse(JSON.parse(readFileSync(join(own, 'manifest.json'), 'utf8')))
  if (isOutdated(manifest)) {
    throw new AppError({ code: 'not-found', message: `The runtime for ${abi} phones was built from another version of its source.`, hint: `Run \`npm run build:device-runtime -- ${abi}\` again.` })
  }
  return { ...manifest, folder: own }
}

/** Desktop and runner speak to each other in arguments and lines that change together. */
function isOutdated({ runnerSource }: z.infer<typeof Manifest>): boolean {
  const source = join(findAppRoot(import.meta.dirname), 'resources/device/runner.c')
  return existsSync(source) && createHash('sha256').update(readFileSync(source)).digest('hex') !== runnerSource
}
