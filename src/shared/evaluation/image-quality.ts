/** How close a picture is to another: planes of `width · height` values, one for each channel. */

/** 10·log10(range² / mean squared error) in dB; infinite for equal pictures. */
export function psnr(reference: ArrayLike<number>, candidate: ArrayLike<number>, range: number): number {
  let squares = 0
  for (let at = 0; at < reference.length; at++) squares += (Number(reference[at]) - Number(candidate[at])) ** 2
  return squares === 0 ? Infinity : 10 * Math.log10((range * range * reference.length) / squares)
}

/**
 * Structural similarity of one plane (Wang et al. 2004): windows of 7 × 7 with equal weights, K1 0.01, K2 0.03, sample covariances, the mean
 * over all windows that lie inside. Smaller planes use the largest odd window that fits.
 */
export function ssim(reference: ArrayLike<number>, candidate: ArrayLike<number>, { width, height, range }: { width: number; height: number; range: number }): number {
  const side = Math.min(7, width, height)
  const window = side % 2 === 1 ? side : side - 1
  const count = window * window
  const unbias = count > 1 ? count / (count - 1) : 1
  const [c1, c2] = [(0.01 * range) ** 2, (0.03 * range) ** 2]
  const sums = [
    (at: number) => Number(reference[at]),
    (at: number) => Number(candidate[at]),
    (at: number) => Number(reference[at]) ** 2,
    (at: number) => Number(candidate[at]) ** 2,
    (at: number) => Number(reference[at]) * Number(candidate[at]),
  ].map((value) => summedArea(value, width, height))
  const [a, b, aa, bb, ab] = sums as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array]
  let total = 0
  let windows = 0
  for (let y = 0; y + window <= height; y++) {
    for (let x = 0; x + window <= width; x++) {
      const mean = (table: Float64Array) => boxSum(table, { x, y, window, stride: width + 1 }) / count
      const [ma, mb] = [mean(a), mean(b)]
      const va = (mean(aa) - ma * ma) * unbias
      const vb = (mean(bb) - mb * mb) * unbias
      const cov = (mean(ab) - ma * mb) * unbias
      total += ((2 * ma * mb + c1) * (2 * cov + c2)) / ((ma * ma + mb * mb + c1) * (va + vb + c2))
      windows++
    }
  }
  return total / windows
}

/** Sums of all values above and to the left, with a row and a column of zeros before them. */
function summedArea(value: (at: number) => number, width: number, height: number): Float64Array {
  const table = new Float64Array((width + 1) * (height + 1))
  for (let y = 1; y <= height; y++) {
    let row = 0
    for (let x = 1; x <= width; x++) {
      row += value((y - 1) * width + x - 1)
      table[y * (width + 1) + x] = (table[(y - 1) * (width + 1) + x] ?? 0) + row
    }
  }
  return table
}

function boxSum(table: Float64Array, { x, y, window, stride }: { x: number; y: number; window: number; stride: number }): number {
  const at = (row: number, column: number) => table[row * stride + column] ?? 0
  return at(y + window, x + window) - at(y, x + window) - at(y + window, x) + at(y, x)
}
