/** Phones as the shell last told of them, which one is chosen, and what was measured on them. */
import { create } from 'zustand'
import type { DeployPlan, DeviceRun } from '#shared/deploy'
import type { DeviceFacts, DeviceList } from '#shared/device'

interface DevicesState {
  /** Null until somebody has looked. */
  readonly list: DeviceList | null
  /** Serial of the phone chosen in the panel. */
  readonly chosen: string | null
  readonly facts: Readonly<Record<string, DeviceFacts>>
  readonly plans: Readonly<Record<string, DeployPlan>>
  /** Id of the last deploy to a phone, by its serial. */
  readonly deploys: Readonly<Record<string, string>>
  /** Null until read. */
  readonly runs: readonly DeviceRun[] | null
  readonly setList: (list: DeviceList) => void
  readonly choose: (serial: string | null) => void
  readonly learn: (serial: string, facts: DeviceFacts | null, plan: DeployPlan) => void
  readonly noteDeploy: (serial: string, jobId: string) => void
  readonly setRuns: (runs: readonly DeviceRun[]) => void
}

export const useDevicesStore = create<DevicesState>()((set) => ({
  list: null,
  chosen: null,
  facts: {},
  plans: {},
  deploys: {},
  runs: null,
  setList: (list) => set({ list }),
  choose: (chosen) => set({ chosen }),
  learn: (serial, facts, plan) => set((state) => ({ facts: facts === null ? state.facts : { ...state.facts, [serial]: facts }, plans: { ...state.plans, [serial]: plan } })),
  noteDeploy: (serial, jobId) => set((state) => ({ deploys: { ...state.deploys, [serial]: jobId } })),
  setRuns: (runs) => set({ runs }),
}))
