import { expect, it } from 'vitest'
import { panelLayout } from './settings-store'

const settings = (layout: Record<string, unknown>) => ({ theme: 'system', language: 'system', layout, adb: { path: null, port: null } }) as const

it('remembers the panels, and takes defaults for what is missing or damaged', () => {
  expect(panelLayout(settings({ leftOpen: false, columns: { left: 20 } }))).toMatchObject({ leftOpen: false, rightOpen: true, columns: { left: 20 } })
  expect(panelLayout(settings({ leftOpen: 'yes', columns: 4 }))).toEqual(panelLayout(settings({})))
})
