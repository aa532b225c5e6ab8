/** A graph view for tests, from a few words: `Conv(x, W) -> y`. */
import type { GraphView, NodeView } from '#shared/ipc/model-view'

interface SampleOptions {
  inputs?: string[]
  outputs?: string[]
  initializers?: Record<string, number[]>
  kind?: GraphView['kind']
}

/** Each line is `name: OpType(inputs) -> outputs`; ids are 1, 2, 3 … in order. */
export function sampleView(lines: readonly string[], { inputs = ['x'], outputs = [], initializers = {}, kind = 'main' }: SampleOptions = {}): GraphView {
  const nodes = lines.map((line, index): NodeView => {
    const [, name = '', opType = '', read = '', written = ''] = /^(?:(.*?): )?(\w+)\((.*)\) -> (.*)$/.exec(line) ?? []
    return {
      id: index + 1,
      name,
      opType,
      domain: '',
      inputs: list(read),
      outputs: list(written),
      attributes: [],
      parameterCount: list(read).filter((input) => input in initializers).length * 10,
      parameterBytes: 0,
      macs: null,
    }
  })
  const named = (name: string) => ({ name, type: 'float32', shape: [1, 8] })
  return {
    graphId: 1,
    name: 'sample',
    kind,
    path: [],
    inputs: inputs.map(named),
    outputs: outputs.map(named),
    nodes,
    initializers: Object.entries(initializers).map(([name, dims]) => ({ name, dtype: 'float32', dims, sizeBytes: 4, storage: 'inside' })),
    inputNames: { ':Conv': ['X', 'W', 'B'] },
    values: Object.fromEntries(nodes.flatMap((node) => node.outputs.map((name) => [name, { type: 'float32', shape: [1, 8] }]))),
  }
}

function list(text: string): string[] {
  return text === '' ? [] : text.split(', ')
}
