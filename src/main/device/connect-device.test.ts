import { expect, test } from 'vitest'
import { findPairingAddress, newQrPairing } from './connect-device'

test('a QR code names a service and a password that no other has', () => {
  const [a, b] = [newQrPairing(), newQrPairing()]
  expect(a.text).toBe(`WIFI:T:ADB;S:${a.service};P:${a.password};;`)
  expect(a.password).toMatch(/^[A-Za-z0-9]{12}$/)
  expect(a.service).not.toBe(b.service)
  expect(a.password).not.toBe(b.password)
})

test('the phone that has read the code is found by its name among the services', () => {
  const text = 'List of discovered mdns services\nadb-X\t_adb-tls-connect._tcp\t192.168.1.5:41111\nedgefit-1\t_adb-tls-pairing._tcp\t192.168.1.5:37777\nedgefit-2\t_adb-tls-pairing._tcp.\t192.168.1.6:37778\n'
  expect(findPairingAddress(text, 'edgefit-1')).toBe('192.168.1.5:37777')
  expect(findPairingAddress(text, 'edgefit-2')).toBe('192.168.1.6:37778')
  expect(findPairingAddress(text, 'adb-X')).toBeNull()
  expect(findPairingAddress(text, 'edgefit-3')).toBeNull()
})
