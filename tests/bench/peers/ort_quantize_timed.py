"""Quantizes one model with ONNX Runtime's own quantizer, for tests/bench/quantize.ts to time as a whole process.

    python ort_quantize_timed.py static|dynamic MODEL DATA.npz OUT.onnx
"""

import sys

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static


class Samples(CalibrationDataReader):
    """One sample at a time; an .npz holds arrays of samples along their first axis."""

    def __init__(self, path):
        arrays = np.load(path)
        self.name = arrays.files[0]
        self.samples = iter(arrays[self.name])

    def get_next(self):
        sample = next(self.samples, None)
        return None if sample is None else {self.name: sample[None]}


kind, model, data, out = sys.argv[1:]
if kind == "dynamic":
    quantize_dynamic(model, out, weight_type=QuantType.QInt8)
else:
    quantize_static(
        model, out, Samples(data), quant_format=QuantFormat.QDQ, per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8
    )
