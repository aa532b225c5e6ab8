"""Writes what ONNX Runtime's own blockwise quantizer computes, for src/main/passes/weight-only to be compared with.

Needs the packages of requirements.txt (all from PyPI). Run from the project's root:

    python tests/bench/peers/ort_weight_only_fixtures.py ../shared/models tests/fixtures/ort-weight-only.json

For each setting: SHA-256 of the packed codes, of the scales' bytes and of the packed zero points, as MatMulNBits and as QDQ; for
k-quant, the squared error it leaves. `models` has the same for every quantized weight of a whole model.
"""

import hashlib
import json
import os
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import QuantFormat
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, DefaultWeightOnlyQuantizer, MatMulNBitsQuantizer
from onnxruntime.quantization.neural_compressor.weight_only import quant_tensor_k_quant_cpu

SHAPES = [(64, 24), (100, 16), (256, 10), (36, 6)]
MODELS = ["audio/dtln_model_1.onnx", "audio/voicevox_sing_consonant_length.onnx", "transformer/bert_dummy_mlm.onnx"]


def matrix(rows, columns):
    """The same numbers in any language: steps of 1/504 in -1 … 1, scaled by powers of two."""
    at = np.arange(rows * columns, dtype=np.int64)
    steps = ((at * 7919 + 13) % 1009).astype(np.float32) / np.float32(504) - np.float32(1)
    return (steps * np.exp2((at % 7 - 3).astype(np.float32))).astype(np.float32).reshape(rows, columns)


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def quantized(weight, bits, block_size, symmetric, quant_format):
    config = DefaultWeightOnlyQuantConfig(block_size=block_size, is_symmetric=symmetric, bits=bits, quant_format=quant_format)
    packed, scales, zero_points = DefaultWeightOnlyQuantizer(config).qbits_block_quant(weight)
    return {"codes": digest(packed), "scales": digest(scales), "zeroPoints": None if symmetric else digest(zero_points)}


def k_quant_error(weight, bits, block_size):
    rows = weight.T
    if rows.shape[1] % block_size:
        return None
    codes, scale, zero_point = quant_tensor_k_quant_cpu(rows, bits, block_size)
    real = (codes.astype(np.float64) - zero_point) * scale
    return float(np.sum((real - rows.reshape(-1, block_size)) ** 2))


def cases():
    for rows, columns in SHAPES:
        weight = matrix(rows, columns)
        for bits in (2, 4, 8):
            for block_size in (16, 32, 64):
                for symmetric in (False, True):
                    case = {"shape": [rows, columns], "bits": bits, "blockSize": block_size, "symmetric": symmetric}
                    yield {**case, "form": "MatMulNBits", **quantized(weight, bits, block_size, symmetric, QuantFormat.QOperator)}
                    if bits == 4:
                        yield {**case, "form": "QDQ", **quantized(weight, bits, block_size, symmetric, QuantFormat.QDQ)}


def k_quant_errors():
    for rows, columns in SHAPES:
        for bits in (4, 8):
            for block_size in (16, 32):
                error = k_quant_error(matrix(rows, columns), bits, block_size)
                if error is not None:
                    yield {"shape": [rows, columns], "bits": bits, "blockSize": block_size, "error": error}


def models(folder):
    for path in MODELS:
        for symmetric in (False, True):
            quantizer = MatMulNBitsQuantizer(onnx.load(os.path.join(folder, path)), block_size=32, is_symmetric=symmetric, bits=4)
            quantizer.process()
            with tempfile.TemporaryDirectory() as scratch:
                out = os.path.join(scratch, "quantized.onnx")
                quantizer.model.save_model_to_file(out)
                model = onnx.load(out)
            found = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
            weights = {}
            for node in model.graph.node:
                if node.op_type == "MatMulNBits":
                    weights[node.input[1][: -len("_Q4")]] = {
                        "codes": digest(found[node.input[1]]),
                        "scales": digest(found[node.input[2]]),
                        "zeroPoints": digest(found[node.input[3]]) if len(node.input) > 3 and node.input[3] else None,
                    }
            yield {"model": path, "bits": 4, "blockSize": 32, "symmetric": symmetric, "weights": weights}


def main(folder, output):
    content = {"onnxruntime": onnxruntime.__version__, "cases": list(cases()), "kQuant": list(k_quant_errors()), "models": list(models(folder))}
    with open(output, "w") as file:
        json.dump(content, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
