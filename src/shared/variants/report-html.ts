/** The report that is sent: one HTML file with its styles and plots in it, which asks nothing of the network. */
import { metricText } from '../evaluation/metric'
import { withoutFolders } from '../without-folders'
import { type Budget, budgetFigureText, budgetText, judgeBudget, type Verdict } from './budget'
import { escapeMarkup } from './escape-markup'
import { type ReportLanguage, type ReportWords, reportWords } from './report-words'
import { tradeoffSvg } from './tradeoff-svg'
import { countText, msText, sizeText, sqnrText } from './table-text'
import { type AccuracyKind, accuracyKinds, accuracyOf, devicesOf, latencyOn, type VariantRow } from './variant-table'

export interface ReportOptions {
  readonly title: string
  readonly budgets: readonly Budget[]
  /** ISO 8601. */
  readonly madeAt: string
  /** For example `edgefit 0.1.0`. */
  readonly tool: string
  readonly language: ReportLanguage
}

export function reportHtml(rows: readonly VariantRow[], { title, budgets, madeAt, tool, language }: ReportOptions): string {
  const words = reportWords[language]
  const devices = devicesOf(rows)
  const [accuracy = null] = accuracyKinds(rows)
  const body = [
    `<header><h1>${escapeMarkup(title)}</h1><p>${escapeMarkup(tool)}, ${escapeMarkup(madeAt.slice(0, 16).replace('T', ' '))} UTC. ${words.contents(rows.length, devices.length)}</p></header>`,
    section(words.models, modelsTable(rows, { devices, accuracy, words })),
    ...(accuracy === null ? [`<p class="note">${words.noAccuracy}</p>`] : devices.map((device) => plotSection(rows, { device, accuracy, budgets, words }))),
    ...(budgets.length === 0 ? [] : [section(words.budgets, budgetsTable(rows, budgets, words))]),
    section(words.howMeasured, conditionsList(rows, words)),
  ]
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeMarkup(title)}</title>
<style>${STYLES}</style>
</head>
<body><main>
${body.join('\n')}
</main></body>
</html>
`
}

interface Shown {
  readonly devices: readonly string[]
  readonly accuracy: AccuracyKind | null
  readonly words: ReportWords
}

function modelsTable(rows: readonly VariantRow[], { devices, accuracy, words }: Shown): string {
  const source = rows.find(({ role }) => role === 'source')
  const head = `<tr><th>${words.columns.model}</th><th>${words.columns.size}</th><th>${words.columns.parameters}</th><th>${words.columns.macs}</th><th>SQNR</th>${accuracy ? `<th>${accuracy.metric}</th>` : ''}${devices.map((_, at) => `<th>p50<sup>${at + 1}</sup></th><th>p95<sup>${at + 1}</sup></th>`).join('')}</tr>`
  const lines = rows.map((row) => {
    const found = accuracy ? accuracyOf(row, accuracy.key) : null
    const cells = [
      numberCell(sizeText(row.sizeBytes), source && source !== row && row.sourceSha256 === source.sha256 ? `×${(row.sizeBytes / source.sizeBytes).toFixed(3)}` : ''),
      numberCell(countText(row.parameters)),
      numberCell(row.macs === null ? '–' : countText(row.macs)),
      numberCell(row.role === 'source' ? '' : row.sqnr?.db === null ? words.equal : sqnrText(row)),
      ...(accuracy ? [numberCell(found ? metricText(accuracy.metric, found.value) : '–', found?.interval ? `${metricText(accuracy.metric, found.interval.low)} – ${metricText(accuracy.metric, found.interval.high)}` : '')] : []),
      ...devices.flatMap((device) => {
        const latency = latencyOn(row, device)
        return latency ? [numberCell(msText(latency.p50Ms), latency.spread > 0.05 ? words.spread((latency.spread * 100).toFixed(0)) : ''), numberCell(msText(latency.p95Ms))] : [numberCell('–'), numberCell('–')]
      }),
    ]
    return `<tr><th scope="row">${escapeMarkup(row.name)}${row.role === 'source' ? ` <small>${words.source}</small>` : ''}${row.revision === null ? '' : ` <small>${words.edited(row.revision)}</small>`}</th>${cells.join('')}</tr>`
  })
  const notes = devices.map((device, at) => `<li><sup>${at + 1}</sup> ${escapeMarkup(device)}</li>`)
  return `<div class="wide"><table><thead>${head}</thead><tbody>${lines.join('')}</tbody></table></div>${notes.length === 0 ? '' : `<ul class="notes">${notes.join('')}</ul>`}${accuracy ? `<p class="note">${escapeMarkup(words.accuracyNote(accuracy.metric, accuracy.data))}</p>` : ''}`
}

function plotSection(rows: readonly VariantRow[], { device, accuracy, budgets, words }: { device: string; accuracy: AccuracyKind; budgets: readonly Budget[]; words: ReportWords }): string {
  const svg = tradeoffSvg(rows, { device, accuracy, budgets, words })
  return svg === '' ? '' : section(words.plot(accuracy.metric, device), `${svg}<p class="note">${words.plotNote}</p>`)
}

function budgetsTable(rows: readonly VariantRow[], budgets: readonly Budget[], words: ReportWords): string {
  const head = `<tr><th>${words.columns.model}</th>${budgets.map((budget) => `<th>${escapeMarkup(budget.name)}<br><small>${escapeMarkup(budgetText(budget, words.figures))}</small></th>`).join('')}</tr>`
  const lines = rows.map((row) => `<tr><th scope="row">${escapeMarkup(row.name)}</th>${budgets.map((budget) => verdictCell(budget, judgeBudget(row, budget), words)).join('')}</tr>`)
  return `<div class="wide"><table><thead>${head}</thead><tbody>${lines.join('')}</tbody></table></div>`
}

function verdictCell(budget: Budget, { outcome, actual, detail }: Verdict, words: ReportWords): string {
  const sign = { met: '✓', missed: '✗', unknown: '?' }[outcome]
  const figure = actual === null ? '' : ` ${budgetFigureText(budget, actual)}`
  return `<td class="${outcome}">${sign} ${words.verdicts[outcome]}${escapeMarkup(figure)}${detail === '' ? '' : `<small>${escapeMarkup(outcome === 'unknown' ? words.missing(detail) : detail)}</small>`}</td>`
}

function conditionsList(rows: readonly VariantRow[], words: ReportWords): string {
  const lines = rows.flatMap((row) => [
    ...row.latencies.map(({ device, conditions }) => `<li>${escapeMarkup(row.name)}: ${escapeMarkup(words.latencyOn(device))}; ${escapeMarkup(withoutFolders(conditions))}</li>`),
    ...row.accuracies.map(({ metric, data, samples, exactIntegers, measuredAt }) => `<li>${escapeMarkup(row.name)}: ${escapeMarkup(words.accuracyOn(metric, samples, data))}; ${exactIntegers ? words.exactIntegers : words.fastIntegers}; ${escapeMarkup(measuredAt.slice(0, 10))}</li>`),
    ...(row.sqnr ? [`<li>${escapeMarkup(row.name)}: SQNR: ${escapeMarkup(withoutFolders(row.sqnr.conditions))}</li>`] : []),
    `<li>${escapeMarkup(row.name)}: SHA-256 <code>${row.sha256}</code></li>`,
  ])
  return `<ul class="notes">${lines.join('')}</ul>`
}

function section(title: string, content: string): string {
  return `<section><h2>${escapeMarkup(title)}</h2>${content}</section>`
}

function numberCell(text: string, small = ''): string {
  return `<td class="n">${escapeMarkup(text)}${small === '' ? '' : `<small>${escapeMarkup(small)}</small>`}</td>`
}


const STYLES = `
:root{color-scheme:light dark;--text:#1b1f26;--dim:#5a6371;--line:#dfe3e8;--page:#fff;--panel:#f7f8fa;--accent:#2b52b8;--good:#146c3a;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--text:#dde2ea;--dim:#9aa3b2;--line:#2d333d;--page:#191c21;--panel:#1f242b;--accent:#8facf5;--good:#6ec48d;--bad:#f28b82}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:14px/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans","PingFang SC","Microsoft YaHei",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1080px;margin:0 auto;padding:40px 24px 64px}
h1{margin:0;font-size:24px;line-height:1.25}header p{margin:4px 0 0;color:var(--dim)}
h2{margin:36px 0 10px;font-size:15px}
.wide{overflow-x:auto;border:1px solid var(--line);border-radius:6px}
table{width:100%;border-collapse:collapse}
th,td{padding:7px 12px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;white-space:nowrap}
tbody tr:last-child>*{border-bottom:0}
thead th{background:var(--panel);color:var(--dim);font-size:12px;font-weight:600}
thead th:not(:first-child){text-align:right}
tbody th{font-weight:600}td{text-align:right}
small{display:block;color:var(--dim);font-size:11px;font-weight:400}tbody th small{display:inline;margin-left:6px}
.met{color:var(--good)}.missed{color:var(--bad)}.unknown{color:var(--dim)}
.note,.notes{color:var(--dim);font-size:12px}.notes{padding-left:18px;overflow-wrap:anywhere}
svg{display:block;width:100%;height:auto;border:1px solid var(--line);border-radius:6px}
svg text{fill:var(--dim);font-size:12px}svg .name{fill:var(--text);font-size:12px;paint-order:stroke;stroke:var(--page);stroke-width:4px}svg .axis{stroke:var(--line)}
svg .front{fill:none;stroke:var(--accent);stroke-width:1.5}svg .dot{fill:var(--accent);fill-opacity:.22;stroke:var(--accent);stroke-width:1.5}svg .off{fill:var(--dim);fill-opacity:.15;stroke:var(--dim)}
svg .budget{stroke:var(--bad);stroke-width:1.25;stroke-dasharray:5 4}svg .limit{fill:var(--bad)}
@media print{main{max-width:none;padding:0}section{break-inside:avoid}}
`
