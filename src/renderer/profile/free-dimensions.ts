import type { ModelSummary } from '#shared/ipc/model-view'

/** Sizes that inputs leave open: symbols once each, unknown ones as `input:axis`. */
export function freeDimensions(inputs: ModelSummary['inputs']): readonly string[] {
  const names = new Set<string>()
  for (const { name, shape } of inputs) {
    shape?.forEach((dim, axis) => {
      if (typeof dim === 'string') names.add(dim)
      else if (dim === null) names.add(`${name}:${axis}`)
    })
  }
  return [...names]
}

/** One sample: the free dimension that every input has first, where there is one. */
export function oneSample(inputs: ModelSummary['inputs']): Readonly<Record<string, number>> {
  const [first] = inputs
  const dim = first?.shape?.[0]
  return typeof dim === 'string' && inputs.every(({ shape }) => shape?.[0] === dim) ? { [dim]: 1 } : {}
}
