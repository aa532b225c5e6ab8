import { type DeployOptions, type DeployPlan, NETWORK_SERIAL } from '#shared/deploy'
import type { AdbSettings, DeviceFacts } from '#shared/device'
import { AppError, toErrorData } from '#shared/errors'
import { choosePlan, type Rules } from './choose-plan'
import { readDeviceFacts, unknownFacts } from './device-facts'
import { openPhone, type Phone } from './phone'
import { sweepLeftovers } from './phone-folders'

/** A phone with what it is and how the rules would run a model there. */
export interface PlannedPhone {
  readonly plan: DeployPlan
  /** Null over the network alone. */
  readonly phone: Phone | null
  readonly facts: DeviceFacts
}

export interface PhoneTarget {
  /** Of a phone over adb, or NETWORK_SERIAL. */
  readonly serial: string
  readonly options: DeployOptions
  readonly adb: AdbSettings
  readonly rules: Rules
}

/**
 * Does `work` on a phone. Where the phone does not run our program, and nothing was asked for that only it can do, the work is done
 * again with its browser. Throws AppError as `openPhone` and `work` do.
 */
export async function withPlannedPhone<T>(target: PhoneTarget, work: (planned: PlannedPhone) => Promise<T>): Promise<T> {
  if (target.serial === NETWORK_SERIAL) {
    const facts = unknownFacts(NETWORK_SERIAL)
    return work({ plan: choosePlan(target.rules, facts, { network: true }), phone: null, facts })
  }
  const phone = await openPhone(target.serial, target.adb)
  try {
    const facts = await readDeviceFacts(phone)
    await sweepLeftovers(phone)
    return await withBrowserInPlace({ plan: choosePlan(target.rules, facts), phone, facts }, target, work)
  } finally {
    await phone.close()
  }
}

async function withBrowserInPlace<T>(planned: PlannedPhone, { options, rules }: PhoneTarget, work: (planned: PlannedPhone) => Promise<T>): Promise<T> {
  try {
    return await work(planned)
  } catch (refusal) {
    if (!(refusal instanceof AppError) || refusal.code !== 'not-supported' || planned.plan.adapter !== 'native' || !leavesAdapterOpen(options)) throw refusal
    try {
      return await work({ ...planned, plan: choosePlan(rules, planned.facts, { nativeRefused: true }) })
    } catch (error) {
      if (error instanceof AppError && error.code === 'not-supported') throw new AppError({ ...toErrorData(refusal), message: `${refusal.message} ${error.message}` }, { cause: error })
      throw error
    }
  }
}

function leavesAdapterOpen({ adapter, provider, kernels, accuracy, cores, niceness }: DeployOptions): boolean {
  return adapter === null && provider === null && !kernels && accuracy === null && cores.length === 0 && niceness === 0
}
