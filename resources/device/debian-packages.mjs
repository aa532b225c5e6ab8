/** Packages of Debian trixie, downloaded with an apt state of our own and unpacked: nothing is installed. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A mirror that does not answer is given up. */
const TIMEOUT_MS = 180_000
const SOURCES = '/etc/apt/sources.list.d'

/**
 * Unpacks each package into a folder of its own and returns those folders, named `<package>_<architecture>`.
 * `folder` is empty, for this call alone; what the packages depend on comes too where `withDependencies` is set.
 */
export function unpackDebianPackages(folder, { names, architectures, withDependencies = false }) {
  for (const own of ['lists/partial', 'cache', 'debs/partial', 'unpacked']) mkdirSync(join(folder, own), { recursive: true })
  writeFileSync(join(folder, 'status'), '')
  writeFileSync(join(folder, 'trixie.sources'), `Types: deb\nURIs: ${debianMirror()}\nSuites: trixie\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`)
  writeFileSync(
    join(folder, 'apt.conf'),
    `APT::Architecture "amd64"; APT::Architectures { ${architectures.map((name) => `"${name}";`).join(' ')} };
Dir::State "${folder}"; Dir::State::lists "${folder}/lists"; Dir::State::status "${folder}/status"; Dir::Cache "${folder}/cache"; Dir::Cache::archives "${folder}/debs";
Dir::Etc::sourcelist "${folder}/trixie.sources"; Dir::Etc::sourceparts "/dev/null"; APT::Sandbox::User "root"; Acquire::Languages "none";
`,
  )
  const debs = join(folder, 'debs')
  const options = { cwd: debs, env: { ...process.env, APT_CONFIG: join(folder, 'apt.conf') }, stdio: ['ignore', 'ignore', 'inherit'], timeout: TIMEOUT_MS }
  execFileSync('apt-get', ['-qq', 'update'], options)
  execFileSync('apt-get', ['-qq', ...(withDependencies ? ['-y', '--no-install-recommends', '--download-only', 'install'] : ['download']), ...names], options)
  return readdirSync(debs)
    .filter((name) => name.endsWith('.deb'))
    .map((deb) => {
      const [name, , architecture] = deb.replace(/\.deb$/, '').split('_')
      const unpacked = join(folder, 'unpacked', `${name}_${architecture}`)
      execFileSync('dpkg-deb', ['-x', join(debs, deb), unpacked])
      return unpacked
    })
}

/** The Debian mirror that this machine's own apt uses. */
function debianMirror() {
  const files = ['/etc/apt/sources.list', ...(existsSync(SOURCES) ? readdirSync(SOURCES).map((name) => join(SOURCES, name)) : [])].filter(existsSync)
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n')).filter((line) => !/^\s*#/.test(line))
  return lines.flatMap((line) => line.split(/\s+/)).find((word) => /^https?:.*\/debian\/?$/.test(word)) ?? 'http://deb.debian.org/debian'
}
