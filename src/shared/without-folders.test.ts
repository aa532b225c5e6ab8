import { expect, it } from 'vitest'
import { withoutFolders } from './without-folders'

it('leaves the names of files, wherever their paths stand', () => {
  expect(withoutFolders("/home/ada/my data/calibration.npz: 256 samples; 'x' as it is")).toBe("calibration.npz: 256 samples; 'x' as it is")
  expect(withoutFolders('cpu, 50 runs after 5, inputs: /data/a.npz: 3 samples')).toBe('cpu, 50 runs after 5, inputs: a.npz: 3 samples')
  expect(withoutFolders('on 64 of 256 samples (C:\\Users\\Ada\\calibration.npz: 256 samples)')).toBe('on 64 of 256 samples (calibration.npz: 256 samples)')
})

it('leaves everything else', () => {
  expect(withoutFolders('8 random samples, values / 255: float32')).toBe('8 random samples, values / 255: float32')
})
