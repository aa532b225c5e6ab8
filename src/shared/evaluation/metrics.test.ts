/** Figures against values worked out by hand, or by the tools that are usual for them (named where they are). */
import { describe, expect, it } from 'vitest'
import { areaUnderRoc, argMax, classFigures, confusionMatrix, macroAuc, macroF1, rankOf } from './classification'
import { averagePrecision, boxIou, classPrecision, detectionOutcome } from './detection'
import { characters, editDistance, words } from './edit-distance'
import { psnr, ssim } from './image-quality'
import type { Outcome } from './metric'
import { classIous, compareOutcomes, metricInterval, metricValue } from './metric-value'
import { fromColumns, toColumns } from './outcome-columns'
import { mcnemarP, wilsonInterval } from './statistics'

const pair = (expected: number, predicted: number, name = `${expected}-${predicted}`): Outcome => ({ name, expected, predicted, score: expected === predicted ? 1 : 0, weight: 1 })
/** Labels 0 0 0 1 1 2 answered 0 0 1 1 1 0. */
const answers = [pair(0, 0, 'a'), pair(0, 0, 'b'), pair(0, 1, 'c'), pair(1, 1, 'd'), pair(1, 1, 'e'), pair(2, 0, 'f')]

describe('classification', () => {
  it('takes the first of equal scores, and never NaN', () => {
    expect(argMax([0.1, 0.4, 0.4])).toBe(1)
    expect(argMax([NaN, -1])).toBe(1)
    expect(argMax([])).toBe(-1)
  })

  it('ranks the label among the scores, equal ones before it first', () => {
    expect(rankOf([0.5, 0.2, 0.9], 0)).toBe(1)
    expect(rankOf([0.5, 0.5], 1)).toBe(1)
    expect(rankOf([0.5, NaN], 1)).toBe(2)
  })

  it('counts what was taken for what', () => {
    expect(confusionMatrix(answers, 3)).toEqual([
      [2, 1, 0],
      [0, 2, 0],
      [1, 0, 0],
    ])
  })

  it('gives precision, recall and F1 of each class', () => {
    expect(classFigures(answers, 4)).toMatchObject([
      { support: 3, correct: 2, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 },
      { support: 2, correct: 2, precision: 2 / 3, recall: 1, f1: 0.8 },
      { support: 1, correct: 0, precision: null, recall: 0, f1: 0 },
      { support: 0, precision: null, recall: null, f1: null },
    ])
  })

  it('averages F1 over classes that appear', () => {
    expect(macroF1(answers)).toBeCloseTo((2 / 3 + 0.8 + 0) / 3, 12)
  })

  it('finds the area under the ROC curve, ties counting half', () => {
    // Two positives over negatives 0.1, 0.4: of the four pairs three are in order.
    expect(areaUnderRoc([0.1, 0.4, 0.35, 0.8], [false, false, true, true])).toBe(0.75)
    expect(areaUnderRoc([0.5, 0.5], [false, true])).toBe(0.5)
    expect(areaUnderRoc([0.5, 0.7], [true, true])).toBeNaN()
  })

  it('averages each class against the rest where there are more than two', () => {
    const rows = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.6, 0.1, 0.3], [0.1, 0.2, 0.7]]
    const outcomes = rows.map((detail, at): Outcome => ({ name: String(at), score: 0, weight: 1, expected: [0, 1, 2, 2][at] ?? 0, detail }))
    // Class 0: 1 of 1 above three; class 1: its 0.7 above 0.1, 0.1, 0.2; class 2: both above 0.1, 0.1.
    expect(macroAuc(outcomes)).toBe(1)
  })
})

