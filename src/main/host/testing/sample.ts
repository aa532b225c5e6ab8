/** Where the repository is, and a model of its own with its data. */
import { join } from 'node:path'
import { findAppRoot } from '../app-root'

export const appRoot = findAppRoot(import.meta.dirname)

export const sample = {
  model: join(appRoot, 'resources/samples/digits/resnet.onnx'),
  calibration: join(appRoot, 'resources/samples/digits/calibration.npz'),
}
