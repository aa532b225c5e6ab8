import { useReactFlow, useStoreApi } from '@xyflow/react'
import { useEffect } from 'react'
import { useCanvas } from '../canvas-store'
import type { CameraSync } from './camera-sync'
import type { Side } from './compare-index'

/** Ties the canvas it stands in to the other one. */
export function CameraLink({ side, sync }: { readonly side: Side; readonly sync: CameraSync }): null {
  const flow = useReactFlow()
  const store = useStoreApi()
  const canvas = useCanvas()
  useEffect(() => sync.join(side, { flow, store, canvas }), [side, sync, flow, store, canvas])
  return null
}