describe('detection', () => {
  const box = (x1: number, y1: number, x2: number, y2: number, classIndex = 0) => ({ x1, y1, x2, y2, classIndex })

  it('divides intersection by union', () => {
    expect(boxIou(box(0, 0, 2, 2), box(1, 1, 3, 3))).toBeCloseTo(1 / 7, 12)
    expect(boxIou(box(0, 0, 1, 1), box(1, 0, 2, 1))).toBe(0)
  })

  it('is 1 where every box is found exactly and nothing else', () => {
    const outcome = detectionOutcome('a', [box(0, 0, 10, 10), box(20, 0, 30, 10, 1)], [{ ...box(0, 0, 10, 10), score: 0.9 }, { ...box(20, 0, 30, 10, 1), score: 0.8 }])
    expect(averagePrecision([outcome.detail ?? []])).toBeCloseTo(1, 12)
  })

  it('counts a box only at thresholds its overlap reaches', () => {
    // IoU 0.8: seven of the ten thresholds (0.50 … 0.80).
    const outcome = detectionOutcome('a', [box(0, 0, 10, 10)], [{ ...box(0, 0, 10, 8), score: 0.9 }])
    expect(averagePrecision([outcome.detail ?? []])).toBeCloseTo(0.7, 12)
    expect(averagePrecision([outcome.detail ?? []], 0)).toBe(1)
  })

  it('loses precision by a better scored wrong box, at 101 recalls', () => {
    const found = { ...box(0, 0, 10, 10), score: 0.5 }
    const wrong = { ...box(50, 50, 60, 60), score: 0.9 }
    const outcome = detectionOutcome('a', [box(0, 0, 10, 10)], [wrong, found])
    expect(averagePrecision([outcome.detail ?? []])).toBeCloseTo(0.5, 12)
  })

  it('finds each label once', () => {
    const outcome = detectionOutcome('a', [box(0, 0, 10, 10), box(100, 0, 110, 10)], [{ ...box(0, 0, 10, 10), score: 0.9 }, { ...box(0, 0, 10, 10), score: 0.8 }])
    // Recall ends at one half: 51 of 101 points at precision 1.
    expect(classPrecision([outcome.detail ?? []])).toEqual([{ classIndex: 0, labels: 2, precision: expect.closeTo(51 / 101, 12) as number }])
  })
})

describe('text', () => {
  it('counts the fewest edits', () => {
    expect(editDistance([...'kitten'], [...'sitting'])).toBe(3)
    expect(editDistance([], [...'ab'])).toBe(2)
  })

  it('splits words at spaces, and Chinese by its words', () => {
    expect(words('  a  b ')).toEqual(['a', 'b'])
    expect(words('今天天气')).toEqual(['今天', '天气'])
    expect(characters('e\u0301 a')).toEqual(['é', ' ', 'a'])
  })

  it('divides all edits by all characters', () => {
    const outcomes: Outcome[] = [{ name: 'a', score: 3, weight: 6 }, { name: 'b', score: 0, weight: 4 }]
    expect(metricValue('cer', outcomes)).toBeCloseTo(0.3, 12)
  })
})

describe('pictures and values', () => {
  it('gives PSNR in dB', () => {
    // Every value off by 0.1: 10·log10(1 / 0.01).
    expect(psnr([0, 0.5, 1], [0.1, 0.6, 0.9], 1)).toBeCloseTo(20, 9)
    expect(psnr([1], [1], 1)).toBe(Infinity)
  })

  it('gives SSIM 1 for the same picture, and the closed form for flat ones', () => {
    const flat = (value: number) => new Float64Array(64).fill(value)
    const options = { width: 8, height: 8, range: 1 }
    const noisy = Float64Array.from({ length: 64 }, (_, at) => ((at * 37) % 64) / 64)
    expect(ssim(noisy, noisy, options)).toBeCloseTo(1, 12)
    // Without variance only means count: (2ab + c1) / (a² + b² + c1).
    expect(ssim(flat(0.5), flat(0.25), options)).toBeCloseTo((2 * 0.125 + 0.0001) / (0.25 + 0.0625 + 0.0001), 9)
  })

  it('takes the root over all elements, not the mean of roots', () => {
    const outcomes: Outcome[] = [{ name: 'a', score: 4, weight: 1 }, { name: 'b', score: 5, weight: 2 }]
    expect(metricValue('rmse', outcomes)).toBeCloseTo(Math.sqrt(3), 12)
    expect(metricValue('mae', outcomes)).toBe(3)
  })

  it('gives SQNR of all samples together, at most 200 dB', () => {
    expect(metricValue('sqnr', [{ name: 'a', score: 100, weight: 1 }])).toBeCloseTo(20, 12)
    expect(metricValue('sqnr', [{ name: 'a', score: 100, weight: 0 }])).toBe(200)
  })

  it('averages IoU over classes, of the pixels of all samples', () => {
    const outcomes: Outcome[] = [{ name: 'a', score: 0, weight: 1, detail: [0, 3, 4, 1, 1, 2] }, { name: 'b', score: 0, weight: 1, detail: [1, 2, 2] }]
    expect(classIous(outcomes)).toEqual([{ classIndex: 0, union: 4, iou: 0.75 }, { classIndex: 1, union: 4, iou: 0.75 }])
    expect(metricValue('iou', outcomes)).toBe(0.75)
  })
})

