"""Writes what ONNX Runtime's own quantizer computes, for src/main/passes to be compared with bit for bit.

Needs the packages of requirements.txt (PyPI onnx, onnxruntime) and sympy. Run from the project's root:

    python tests/bench/peers/ort_quantize_fixtures.py ../shared/models tests/fixtures/ort-quantizer

One JSON file for each model: settings, and for each quantized tensor its scales (as float32 bits in hexadecimal), zero
points, and the SHA-256 of its values. `parameters.json` has scale and zero point for a list of ranges.
"""

import hashlib
import json
import os
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization import quant_utils

DYNAMIC = [
    ("audio/dtln_model_1.onnx", ["MatMul", "LSTM"], "int8"),
    ("audio/dtln_model_2.onnx", ["MatMul", "LSTM"], "int8"),
    ("audio/yamnet_256.onnx", ["Conv", "MatMul"], "uint8"),
    ("rl_games/go1_policy.onnx", ["MatMul"], "int8"),
    ("misc/magika_standard_v3_3.onnx", ["MatMul", "Gather"], "int8"),
    ("transformer/bert_dummy_mlm.onnx", ["MatMul", "Gather"], "int8"),
]
STATIC = [("audio/yamnet_256.onnx", "input_1", [1, 1, 64, 96])]


def float_bits(array):
    return [format(int(bits), "08x") for bits in np.asarray(array, dtype=np.float32).reshape(-1).view(np.uint32)]


def tensors(path):
    """Quantized initializers by the name of the float tensor they were made from."""
    found = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    out = {}
    for name, values in found.items():
        for end, scale_end, zero_end in [("_quantized", "_scale", "_zero_point"), ("_quantized", "_quantized_scale", "_quantized_zero_point")]:
            base = name[: -len(end)]
            if not name.endswith(end) or base + scale_end not in found:
                continue
            out[base] = {
                "dtype": str(values.dtype),
                "sha256": hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest(),
                "scales": float_bits(found[base + scale_end]),
                "zeroPoints": found[base + zero_end].reshape(-1).tolist(),
            }
    return out


def activations(path):
    model = onnx.load(path)
    found = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    out = {}
    for node in model.graph.node:
        if node.op_type == "QuantizeLinear":
            base = node.input[1][: -len("_scale")]
            out[base] = {"scale": float_bits(found[node.input[1]])[0], "zeroPoint": int(found[node.input[2]])}
    return out


def sample(shape, number):
    """The same numbers in any language: whole steps of 1/50 in -1 … 1."""
    count = int(np.prod(shape))
    steps = (np.arange(count, dtype=np.int64) * 37 + number * 11) % 101
    return (steps.astype(np.float32) / np.float32(50) - np.float32(1)).reshape(shape)


class Samples(CalibrationDataReader):
    def __init__(self, name, shape):
        self.feeds = iter([{name: sample(shape, number)} for number in range(2)])

    def get_next(self):
        return next(self.feeds, None)


def write(folder, name, content):
    content = {"onnxruntime": onnxruntime.__version__, **content}
    with open(os.path.join(folder, name), "w") as file:
        json.dump(content, file, separators=(",", ":"))
        file.write("\n")


def parameters():
    random = np.random.default_rng(7)
    cases = []
    for kind, symmetric, reduced in [("uint8", False, False), ("int8", False, False), ("int8", True, False), ("uint8", True, False), ("uint8", False, True), ("int8", True, True)]:
        quantized = onnx.TensorProto.UINT8 if kind == "uint8" else onnx.TensorProto.INT8
        qmin, qmax = quant_utils.get_qmin_qmax_for_qType(quantized, reduced, symmetric)
        for _ in range(40):
            low, high = np.sort(random.normal(0, 10.0 ** random.uniform(-4, 4), 2)).astype(np.float32)
            zero_point, scale = quant_utils.compute_scale_zp(low, high, qmin, qmax, symmetric)
            cases.append({"type": kind, "symmetric": symmetric, "reduceRange": reduced, "range": float_bits([low, high]), "scale": float_bits(scale)[0], "zeroPoint": int(zero_point)})
    return cases


def main(models, folder):
    os.makedirs(folder, exist_ok=True)
    write(folder, "parameters.json", {"cases": parameters()})
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "quantized.onnx")
        for model, op_types, weights in DYNAMIC:
            quantize_dynamic(os.path.join(models, model), out, op_types_to_quantize=op_types, weight_type=QuantType.QInt8 if weights == "int8" else QuantType.QUInt8)
            stem = os.path.basename(model).replace(".onnx", "")
            write(folder, f"dynamic-{stem}.json", {"model": model, "opTypes": op_types, "weightType": weights, "weights": tensors(out)})
        for model, name, shape in STATIC:
            quantize_static(
                os.path.join(models, model), out, Samples(name, shape), quant_format=QuantFormat.QDQ, per_channel=True,
                activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            )
            stem = os.path.basename(model).replace(".onnx", "")
            write(folder, f"static-{stem}.json", {"model": model, "input": name, "shape": shape, "weights": tensors(out), "activations": activations(out)})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
