/** What the tests on phones need beside packages: the phone's own adbd, and the native runtime for each processor that can be tried here. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..')
const adbd = process.env.EDGEFIT_ADBD || join(repository, 'out/adbd')
const runtimes = process.env.EDGEFIT_DEVICE_RUNTIME || join(repository, 'out/device-runtime')
/** Where the network is slow the tests do without. */
const TIMEOUT_MS = 240_000

/** The compilers, and for arm64 what runs its programs here. */
const ABIS = {
  x86_64: () => existsSync('/usr/bin/gcc'),
  'arm64-v8a': () => existsSync('/usr/bin/aarch64-linux-gnu-gcc') && existsSync('/usr/bin/qemu-aarch64-static'),
}

/** Fetches and builds what is missing or out of date, in some ten seconds for each; where that fails one line says so, and the tests that need it are skipped. */
export async function ensurePhoneRuntime() {
  if (process.platform !== 'linux' || process.arch !== 'x64' || !existsSync('/usr/bin/apt-get')) return
  const missing = Object.entries(ABIS).flatMap(([abi, canBuild]) => (canBuild() && !isBuilt(abi) ? [abi] : []))
  // Both wait for downloads most of the time.
  const fetched = attempt('adbd of the test phones', [join(repository, 'tests/fixtures/phone-rig/fetch-adbd.mjs'), adbd])
  if (missing.length > 0) await attempt(`native runtime for ${missing.join(', ')} phones`, [join(repository, 'resources/device/build-runtime.mjs'), ...missing])
  await fetched
}

async function attempt(what, args) {
  const start = performance.now()
  const child = spawn(process.execPath, args, { cwd: repository, stdio: 'inherit', timeout: TIMEOUT_MS })
  const status = await new Promise((resolve) => child.once('error', () => resolve(null)).once('close', resolve))
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(status === 0 ? `Ready: ${what} (${seconds} s)` : `Missing: ${what}; the tests that need it are skipped`)
}

/** Built from this runner and this version of onnxruntime. */
function isBuilt(abi) {
  try {
    const { folder } = readJson(join(runtimes, `${abi}.json`))
    const { runnerSource, onnxruntime } = readJson(join(runtimes, folder, 'manifest.json'))
    const source = createHash('sha256').update(readFileSync(join(repository, 'resources/device/runner.c'))).digest('hex')
    return runnerSource === source && onnxruntime === readJson(join(repository, 'node_modules/onnxruntime-node/package.json')).version
  } catch {
    return false
  }
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}
