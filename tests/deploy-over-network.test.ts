/** A model run by a browser on another computer, without adb: two networks of namespaces, joined by one link. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { DeployResult } from '#shared/deploy'
import { hasBrowser } from './fixtures/deploy-to-rig'

const here = import.meta.dirname
const canJoinNetworks = process.platform === 'linux' && spawnSync('unshare', ['-Urn', 'sh', '-c', 'ip link add near type veth peer name far && command -v ss'], { stdio: 'ignore' }).status === 0
if (!canJoinNetworks) console.log('Skipped: another computer on the network, because this system allows no networks of our own.')

const Printed = z.object({ during: z.array(z.string()), afterwards: z.array(z.string()), result: DeployResult })

test.skipIf(!canJoinNetworks || !hasBrowser)(
  'a browser on another computer runs the model; only that network’s address listens, and only until the run is over',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'edgefit-two-computers-'))
    const both = spawn('unshare', ['-Urn', 'bash', join(here, 'fixtures/phone-rig/two-computers.sh'), process.execPath, join(here, 'fixtures/deploy-over-network.ts'), join(folder, 'profile')], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TMPDIR: folder },
    })
    try {
      let text = ''
      for await (const chunk of both.stdout) {
        text += String(chunk)
        if (text.endsWith('\n')) break
      }
      const { during, afterwards, result } = Printed.parse(JSON.parse(text))
      expect(during).toEqual([expect.stringMatching(/^10\.77\.0\.1:\d+$/)])
      expect(afterwards).toEqual([])
      // Plain HTTP is no secure place: one thread.
      expect(result.conditions.runtime).toMatch(/^onnxruntime-web 1\.\d+\.\d+, wasm, 1 thread, Chrome \d+$/)
      expect(result.outputError).toHaveLength(1)
      for (const { maxAbs } of result.outputError) expect(maxAbs).toBeLessThanOrEqual(1e-4)
    } finally {
      endGroup(both.pid)
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    }
  },
  180_000,
)

/** It may have ended by itself. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
