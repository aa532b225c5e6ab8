import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Diagnostic } from '#shared/diagnostic'
import type { OptimizeReport } from '#shared/ipc/jobs'
import { FindingItem } from '../panels/finding-item'
import { groupFindings } from './group-findings'
import styles from './report-dialog.module.css'

/** Convolutions and matrix products as onnxruntime names what it runs. */
const FLOAT_PRODUCT = /^(Nhwc)?(Fused)?(Conv|Gemm|MatMul)$/
const INTEGER_PRODUCT = /^(QLinear(Conv|MatMul)|QGemm|QAttention|(Conv|MatMul)Integer\w*|DynamicQuantize(MatMul|LSTM))$/

/** What runs in integers, on the phone and on this computer, for recipes that quantize. */
export function IntegerNote({ report: { kernels, phone, recipe } }: { readonly report: OptimizeReport }): ReactNode {
  const { t } = useTranslation()
  if (!recipe.passes.some(({ pass }) => /^(quantize-(static|dynamic)|search-precision)$/.test(pass))) return null
  return (
    <>
      {phone !== null && phone.opCounts !== null && <Integers opCounts={phone.opCounts} place={t('report.onPhone', { phone: phone.phone })} />}
      {kernels !== null && <Integers opCounts={kernels.opCounts} place={t('report.onThisComputer')} />}
    </>
  )
}

function Integers({ opCounts, place }: { readonly opCounts: Readonly<Record<string, number>>; readonly place: string }): ReactNode {
  const { t } = useTranslation()
  const count = (names: RegExp) => Object.entries(opCounts).reduce((sum, [name, times]) => sum + (names.test(name) ? times : 0), 0)
  const [integers, floats] = [count(INTEGER_PRODUCT), count(FLOAT_PRODUCT)]
  if (integers + floats === 0) return null
  return <p className={styles.words}>{t(integers === 0 ? 'report.noIntegers' : floats === 0 ? 'report.allIntegers' : 'report.someIntegers', { place, integers, count: integers + floats })}</p>
}

const SEVERITIES = ['error', 'warning', 'info']

/** Of the run and of its passes, what matters most first. */
export function findingsOf({ diagnostics, passes }: OptimizeReport): readonly Diagnostic[] {
  return [...diagnostics, ...passes.flatMap((pass) => pass.diagnostics)].toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
}

/** Findings with what to do about them; of those that say the same, the first and who else. */
export function FindingList({ findings }: { readonly findings: readonly Diagnostic[] }): ReactNode {
  const { t } = useTranslation()
  return (
    <ul className={styles.findings}>
      {groupFindings(findings).map(([first, ...others], index) => (
        <FindingItem
          key={index}
          finding={first}
          {...(others.length > 0 && { more: { text: t('report.sameOf', { count: others.length }), title: others.map(({ nodeName, valueName, message }) => nodeName ?? valueName ?? message).join('\n') } })}
        />
      ))}
    </ul>
  )
}
