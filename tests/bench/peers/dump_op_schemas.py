"""Writes src/shared/onnx/schema/op-schemas.json: facts about operators, without their documentation.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install -r tests/bench/peers/requirements.txt
    /tmp/venv/bin/python tests/bench/peers/dump_op_schemas.py

ONNX's own domains come from `onnx.defs`. The com.microsoft domains, and the few operators of the default domain that only
ONNX Runtime knows (LayerNormalization before opset 17 and other early ones), come from onnxruntime.

The form is explained where it is read: src/shared/onnx/schema/op-schema.ts.
"""

import json
import os
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy
import onnx
import onnx.defs
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

ROOT = Path(__file__).resolve().parents[3]
OUTPUT = ROOT / "src/shared/onnx/schema/op-schemas.json"
RUNTIME_DOMAINS = ("", "com.microsoft", "com.microsoft.nchwc")
OPTION_MARKS = {"Single": "", "Optional": "?", "Variadic": "*"}
UNBOUNDED = 2147483647


def enum_name(value):
    return str(value).rsplit(".", 1)[-1]


def float_text(value):
    """The shortest text that gives the same float32."""
    return str(numpy.float32(value)).removesuffix(".0")


def parameter_text(parameter):
    # The two packages bind one C++ class under different names.
    from_onnx = hasattr(parameter, "type_str")
    type_text = parameter.type_str if from_onnx else parameter.typeStr
    homogeneous = parameter.is_homogeneous if from_onnx else parameter.isHomogeneous
    option = enum_name(parameter.option)
    mark = "~" if option == "Variadic" and not homogeneous else OPTION_MARKS[option]
    return f"{parameter.name}:{type_text}{mark}"


def default_proto(attribute):
    if hasattr(attribute, "default_value"):
        return attribute.default_value
    return onnx.AttributeProto.FromString(attribute._default_value)


def attribute_text(attribute):
    kind = enum_name(attribute.type).lower().removesuffix("_proto").replace("_", "-")
    text = f"{attribute.name}:{kind}{'!' if attribute.required else ''}"
    proto = default_proto(attribute)
    if proto.type == onnx.AttributeProto.UNDEFINED:
        return text
    values = {
        onnx.AttributeProto.INT: lambda: str(proto.i),
        onnx.AttributeProto.FLOAT: lambda: float_text(proto.f),
        onnx.AttributeProto.STRING: lambda: proto.s.decode(),
        onnx.AttributeProto.INTS: lambda: ",".join(map(str, proto.ints)),
        onnx.AttributeProto.FLOATS: lambda: ",".join(map(float_text, proto.floats)),
        onnx.AttributeProto.STRINGS: lambda: ",".join(item.decode() for item in proto.strings),
    }
    # Defaults of other types (one tensor, that says "unset") carry nothing to use.
    return f"{text}={values[proto.type]()}" if proto.type in values else text


class TypeLists:
    """Lists of allowed types, each kept once."""

    def __init__(self):
        self.names = {}
        self.lists = {}

    def index(self, types):
        key = tuple(sorted(self.names.setdefault(name, len(self.names)) for name in sorted(types)))
        return self.lists.setdefault(key, len(self.lists))


def version_entry(schema, type_lists):
    entry = {
        "since": schema.since_version,
        "arity": [bound if bound < UNBOUNDED else -1 for bound in (schema.min_input, schema.max_input, schema.min_output, schema.max_output)],
        "in": [parameter_text(parameter) for parameter in schema.inputs],
        "out": [parameter_text(parameter) for parameter in schema.outputs],
        "attrs": [attribute_text(attribute) for _, attribute in sorted(schema.attributes.items())],
        "types": [f"{constraint.type_param_str}={type_lists.index(constraint.allowed_type_strs)}" for constraint in schema.type_constraints],
    }
    return {**entry, "deprecated": True} if schema.deprecated else entry


def all_schemas():
    found = {(schema.domain, schema.name, schema.since_version): schema for schema in onnx.defs.get_all_schemas_with_history()}
    for schema in runtime.get_all_operator_schema():
        if schema.domain in RUNTIME_DOMAINS:
            found.setdefault((schema.domain, schema.name, schema.since_version), schema)
    return [found[key] for key in sorted(found)]


def domain_versions(schemas):
    """The newest version of each domain, of which this table knows all operators."""
    newest = {}
    for schema in schemas:
        newest[schema.domain] = max(newest.get(schema.domain, 0), schema.since_version)
    newest[""] = onnx.defs.onnx_opset_version()
    return newest


def loads(ir_version, opset, domain="", version=0):
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Relu", ["x"], ["y"])], "g", [value("x", onnx.TensorProto.FLOAT, [1])], [value("y", onnx.TensorProto.FLOAT, [1])]
    )
    imports = [onnx.helper.make_opsetid("", opset)]
    if domain:
        imports.append(onnx.helper.make_opsetid(domain, version))
    model = onnx.helper.make_model(graph, ir_version=ir_version, opset_imports=imports)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return True
    except Exception:
        return False


def runtime_versions(newest):
    """What onnxruntime takes is found by asking it: the newest version of each domain, and of the file format."""
    opset = next(version for version in range(newest[""], 0, -1) if loads(8, version))
    versions = {"": opset}
    for domain in newest:
        if domain:
            versions[domain] = next((version for version in range(newest[domain], 0, -1) if loads(8, opset, domain, version)), 0)
    ir_version = next(version for version in range(onnx.IR_VERSION, 0, -1) if loads(version, opset))
    return {"irVersion": ir_version, "opsets": versions}


def main():
    schemas = all_schemas()
    type_lists = TypeLists()
    ops = {}
    for schema in schemas:
        ops.setdefault(f"{schema.domain}:{schema.name}", []).append(version_entry(schema, type_lists))
    compact = {"separators": (",", ":"), "ensure_ascii": False}
    # One line for each operator keeps changes readable.
    lines = ",\n".join(f"    {json.dumps(key)}: {json.dumps(versions, **compact)}" for key, versions in ops.items())
    newest = domain_versions(schemas)
    text = (
        "{\n"
        f'  "sources": {json.dumps({"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__})},\n'
        f'  "versions": {json.dumps(newest)},\n'
        f'  "runtime": {json.dumps(runtime_versions(newest))},\n'
        f'  "typeNames": {json.dumps(list(type_lists.names), **compact)},\n'
        f'  "typeLists": {json.dumps([list(key) for key in type_lists.lists], **compact)},\n'
        f'  "ops": {{\n{lines}\n  }}\n'
        "}\n"
    )
    OUTPUT.write_text(text)
    print(f"{OUTPUT.relative_to(ROOT)}: {len(ops)} operators, {len(schemas)} versions, {len(text) // 1024} KiB")


if __name__ == "__main__":
    main()
