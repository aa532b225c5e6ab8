import type { DeployResult } from '#shared/deploy'
import { type DeployRunOptions, withDeployRun } from './deploy-run'
import { type PhoneTarget, withPlannedPhone } from './with-planned-phone'

export type DeployModelOptions = DeployRunOptions & PhoneTarget

/**
 * Times a model on a phone and holds its outputs against this computer's on the same input. How it runs there is the
 * adapter's matter, which the options name or the rules choose. Leaves nothing on the phone but the native runtime, which is
 * pushed once. Throws AppError as `openPhone` and the adapters do, and `cancelled`.
 */
export async function deployModel(deploy: DeployModelOptions): Promise<DeployResult> {
  deploy.progress('connecting', 0)
  return withPlannedPhone(deploy, (planned) => withDeployRun(planned, deploy, async (run) => run.finish(await run.run())))
}
