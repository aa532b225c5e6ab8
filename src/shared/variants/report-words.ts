/** The words of a report, in each language. What was written down when something was measured stays as it was written. */
import type { Budget, Verdict } from './budget'

export const REPORT_LANGUAGES = ['en', 'zh-CN'] as const
export type ReportLanguage = (typeof REPORT_LANGUAGES)[number]

export interface ReportWords {
  readonly contents: (models: number, devices: number) => string
  readonly models: string
  readonly columns: { readonly model: string; readonly size: string; readonly parameters: string; readonly macs: string }
  readonly source: string
  readonly edited: (revision: number) => string
  /** Of outputs that do not differ at all. */
  readonly equal: string
  readonly spread: (percent: string) => string
  readonly accuracyNote: (metric: string, data: string) => string
  readonly noAccuracy: string
  readonly plot: (metric: string, device: string) => string
  readonly plotLabel: (metric: string) => string
  readonly plotNote: string
  readonly latencyAxis: string
  readonly budgets: string
  readonly verdicts: Readonly<Record<Verdict['outcome'], string>>
  /** What is missing where it cannot be told, from the same in English. */
  readonly missing: (detail: string) => string
  readonly figures: Readonly<Record<Budget['figure'], string>>
  readonly howMeasured: string
  readonly latencyOn: (device: string) => string
  readonly accuracyOn: (metric: string, samples: number, data: string) => string
  readonly exactIntegers: string
  readonly fastIntegers: string
}

const en: ReportWords = {
  contents: (models, devices) => `${models} ${models === 1 ? 'model' : 'models'}${devices === 0 ? '' : `, ${devices} ${devices === 1 ? 'device' : 'devices'}`}.`,
  models: 'Models',
  columns: { model: 'Model', size: 'Size', parameters: 'Parameters', macs: 'MACs' },
  source: 'source',
  edited: (revision) => `edited, revision ${revision}, not saved`,
  equal: 'equal',
  spread: (percent) => `spread ${percent} %`,
  accuracyNote: (metric, data) => `${metric} on ${data}; small figures are the 95 % interval.`,
  noAccuracy: 'No accuracy was evaluated: a latency without it says little.',
  plot: (metric, device) => `Latency against ${metric}, ${device}`,
  plotLabel: (metric) => `Latency against ${metric}`,
  plotNote: "A circle's area is the size of the file. The line joins models that no other beats in both.",
  latencyAxis: 'p50 latency',
  budgets: 'Budgets',
  verdicts: { met: 'met', missed: 'missed', unknown: 'cannot tell' },
  missing: (detail) => detail,
  figures: { p50Ms: 'p50', p95Ms: 'p95', sizeBytes: 'size', parameters: 'parameters', macs: 'MACs', peakMemoryBytes: 'peak memory', accuracy: 'accuracy', sqnrDb: 'SQNR' },
  howMeasured: 'How it was measured',
  latencyOn: (device) => `latency on ${device}`,
  accuracyOn: (metric, samples, data) => `${metric} on ${samples} samples of ${data}`,
  exactIntegers: 'integers as phones compute them',
  fastIntegers: 'the fastest integer kernels of this processor',
}

const zh: ReportWords = {
  contents: (models, devices) => `${models} 个模型${devices === 0 ? '' : `，${devices} 台设备`}。`,
  models: '模型',
  columns: { model: '模型', size: '大小', parameters: '参数量', macs: '乘加数' },
  source: '源模型',
  edited: (revision) => `已编辑，修订 ${revision}，未保存`,
  equal: '相同',
  spread: (percent) => `离散度 ${percent} %`,
  accuracyNote: (metric, data) => `${metric}，数据：${data}；小字为 95 % 置信区间。`,
  noAccuracy: '没有评估精度：只有延迟说明不了多少问题。',
  plot: (metric, device) => `延迟与 ${metric}，${device}`,
  plotLabel: (metric) => `延迟与 ${metric}`,
  plotNote: '圆的面积表示文件大小。连线上的模型在两方面都没有被其他模型超过。',
  latencyAxis: 'p50 延迟',
  budgets: '预算',
  verdicts: { met: '达到', missed: '未达到', unknown: '无法判断' },
  missing: () => '没有相应的测量结果',
  figures: { p50Ms: 'p50', p95Ms: 'p95', sizeBytes: '大小', parameters: '参数量', macs: '乘加数', peakMemoryBytes: '峰值内存', accuracy: '精度', sqnrDb: 'SQNR' },
  howMeasured: '测量方式',
  latencyOn: (device) => `延迟，设备 ${device}`,
  accuracyOn: (metric, samples, data) => `${metric}，${samples} 个样本，数据：${data}`,
  exactIntegers: '整数按手机的方式计算',
  fastIntegers: '使用本机处理器最快的整数内核',
}

export const reportWords: Readonly<Record<ReportLanguage, ReportWords>> = { en, 'zh-CN': zh }
