#!/usr/bin/env node
/**
 * `npm run build:device-runtime [x86_64] [arm64-v8a]`: assembles what a phone needs to run a model without an NDK, for each
 * processor: Debian's glibc loader and libraries, the onnxruntime of npm's onnxruntime-node, and our own runner.
 *
 * Result: `out/device-runtime/<abi>-<hash>/` with the files, their licences and `manifest.json`, and `<abi>.json` naming it.
 * Needs: apt and the Debian archive keyring (packages are downloaded, nothing is installed), gcc, and for arm64-v8a
 * Debian's gcc-aarch64-linux-gnu.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unpackDebianPackages } from './debian-packages.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '../..')
const target = process.env.EDGEFIT_DEVICE_RUNTIME || join(root, 'out', 'device-runtime')

/** Loaders have fixed names: the runner's own file says which it wants. */
const ABIS = {
  x86_64: { debian: 'amd64', triplet: 'x86_64-linux-gnu', npm: 'x64', loader: 'ld-linux-x86-64.so.2', compilers: ['x86_64-linux-gnu-gcc', 'gcc'] },
  'arm64-v8a': { debian: 'arm64', triplet: 'aarch64-linux-gnu', npm: 'arm64', loader: 'ld-linux-aarch64.so.1', compilers: ['aarch64-linux-gnu-gcc'] },
}
const LIBRARIES = ['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'librt.so.1', 'libstdc++.so.6', 'libgcc_s.so.1']
const PACKAGES = ['libc6', 'libstdc++6', 'libgcc-s1']

function findFolder(folders, name) {
  const found = folders.find((folder) => basename(folder) === name)
  if (!found) throw new Error(`apt brought no ${name}`)
  return found
}

function findFile(folders, name) {
  const found = folders.map((folder) => join(folder, name)).find(existsSync)
  if (!found) throw new Error(`${name} is in none of ${folders.join(', ')}`)
  return realpathSync(found)
}

function compile(abi, include, output) {
  const compiler = abi.compilers.find((name) => (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, name))))
  if (!compiler) throw new Error(`no compiler for ${abi.debian}: apt-get install gcc-${abi.triplet.replaceAll('_', '-')}`)
  execFileSync(compiler, ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-isystem', include, '-o', output, join(here, 'runner.c'), '-ldl', '-lpthread', '-s'], { stdio: 'inherit' })
}

const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex')

function assemble(name, unpacked, scratch) {
  const abi = ABIS[name]
  const folder = join(scratch, name)
  mkdirSync(join(folder, 'licences'), { recursive: true })
  const roots = PACKAGES.map((packageName) => unpacked(packageName, abi.debian))
  const places = roots.flatMap((place) => [`usr/lib/${abi.triplet}`, `lib/${abi.triplet}`, 'usr/lib64', 'lib64', 'usr/lib', 'lib'].map((sub) => join(place, sub)))
  for (const file of [abi.loader, ...LIBRARIES]) copyFileSync(findFile(places, file), join(folder, file))
  const onnxruntime = join(root, 'node_modules/onnxruntime-node')
  const [binding] = readdirSync(join(onnxruntime, 'bin')).toSorted().toReversed()
  copyFileSync(join(onnxruntime, 'bin', binding, 'linux', abi.npm, 'libonnxruntime.so.1'), join(folder, 'libonnxruntime.so.1'))
  compile(abi, findHeaderFolder(unpacked('libonnxruntime-dev', 'amd64')), join(folder, 'runner'))
  const files = readdirSync(folder)
    .filter((file) => file !== 'licences')
    .toSorted()
    .map((file) => ({ name: file, sha256: sha256(join(folder, file)), sizeBytes: readFileSync(join(folder, file)).length }))
  for (const [at, packageName] of PACKAGES.entries()) {
    const copyright = join(roots[at], 'usr/share/doc', packageName, 'copyright')
    // libstdc++6 and libgcc-s1 carry a link to the copyright of gcc-14-base, which is a package of its own.
    copyFileSync(existsSync(copyright) ? copyright : join(unpacked('gcc-14-base', abi.debian), 'usr/share/doc/gcc-14-base/copyright'), join(folder, 'licences', packageName))
  }
  // npm's package carries no licence text; Debian's packaging of the same source does.
  copyFileSync(join(unpacked('libonnxruntime-dev', 'amd64'), 'usr/share/doc/libonnxruntime-dev/copyright'), join(folder, 'licences', 'onnxruntime'))
  const hash = createHash('sha256').update(files.map((file) => `${file.sha256}  ${file.name}\n`).join('')).digest('hex')
  const { version } = JSON.parse(readFileSync(join(onnxruntime, 'package.json'), 'utf8'))
  const manifest = { abi: name, hash, loader: abi.loader, onnxruntime: version, runnerSource: sha256(join(here, 'runner.c')), files }
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  return { folder, manifest }
}

function findHeaderFolder(unpacked) {
  const include = join(unpacked, 'usr/include')
  for (const sub of ['onnxruntime', 'onnxruntime/core/session', '']) if (existsSync(join(include, sub, 'onnxruntime_c_api.h'))) return join(include, sub)
  throw new Error(`libonnxruntime-dev holds no onnxruntime_c_api.h`)
}

function keep({ folder, manifest }) {
  const kept = join(target, `${manifest.abi}-${manifest.hash.slice(0, 16)}`)
  mkdirSync(target, { recursive: true })
  rmSync(kept, { recursive: true, force: true })
  // Copied, not renamed: the scratch folder may be on another disk.
  const part = `${kept}.part-${process.pid}`
  execFileSync('cp', ['-R', folder, part])
  renameSync(part, kept)
  writeFileSync(join(target, `${manifest.abi}.json`), `${JSON.stringify({ folder: kept.slice(target.length + 1) })}\n`)
  const bytes = manifest.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  console.log(`${manifest.abi}: ${(bytes / 1e6).toFixed(1)} MB, onnxruntime ${manifest.onnxruntime}, in ${kept}`)
}

function main(names) {
  const unknown = names.filter((name) => !(name in ABIS))
  if (unknown.length > 0) throw new Error(`unknown processor ${unknown.join(', ')}; known are ${Object.keys(ABIS).join(', ')}`)
  const scratch = mkdtempSync(join(tmpdir(), 'edgefit-device-runtime-'))
  try {
    const wanted = names.flatMap((name) => [...PACKAGES, 'gcc-14-base'].map((packageName) => `${packageName}:${ABIS[name].debian}`))
    const architectures = [...new Set(['amd64', ...names.map((name) => ABIS[name].debian)])]
    const folders = unpackDebianPackages(join(scratch, 'apt'), { names: ['libonnxruntime-dev:amd64', ...wanted], architectures })
    const unpacked = (name, architecture) => findFolder(folders, `${name}_${architecture}`)
    for (const name of names) keep(assemble(name, unpacked, scratch))
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

try {
  main(process.argv.length > 2 ? process.argv.slice(2) : Object.keys(ABIS))
} catch (error) {
  console.error(`The device runtime was not built: ${error.message}`)
  process.exit(1)
}
