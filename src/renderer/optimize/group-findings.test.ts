import { describe, expect, it } from 'vitest'
import type { Diagnostic } from '#shared/diagnostic'
import { groupFindings } from './group-findings'

const left = (node: string, reason: string): Diagnostic => ({ severity: 'warning', code: 'left-float', message: `Conv '${node}' stays float: ${reason}.` })

describe('groupFindings', () => {
  it('puts together what differs in names alone, in the place of the first', () => {
    const larger: Diagnostic = { severity: 'warning', code: 'larger-than-source', message: 'The result is larger.' }
    const findings = [left('a', 'its weight is not a constant'), larger, left('b', "its weight 'w' is 16-bit float"), left('c', 'its weight is not a constant')]
    expect(groupFindings(findings)).toEqual([[findings[0], findings[3]], [larger], [findings[2]]])
  })

  it('keeps apart what is an error from what is a note', () => {
    const finding = left('a', 'its weight is not a constant')
    expect(groupFindings([finding, { ...finding, severity: 'info' }])).toHaveLength(2)
  })
})
