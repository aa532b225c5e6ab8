import { expect, test } from 'vitest'
import { AppError } from '#shared/errors'
import { cleanReason, toRuntimeError } from './ort-error'

test('source locations and C++ signatures are left out, what was said stays', () => {
  expect(
    cleanReason(
      "Non-zero status code returned while running Reshape node. Name:'r1' Status Message: /onnxruntime_src/onnxruntime/core/providers/cpu/tensor/reshape_helper.h:45 onnxruntime::ReshapeHelper::ReshapeHelper(const onnxruntime::TensorShape&, onnxruntime::TensorShapeVector&, bool) input_shape_size == size was false. The input tensor cannot be reshaped to the requested shape. Input shape:{2,3}, requested shape:{4}",
    ),
  ).toBe("Reshape 'r1' failed: input_shape_size == size was false. The input tensor cannot be reshaped to the requested shape. Input shape:{2,3}, requested shape:{4}")
  expect(cleanReason('Exception during initialization: /a/b/c.cc:12 virtual void ns::K<T>::Run(int) const [with T = float] it broke')).toBe('it broke')
})

test('paths are cut to the name of the file', () => {
  expect(cleanReason('Load model from /home/someone/secret/model.onnx failed:No such thing in /home/someone/secret/other.bin')).toBe('No such thing in other.bin')
})

test('wrong dimensions are told axis by axis', () => {
  expect(
    cleanReason('Got invalid dimensions for input: x for the following indices\n index: 1 Got: 4 Expected: 3\n index: 2 Got: 5 Expected: 6\n Please fix either the inputs/outputs or the model.'),
  ).toBe("input 'x' has the wrong shape: axis 1 is 4 and must be 3, axis 2 is 5 and must be 6")
})

test('running out of memory has a code of its own', () => {
  expect(toRuntimeError(new Error('std::bad_alloc'), 'run the model').code).toBe('out-of-memory')
})

test('a newer opset or IR version is named with what is supported', () => {
  const error = toRuntimeError(new Error('Load model from m.onnx failed:/x/y/model.cc:149 onnxruntime::Model::Model(int) Unsupported model IR version: 99, max supported IR version: 13'), 'load the model')
  expect(error.message).toBe('onnxruntime could not load the model: the IR version 99 is newer than the latest it reads (13).')
  expect(error.hint).toContain('IR version')
})

test('errors of ours go through as they are', () => {
  const own = new AppError({ code: 'invalid-data', message: 'x' })
  expect(toRuntimeError(own, 'run the model')).toBe(own)
})

test('very long reasons are cut', () => {
  expect(cleanReason('a'.repeat(5000)).length).toBeLessThanOrEqual(400)
})
