import { openMatrixProducts } from './linear-algebra'
import type { ModelRunner } from './model-runner'

const SIZE = 768
const PRODUCTS = 40
const COPIED_BYTES = 64 * 1024 * 1024
const COPIES = 8

/**
 * What this computer reaches: GFLOP/s of a matrix product in onnxruntime on all cores, and GB/s of copying memory. The best of several:
 * peaks are what is possible, not what is usual.
 */
export async function measurePeaks(runner: ModelRunner, signal?: AbortSignal): Promise<{ gflops: number; gbPerSecond: number }> {
  const products = await openMatrixProducts(runner)
  try {
    const values = Float32Array.from({ length: SIZE * SIZE }, (_, at) => (at % 17) / 17)
    let fastestMs = Infinity
    for (let run = 0; run < PRODUCTS; run++) {
      signal?.throwIfAborted()
      const started = performance.now()
      await products.transposedProduct(values, values, { inner: SIZE, rows: SIZE, columns: SIZE })
      fastestMs = Math.min(fastestMs, performance.now() - started)
    }
    return { gflops: (2 * SIZE ** 3) / fastestMs / 1e6, gbPerSecond: (2 * COPIED_BYTES) / copyMs() / 1e6 }
  } finally {
    await products.close()
  }
}

function copyMs(): number {
  const [from, to] = [new Float64Array(COPIED_BYTES / 8).fill(1), new Float64Array(COPIED_BYTES / 8)]
  let fastestMs = Infinity
  for (let run = 0; run < COPIES; run++) {
    const started = performance.now()
    to.set(from)
    fastestMs = Math.min(fastestMs, performance.now() - started)
  }
  return fastestMs
}
