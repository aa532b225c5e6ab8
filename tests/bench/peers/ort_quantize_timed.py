"""Quantizes one model with ONNX Runtime's own quantizer, for tests/bench/quantize.ts. Prints JSON, as quantize-process.ts does.

    python ort_quantize_timed.py MODEL DATA.npy OUT.onnx SAMPLES
"""

import json
import resource
import sys
import time

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static


class Samples(CalibrationDataReader):
    """One sample at a time, read from the mapped file."""

    def __init__(self, path, count):
        self.samples = iter(np.load(path, mmap_mode="r")[:count])

    def get_next(self):
        sample = next(self.samples, None)
        return None if sample is None else {"image": np.array(sample[None])}


model, data, out, samples = sys.argv[1:]
started = time.perf_counter()
quantize_static(
    model, out, Samples(data, int(samples)), quant_format=QuantFormat.QDQ, per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8
)
print(json.dumps({"seconds": time.perf_counter() - started, "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
