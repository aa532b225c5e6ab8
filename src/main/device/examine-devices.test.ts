import { expect, test } from 'vitest'
import { transportSteps } from './examine-devices'

test('a phone that is connected twice, and two phones that tell one serial, are told of', () => {
  expect(transportSteps(['A1', '192.168.1.20:5555'], [{ serial: 'A1', number: 'A1' }, { serial: '192.168.1.20:5555', number: 'A1' }])).toMatchObject([
    { check: 'transports', status: 'warning', message: 'One phone is connected 2 times: A1, 192.168.1.20:5555.' },
  ])
  expect(transportSteps(['0123456789ABCDEF', '0123456789ABCDEF'], [])).toMatchObject([{ check: 'transports', status: 'failed' }])
  expect(transportSteps(['A1', 'B2'], [{ serial: 'A1', number: 'A1' }, { serial: 'B2', number: 'B2' }])).toEqual([])
})
