/** Phones as the shell last told of them. */
import { create } from 'zustand'
import type { DeviceList } from '#shared/device'

interface DevicesState {
  /** Null until somebody has looked. */
  readonly list: DeviceList | null
  readonly setList: (list: DeviceList) => void
}

export const useDevicesStore = create<DevicesState>()((set) => ({
  list: null,
  setList: (list) => set({ list }),
}))
