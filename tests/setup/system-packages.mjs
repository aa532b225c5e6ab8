/** What the tests need from the system beside Node. On Debian, as root, what is missing is installed; else one line says what to install. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const NEEDS = [
  { name: 'chromium', for: 'the journeys in a real browser', found: () => ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', process.env.EDGEFIT_CHROMIUM ?? ''].some((path) => path !== '' && existsSync(path)) },
  { name: 'fonts-noto-cjk', for: 'pictures of the Chinese window', found: () => existsSync('/usr/share/fonts/opentype/noto') || existsSync('/usr/share/fonts/noto-cjk') },
  { name: 'strace', for: 'the test that nothing connects outward', found: () => ['/usr/bin/strace', '/bin/strace'].some(existsSync) },
  { name: 'adb', for: 'the tests against a real adbd', found: () => ['/usr/bin/adb', '/bin/adb'].some(existsSync) },
  { name: 'iproute2', for: 'the network of the phone in those tests', found: () => ['/usr/bin/ip', '/bin/ip', '/sbin/ip', '/usr/sbin/ip'].some(existsSync) },
]

/** Returns the names of what is still missing afterwards. */
export function ensureSystemPackages() {
  const missing = () => NEEDS.filter((need) => !need.found())
  if (process.platform !== 'linux' || missing().length === 0) return missing().map(({ name }) => name)
  const names = missing().map(({ name }) => name)
  const canInstall = process.getuid() === 0 && existsSync('/usr/bin/apt-get')
  if (canInstall) {
    console.log(`Installing with apt: ${names.join(', ')}`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env })
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { stdio: 'inherit', env })
  }
  for (const need of missing()) console.log(`Missing: ${need.name}, for ${need.for}. Install it with: apt-get install ${need.name}`)
  return missing().map(({ name }) => name)
}
