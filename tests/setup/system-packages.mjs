/** What the tests need from the system beside Node. On Debian, as root, what is missing is installed; else one line says what to install. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const NEEDS = [
  { name: 'chromium', for: 'the journeys in a real browser', found: () => ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', process.env.EDGEFIT_CHROMIUM ?? ''].some((path) => path !== '' && existsSync(path)) },
  { name: 'fonts-noto-cjk', for: 'pictures of the Chinese window', found: () => existsSync('/usr/share/fonts/opentype/noto') || existsSync('/usr/share/fonts/noto-cjk') },
  { name: 'strace', for: 'the test that nothing connects outward', found: () => ['/usr/bin/strace', '/bin/strace'].some(existsSync) },
  { name: 'adb', for: 'the tests against a real adbd', found: () => ['/usr/bin/adb', '/bin/adb'].some(existsSync) },
  { name: 'gcc', for: 'the program that runs models on phones', found: () => existsSync('/usr/bin/gcc') },
  { name: 'libc6-dev', for: 'the same', found: () => existsSync('/usr/include/stdio.h') },
  { name: 'iproute2', for: 'the network of the phone in those tests', found: () => ['/usr/bin/ip', '/bin/ip', '/sbin/ip', '/usr/sbin/ip'].some(existsSync) },
]

/** Apart from the others: not every Debian has them, and apt installs all that it is given or nothing. */
const NEEDS_OF_ARM64 = [
  { name: 'qemu-user-static', for: 'the arm64 phone', found: () => existsSync('/usr/bin/qemu-aarch64-static') },
  { name: 'gcc-aarch64-linux-gnu', for: 'the program that runs models on it', found: () => existsSync('/usr/bin/aarch64-linux-gnu-gcc') },
  { name: 'libc6-dev-arm64-cross', for: 'the same', found: () => existsSync('/usr/aarch64-linux-gnu/include/stdio.h') },
]

/** Returns the names of what is still missing afterwards. */
export function ensureSystemPackages() {
  const missing = () => [...NEEDS, ...NEEDS_OF_ARM64].filter((need) => !need.found())
  if (process.platform !== 'linux' || missing().length === 0) return missing().map(({ name }) => name)
  if (process.getuid() === 0 && existsSync('/usr/bin/apt-get')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env })
    for (const names of [NEEDS, NEEDS_OF_ARM64].map((needs) => needs.filter((need) => !need.found()).map(({ name }) => name))) {
      if (names.length === 0) continue
      console.log(`Installing with apt: ${names.join(', ')}`)
      spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { stdio: 'inherit', env })
    }
  }
  for (const need of missing()) console.log(`Missing: ${need.name}, for ${need.for}. Install it with: apt-get install ${need.name}`)
  return missing().map(({ name }) => name)
}
