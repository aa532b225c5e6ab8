"""Writes what ONNX Runtime's own quantizer computes, for src/main/passes to be compared with bit for bit.

Needs the packages of requirements.txt (PyPI onnx, onnxruntime) and sympy. Run from the project's root:

    python tests/bench/peers/ort_quantize_fixtures.py ../shared/models tests/fixtures/ort-quantizer

One JSON file for each model: settings, and for each quantized tensor the SHA-256 of its values, scales (float32) and zero
points; for each activation the scale as float32 bits in hexadecimal. `parameters.json` has scale and zero point for a list of ranges.
"""

import hashlib
import json
import os
import sys
import tempfile

import numpy as np
import onnx
import onnx.version_converter
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
    ("audio/oww_hey_mycroft_v0.1.onnx", ["MatMul", "LSTM"], "int8"),
    ("audio/oww_alexa_v0.1.onnx", ["MatMul"], "int8"),
    ("audio/dnsmos_model_v8.onnx", ["Conv", "MatMul"], "uint8"),
    ("audio/voicevox_sing_consonant_length.onnx", ["MatMul", "Gather"], "int8"),
    ("audio/fsmn_vad_offline.onnx", ["MatMul"], "int8"),
    ("classification/mobilenet_v2_0.35_128.onnx", ["Conv", "MatMul"], "uint8"),
    ("detection/hand_landmark.onnx", ["Conv", "MatMul"], "uint8"),
    ("rl_games/godot_jumper_hard.onnx", ["MatMul"], "uint8"),
    ("transformer/t5_random_encoder.onnx", ["MatMul", "Gather"], "int8"),
    ("transformer/cct_2_32_128_opset20.onnx", ["MatMul"], "int8"),
    ("transformer/tiny_gpt2_ms_fp32.onnx", ["MatMul", "Attention"], "int8"),
]
# Model, and the shape of each input (all float32).
STATIC = [
    ("audio/yamnet_256.onnx", {"input_1": [1, 1, 64, 96]}),
    ("classification/mnist-8.onnx", {"Input3": [1, 1, 28, 28]}),
    ("classification/mobilenet_v2_0.35_128.onnx", {"input_1": [1, 3, 128, 128]}),
    ("detection/yunet_n_dynamic.onnx", {"input": [1, 3, 320, 320]}),
    ("detection/ultraface_RFB-320.onnx", {"input": [1, 3, 240, 320]}),
    ("detection/blazeface_front_128.onnx", {"input:0": [1, 128, 128, 3]}),
    ("detection/hand_landmark.onnx", {"input_1": [1, 3, 224, 224]}),
    ("detection/yolox_nano.onnx", {"images": [1, 3, 416, 416]}),
    ("segmentation/deeplab_v3_mobilenet.onnx", {"sub_7": [1, 257, 257, 3]}),
    ("segmentation/sed_unet_224.onnx", {"input": [1, 1, 224, 224]}),
    ("enhance/super_resolution_10.onnx", {"input": [1, 1, 224, 224]}),
    ("ocr/PP-OCRv3_det.onnx", {"x": [1, 3, 320, 320]}),
    ("audio/dnsmos_model_v8.onnx", {"input_1": [1, 900, 120]}),
    ("audio/oww_embedding_model.onnx", {"input_1": [1, 76, 32, 1]}),
    ("audio/oww_alexa_v0.1.onnx", {"onnx::Flatten_0": [1, 16, 96]}),
    ("audio/fsmn_vad_offline.onnx", {"speech": [1, 20, 400]}),
    ("transformer/cct_2_32_128_opset20.onnx", {"input": [1, 3, 32, 32]}),
    ("rl_games/go1_policy.onnx", {"obs": [1, 48]}),
]
OPSET = 13


def float_bits(array):
    return [format(int(bits), "08x") for bits in np.asarray(array, dtype=np.float32).reshape(-1).view(np.uint32)]


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def tensors(path):
    """Quantized initializers by the name of the float tensor they were made from."""
    found = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    out = {}
    for name, values in found.items():
        for end, scale_end, zero_end in [("_quantized", "_scale", "_zero_point"), ("_quantized", "_quantized_scale", "_quantized_zero_point")]:
            base = name[: -len(end)]
            if not name.endswith(end) or base + scale_end not in found:
                continue
            scales, zero_points = np.asarray(found[base + scale_end], np.float32), found[base + zero_end]
            out[base] = {"dtype": str(values.dtype), "values": digest(values), "scales": digest(scales), "zeroPoints": digest(zero_points)}
    return out


def activations(path):
    model = onnx.load(path)
    found = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    out = {}
    for node in model.graph.node:
        if node.op_type == "QuantizeLinear" and node.input[2] in found:
            base = node.input[1][: -len("_scale")]
            out[base] = {"scale": float_bits(found[node.input[1]])[0], "zeroPoint": int(found[node.input[2]])}
    return out


def sample(shape, number):
    """The same numbers in any language: whole steps of 1/50 in -1 … 1."""
    count = int(np.prod(shape))
    steps = (np.arange(count, dtype=np.int64) * 37 + number * 11) % 101
    return (steps.astype(np.float32) / np.float32(50) - np.float32(1)).reshape(shape)


def single_threaded(session_class):
    """Our calibration runs each sample on one thread; with more, onnxruntime takes some sums in another order."""

    def create(path, sess_options=None, **rest):
        sess_options = sess_options or onnxruntime.SessionOptions()
        sess_options.intra_op_num_threads = 1
        return session_class(path, sess_options=sess_options, **rest)

    return create


class Samples(CalibrationDataReader):
    def __init__(self, shapes):
        self.feeds = iter([{name: sample(shape, number) for name, shape in shapes.items()} for number in range(2)])

    def get_next(self):
        return next(self.feeds, None)


def at_opset(path, scratch):
    """Scales for each channel need opset 13; this converts nodes and touches no weight."""
    model = onnx.load(path)
    if max(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")) >= OPSET:
        return path
    for tensor in model.graph.initializer:
        # Initializers of old models are inputs too, which the converter takes for values that may change.
        for value in [value for value in model.graph.input if value.name == tensor.name]:
            model.graph.input.remove(value)
    model.ir_version = max(model.ir_version, 7)
    converted = os.path.join(scratch, "converted.onnx")
    onnx.save(onnx.version_converter.convert_version(model, OPSET), converted)
    return converted


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
    onnxruntime.InferenceSession = single_threaded(onnxruntime.InferenceSession)
    write(folder, "parameters.json", {"cases": parameters()})
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "quantized.onnx")
        for model, op_types, weights in DYNAMIC:
            quantize_dynamic(
                os.path.join(models, model), out, op_types_to_quantize=op_types, weight_type=QuantType.QInt8 if weights == "int8" else QuantType.QUInt8,
                # It does not infer types past operators of its own domain.
                extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
            )
            stem = os.path.basename(model).replace(".onnx", "")
            write(folder, f"dynamic-{stem}.json", {"model": model, "opTypes": op_types, "weightType": weights, "weights": tensors(out)})
        for model, shapes in STATIC:
            quantize_static(
                at_opset(os.path.join(models, model), scratch), out, Samples(shapes), quant_format=QuantFormat.QDQ, per_channel=True,
                activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            )
            stem = os.path.basename(model).replace(".onnx", "")
            write(folder, f"static-{stem}.json", {"model": model, "inputs": shapes, "weights": tensors(out), "activations": activations(out)})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
