/** Rounding that looks at what the weights are multiplied with. */

/** Sweeps over the weights of a channel; most settle within five. */
const SWEEPS = 24
/** Of the mean square, added to each: so that columns which were always zero round to nearest. */
const DAMPING = 1e-4

export interface RoundingProblem {
  /** Real weights in steps of their channel's scale, zero point added: [rows, columns]. */
  readonly steps: Float64Array
  readonly columns: number
  /** Mean of patch·patchᵀ, [columns, columns]. */
  readonly products: Float64Array
  readonly qmin: number
  readonly qmax: number
}

export interface LearnedRounding {
  /** [rows, columns] */
  readonly codes: Float64Array
  /** Mean square error of the layer's products, in steps, with each rounded to nearest, and as learned. */
  readonly nearestError: number
  readonly learnedError: number
}

/**
 * Chooses up or down for each weight so that the layer's products change least: the objective of AdaRound (Nagel et al. 2020, "Up or
 * Down?", equation 13 for one linear layer). Its gradient, A·(q − w), needs no samples once A = E[x·xᵀ] is known, and the change that
 * turning one weight makes is exact; so weights are turned one by one while that helps, instead of following relaxed ones by small steps.
 */
export function nearestProducts({ steps, columns, products, qmin, qmax }: RoundingProblem): LearnedRounding {
  const codes = steps.map((step) => Math.min(qmax, Math.max(qmin, Math.round(step))))
  const diagonal = Float64Array.from({ length: columns }, (_, at) => products[at * columns + at] as number)
  const damping = (DAMPING * diagonal.reduce((sum, value) => sum + value, 0)) / columns
  let [nearestError, learnedError] = [0, 0]
  const gradient = new Float64Array(columns)
  for (let from = 0; from < steps.length; from += columns) {
    const row = { steps: steps.subarray(from, from + columns), codes: codes.subarray(from, from + columns) }
    fillGradient(gradient, row, products)
    nearestError += errorOf(row, gradient)
    let isTurning = true
    for (let sweep = 0; sweep < SWEEPS && isTurning; sweep++) {
      isTurning = false
      for (let at = 0; at < columns; at++) {
        const [step, code] = [row.steps[at] as number, row.codes[at] as number]
        const other = code >= step ? Math.floor(step) : Math.ceil(step)
        const change = (other === code ? code - 1 : other) - code
        if (code + change < qmin || code + change > qmax || Math.abs(code + change - step) >= 1) continue
        const own = (diagonal[at] as number) + damping
        if (2 * change * ((gradient[at] as number) + damping * (code - step)) + own >= 0) continue
        row.codes[at] = code + change
        for (let column = 0, index = at * columns; column < columns; column++, index++) gradient[column] = (gradient[column] as number) + change * (products[index] as number)
        isTurning = true
      }
    }
    learnedError += errorOf(row, gradient)
  }
  const rows = steps.length / columns
  return { codes, nearestError: nearestError / rows, learnedError: learnedError / rows }
}

interface Row {
  readonly steps: Float64Array
  readonly codes: Float64Array
}

/** A·(q − w) */
function fillGradient(gradient: Float64Array, { steps, codes }: Row, products: Float64Array): void {
  const { length } = steps
  gradient.fill(0)
  for (let at = 0; at < length; at++) {
    const error = (codes[at] as number) - (steps[at] as number)
    if (error === 0) continue
    for (let column = 0, index = at * length; column < length; column++, index++) gradient[column] = (gradient[column] as number) + error * (products[index] as number)
  }
}

/** (q − w)ᵀ·A·(q − w) */
function errorOf({ steps, codes }: Row, gradient: Float64Array): number {
  return codes.reduce((sum, code, at) => sum + (code - (steps[at] as number)) * (gradient[at] as number), 0)
}
