/** The usual ways in which pixel values of 0…255 become a model's numbers. */
import { IMAGENET } from '#shared/evaluation/guess-preprocessing'

interface Scaling {
  readonly scale: number
  readonly mean: number[]
  readonly std: number[]
}

export const scalings = {
  unit: { scale: 1 / 255, mean: [0], std: [1] },
  symmetric: { scale: 1 / 127.5, mean: [1], std: [1] },
  imagenet: { scale: 1 / 255, mean: [...IMAGENET.mean], std: [...IMAGENET.std] },
  bytes: { scale: 1, mean: [0], std: [1] },
} satisfies Record<string, Scaling>
export type ScalingName = keyof typeof scalings

/** Which of them this is. */
export function scalingOf({ scale, mean, std }: Scaling): ScalingName | 'custom' {
  const same = (a: readonly number[], b: readonly number[]) => a.length === b.length && a.every((value, at) => Math.abs(value - (b[at] ?? 0)) < 1e-9)
  const names: readonly ScalingName[] = ['unit', 'symmetric', 'imagenet', 'bytes']
  return names.find((name) => Math.abs(scalings[name].scale - scale) < 1e-9 && same(scalings[name].mean, mean) && same(scalings[name].std, std)) ?? 'custom'
}
