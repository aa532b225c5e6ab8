/**
 * Nothing connects outward: a whole session (browser host, engine, a job of each kind with onnxruntime) runs under strace,
 * which sees every connect and every datagram of every process and thread, also those that would fail.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Answer } from '#shared/ipc/contract'
import { appRoot, sample } from '../src/main/host/testing/sample'

const cli = join(appRoot, 'out/main/cli.js')
/** Why it cannot be watched here, or null: containers may forbid tracing. */
const obstacle = findObstacle()
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgefit-network-'))
  if (obstacle !== null) console.log(`Not checked that nothing connects outward: ${obstacle}`)
  else if (!existsSync(cli)) throw new Error('The studio is not built: run `npm run build` first (`npm test` does).')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function findObstacle(): string | null {
  const { error, status, stderr } = spawnSync('strace', ['-f', '-qq', '-o', '/dev/null', 'true'], { encoding: 'utf8' })
  if (error) return 'strace is not installed (apt-get install strace).'
  return status === 0 ? null : `strace may not trace: ${stderr.trim()}`
}

function traced(trace: string, args: readonly string[]): ChildProcess {
  const watched = ['-f', '-qq', '-s', '4096', '-e', 'trace=execve,connect,sendto,sendmsg,sendmmsg', '-e', 'signal=none', '-o', trace]
  const child = spawn('strace', [...watched, process.execPath, ...args], { cwd: folder, detached: true, env: { ...process.env, EDGEFIT_HOME: join(folder, 'home') } })
  // A test that fails in the middle leaves nothing that runs beside its second try.
  onTestFinished(() => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL')
  })
  return child
}

/** Addresses beyond this machine that a trace shows. Unix sockets and netlink stay inside. */
function outward(trace: string): string[] {
  const lines = readFileSync(trace, 'utf8').split('\n').filter((line) => line.includes('AF_INET'))
  return lines.filter((line) => !/inet_addr\("127\.|inet_pton\(AF_INET6, "(::1|::ffff:127\.[\d.]+)"/.test(line))
}

function ended(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once('exit', resolve))
}

test.skipIf(obstacle !== null)('the watch sees a connection and a datagram that leave the machine', async () => {
  const trace = join(folder, 'canary.txt')
  const script = `
    const net = require('node:net'), dgram = require('node:dgram')
    const socket = net.connect({ host: '192.0.2.1', port: 9 }); socket.on('error', () => {}); setTimeout(() => socket.destroy(), 200)
    const datagram = dgram.createSocket('udp4'); datagram.send('x', 9, '192.0.2.2', () => datagram.close())
    net.connect({ host: '127.0.0.1', port: 9 }).on('error', () => {})`
  await ended(traced(trace, ['-e', script]))
  const seen = outward(trace).join('\n')
  expect(seen).toContain('192.0.2.1')
  expect(seen).toContain('192.0.2.2')
  expect(seen).not.toContain('127.0.0.1')
})

test.skipIf(obstacle !== null)('a session with a model opened, optimized, profiled and compared connects to nothing outside', async () => {
  const trace = join(folder, 'session.txt')
  const server = traced(trace, [cli, 'serve'])
  const url = new URL(await printedUrl(server))
  const page = await fetch(url)
  const headers = { cookie: page.headers.get('set-cookie')?.split(';')[0] ?? '', origin: url.origin, 'x-edgefit-client': 'window-0001' }
  const ask = async (name: string, params: unknown) => {
    const response = await fetch(`${url.origin}/api/request/${name}`, { method: 'POST', headers, body: JSON.stringify(params) })
    const answer = (await response.json()) as Answer
    if (!answer.ok) throw new Error(answer.error.message)
    return answer.value
  }
  const events = new WebSocket(`ws://${url.host}/api/events?client=window-0001`, { headers })
  const ends: string[] = []
  events.on('message', (data: Buffer) => {
    const { payload } = JSON.parse(data.toString('utf8')) as { payload: { type?: string } }
    if (['done', 'failed', 'cancelled'].includes(payload.type ?? '')) ends.push(payload.type ?? '')
  })
  await new Promise((resolve) => events.once('open', resolve))
  await ask('model.open', { path: sample.model })
  const data = { kind: 'path', path: sample.calibration }
  await ask('job.start', { kind: 'optimize', params: { modelPath: sample.model, data, recipe: { name: 'int8', passes: [{ pass: 'quantize-dynamic' }] } } })
  await ask('job.start', { kind: 'profile', params: { modelPath: sample.model, data, options: { runs: 3 } } })
  await ask('job.start', { kind: 'compare', params: { a: sample.model, b: sample.model, data, options: { runs: 3 } } })
  await expect.poll(() => ends, { timeout: 120_000 }).toEqual(['done', 'done', 'done'])
  // Telemetry may wait before it sends.
  await new Promise((resolve) => setTimeout(resolve, 3000))
  events.terminate()
  const over = ended(server)
  for (const pid of childrenOf(server.pid ?? 0)) process.kill(pid, 'SIGTERM')
  await over
  // The watch was on every process: the shell, the engine and three jobs.
  expect(readFileSync(trace, 'utf8').match(/execve\(.*engine\.js.* = 0$/gm)).toHaveLength(4)
  expect(outward(trace)).toEqual([])
}, 240_000)

function printedUrl(server: ChildProcess): Promise<string> {
  let printed = ''
  return new Promise((resolve, reject) => {
    server.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      const found = /http:\/\/127\.0\.0\.1:\d+\/\S*\n/.exec(printed)
      if (found) resolve(found[0].trim())
    })
    server.once('exit', (code) => reject(new Error(`it ended with code ${String(code)}: ${printed}`)))
  })
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}