describe('how sure it is', () => {
  it("gives Wilson's interval", () => {
    // 90 of 100 (R: prop.test(90, 100, correct = FALSE)).
    expect(wilsonInterval(90, 100)).toEqual({ low: expect.closeTo(0.82563, 4) as number, high: expect.closeTo(0.94477, 4) as number })
    expect(wilsonInterval(0, 10)?.low).toBe(0)
    expect(wilsonInterval(0, 0)).toBeNull()
  })

  it('gives the same bootstrap interval for the same samples, around the figure', () => {
    const outcomes = Array.from({ length: 100 }, (_, at): Outcome => ({ name: String(at), score: at / 100, weight: 1 }))
    const interval = metricInterval('mae', outcomes)
    expect(metricInterval('mae', outcomes)).toEqual(interval)
    // The mean of 0 … 0.99 is 0.495 with a standard error of 0.029.
    expect(interval?.low).toBeCloseTo(0.495 - 1.96 * 0.029, 1)
    expect(interval?.high).toBeCloseTo(0.495 + 1.96 * 0.029, 1)
  })

  it("finds McNemar's exact p", () => {
    // Binomial: 2 · (C(10,0) + C(10,1)) / 2¹⁰.
    expect(mcnemarP(1, 9)).toBeCloseTo((2 * 11) / 1024, 12)
    expect(mcnemarP(5, 5)).toBe(1)
    expect(mcnemarP(0, 0)).toBe(1)
  })

  it('pairs samples by name, and calls only what is beyond chance significant', () => {
    const run = (right: (at: number) => boolean) => Array.from({ length: 60 }, (_, at): Outcome => ({ name: String(at), score: right(at) ? 1 : 0, weight: 1 }))
    const [good, same, worse] = [run(() => true), run(() => true).reverse(), run((at) => at % 4 !== 0)]
    expect(compareOutcomes('top-1', good, same)).toMatchObject({ samples: 60, difference: 0, p: 1, significant: false })
    expect(compareOutcomes('top-1', good, worse)).toMatchObject({ test: 'mcnemar', difference: -0.25, significant: true })
    expect(compareOutcomes('mae', good, worse)).toMatchObject({ test: 'paired-bootstrap', significant: true })
    expect(compareOutcomes('top-1', good, [])).toBeNull()
  })
})

it('outcomes come back from their columns as they were', () => {
  const outcomes: Outcome[] = [{ name: 'a', score: 1, weight: 2, expected: 0, predicted: 1, detail: [0.5, 0.5] }, { name: 'b', score: 0, weight: 1, expected: 1, predicted: 1, detail: [] }]
  expect(fromColumns(toColumns(outcomes))).toEqual(outcomes)
  expect(fromColumns(toColumns([{ name: 'a', score: 1, weight: 1 }]))).toEqual([{ name: 'a', score: 1, weight: 1 }])
})
