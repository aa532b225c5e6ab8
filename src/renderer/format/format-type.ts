import type { TypeView } from '#shared/ipc/model-view'

/** `batch × 3 × 224 × 224`; `?` for unknown sizes, `scalar` is left to the caller as an empty string. */
export function formatShape(shape: readonly (number | string | null)[]): string {
  return shape.map((dim) => dim ?? '?').join(' × ')
}

/** `float32[batch, 10]`; without brackets where the rank is unknown. */
export function formatType({ type, shape }: Pick<TypeView, 'type' | 'shape'>): string {
  return shape === null || type.includes('[') ? type : `${type}[${shape.map((dim) => dim ?? '?').join(', ')}]`
}

/** The file's name out of a path of either system. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path
}

/** The name without `.onnx`. */
export function modelBaseName(path: string): string {
  return fileName(path).replace(/\.onnx$/i, '')
}

export function folderOf(path: string): string {
  const end = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'))
  return end <= 0 ? path : path.slice(0, end)
}
