import type { DeployResult } from '#shared/deploy'
import type { Diagnostic } from '#shared/diagnostic'
import { toErrorData } from '#shared/errors'
import type { JobParams, OptimizeReport } from '#shared/ipc/jobs'
import { readRules } from '../../device/choose-plan'
import { deployBeside } from '../../device/deploy-beside'
import { deviceRuntimeFolder } from '../../device/device-runtime'
import { findAppRoot } from '../../host/app-root'
import type { JobContext } from './job-context'

/** A ratio this far above 1 is more than chance. */
const SLOWER = 1.05

type Measured = Pick<OptimizeReport, 'phone'> & { readonly diagnostics: Diagnostic[]; readonly phoneRuns: DeployResult[] }

interface OnPhone {
  readonly source: string
  readonly result: string
  readonly data: JobParams<'optimize'>['data']
  readonly phone: NonNullable<JobParams<'optimize'>['phone']>
}

/** Times a result on a phone beside its source. Never throws what a phone can do to it: the result is there already, and stays. */
export async function measureOnPhone({ source, result, data, phone }: OnPhone, { scratchFolder, signal, progress }: JobContext): Promise<Measured> {
  const appRoot = findAppRoot(import.meta.dirname)
  try {
    const { beside, runs } = await deployBeside({ source, result, data, ...phone, rules: readRules(appRoot), runtimeFolder: deviceRuntimeFolder(appRoot), scratchFolder, signal, progress })
    return { phone: beside, diagnostics: beside.ratio.p50 > SLOWER ? [slower(beside)] : [], phoneRuns: [...runs] }
  } catch (error) {
    const { code, message, hint } = toErrorData(error)
    if (code === 'internal') throw error
    return { phone: null, diagnostics: [notMeasured(phone.serial, code === 'cancelled' ? 'it was cancelled.' : message, hint)], phoneRuns: [] }
  }
}

function slower({ phone, ratio, turns, source, result }: NonNullable<Measured['phone']>): Diagnostic {
  return {
    severity: 'warning',
    code: 'slower-on-phone',
    message: `On ${phone} the result takes ×${ratio.p50.toFixed(2)} of the source's time (${source.p50Ms.toFixed(2)} → ${result.p50Ms.toFixed(2)} ms, median of ${turns} turns).`,
    hint: 'Small layers can cost more to convert than integers save: try dynamic int8, int4 weights or the recipe that suits this phone, or keep it for its size.',
  }
}

function notMeasured(serial: string, reason: string, hint: string | undefined): Diagnostic {
  return {
    severity: 'warning',
    code: 'not-measured-on-phone',
    message: `The result was not measured on the phone '${serial}': ${reason}`,
    hint: `The result is kept. ${hint ?? 'It can be run on the phone at any time.'}`,
  }
}
