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
