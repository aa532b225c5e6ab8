/** Runs before all unit tests and before all journeys: what they and the processes they start put in the temporary folder goes when they end. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export default function temporaryFolder(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'edgefit-tests-'))
  process.env['TMPDIR'] = folder
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  // A run that is broken off ends without what it would do at its end.
  process.once('exit', remove)
  return remove
}
