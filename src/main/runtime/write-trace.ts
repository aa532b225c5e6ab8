import { basename } from 'node:path'
import { z } from 'zod'
import type { Conditions, KernelProfile } from '#shared/measurement'
import { writeFileAtomically } from './atomic-write'
import { profileLines } from './kernel-times'

export interface TraceOptions {
  /** onnxruntime's profile. */
  readonly profilePath: string
  readonly tracePath: string
  readonly nodesOf: (kernel: string) => KernelProfile['nodes']
  /** The model's path. */
  readonly title: string
  readonly conditions: Conditions
}

const TraceEvent = z.looseObject({ cat: z.string(), name: z.string(), pid: z.number(), tid: z.number(), args: z.record(z.string(), z.unknown()) })

/** Of a kernel's event, what helps to read it; the rest is onnxruntime's bookkeeping and most of the file. */
const KEPT_ARGUMENTS = new Set(['op_name', 'provider', 'input_type_shape', 'output_type_shape', 'output_size', 'parameter_size', 'activation_size'])

/**
 * Writes onnxruntime's profile in the Trace Event Format (JSON object form), each kernel with the nodes it was made from.
 * Streams: profiles of long loops are larger than memory. Throws as `writeFileAtomically` does.
 */
export async function writeTrace(options: TraceOptions): Promise<void> {
  await writeFileAtomically(options.tracePath, traceChunks(options))
}

async function* traceChunks({ profilePath, nodesOf, title, conditions }: TraceOptions): AsyncGenerator<Uint8Array> {
  const utf8 = new TextEncoder()
  const head = JSON.stringify({ displayTimeUnit: 'ms', otherData: { model: basename(title), ...conditions } })
  yield utf8.encode(`${head.slice(0, -1)},"traceEvents":[\n`)
  yield utf8.encode(JSON.stringify({ ph: 'M', name: 'process_name', pid: process.pid, args: { name: basename(title) } }))
  for await (const line of profileLines(profilePath)) {
    const event = TraceEvent.safeParse(line)
    if (event.success) yield utf8.encode(`,\n${JSON.stringify(describeEvent(event.data, nodesOf))}`)
  }
  yield utf8.encode('\n]}\n')
}

function describeEvent(event: z.infer<typeof TraceEvent>, nodesOf: TraceOptions['nodesOf']): unknown {
  if (event.cat !== 'Node') return event
  const name = event.name.replace(/_kernel_time$/, '')
  const args = Object.fromEntries(Object.entries(event.args).filter(([key]) => KEPT_ARGUMENTS.has(key)))
  return { ...event, name, args: { ...args, nodes: nodesOf(name).map((node) => `${node.opType} ${node.name}`) } }
}
