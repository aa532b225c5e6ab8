import { expect, test } from 'vitest'
import { parseDeviceList } from './list-devices'

test('each state of adb’s list is named and explained', () => {
  const list = parseDeviceList(
    [
      'R58M123 device usb:1-1 product:a52 model:SM_A525F device:a52q transport_id:1',
      '192.168.1.5:5555       offline transport_id:2',
      'HT4CJ0203660           unauthorized usb:1-2 transport_id:3',
      '????????????           no permissions (user in plugdev group; are your udev rules wrong?); see [http://developer.android.com/tools/device.html] usb:1-3 transport_id:4',
      'abc                    recovery transport_id:5',
      'def                    detached transport_id:6',
      '',
    ].join('\n'),
  )
  expect(list.map(({ serial, state }) => [serial, state])).toEqual([
    ['R58M123', 'ready'],
    ['192.168.1.5:5555', 'offline'],
    ['HT4CJ0203660', 'unauthorized'],
    ['????????????', 'no-permissions'],
    ['abc', 'recovery'],
    ['def', 'unknown'],
  ])
  expect(list[0]).toMatchObject({ name: 'SM A525F', hint: null })
  for (const device of list.slice(1)) expect(device.hint, device.serial).toMatch(/\w/)
})

test('no phone is an empty list', () => expect(parseDeviceList('')).toEqual([]))
