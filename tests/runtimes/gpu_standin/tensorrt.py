"""Stands in for TensorRT's Python package: names and signatures of its version 10.

docs.nvidia.com/deeplearning/tensorrt, "Python API": Builder, NetworkDefinition, BuilderConfig,
OnnxParser, Runtime, CudaEngine, ExecutionContext, EngineInspector, TimingCache. What is built
runs in ONNX Runtime, on the addresses that the context was told. Anything else is an error.
"""

import ctypes
import enum
import json
import os

import numpy as np
import onnx
import onnxruntime

__version__ = "10.9.0.34"

MAGIC = b"standin-engine\n"


class NetworkDefinitionCreationFlag(enum.IntEnum):
    EXPLICIT_BATCH = 0
    STRONGLY_TYPED = 1


class BuilderFlag(enum.IntEnum):
    TF32 = 7
    SPARSE_WEIGHTS = 8


class TensorIOMode(enum.Enum):
    NONE = 0
    INPUT = 1
    OUTPUT = 2


class LayerInformationFormat(enum.Enum):
    ONELINE = 0
    JSON = 1


class DataType(enum.Enum):
    FLOAT = np.float32
    HALF = np.float16
    INT8 = np.int8
    INT32 = np.int32
    INT64 = np.int64
    BOOL = np.bool_
    UINT8 = np.uint8


def nptype(trt_type):
    return trt_type.value


class Logger:
    INTERNAL_ERROR, ERROR, WARNING, INFO, VERBOSE = range(5)

    def __init__(self, min_severity=WARNING):
        self.min_severity = min_severity


class _Tensor:
    def __init__(self, name):
        self.name = name


class _Network:
    def __init__(self, flags):
        self.flags, self.model = flags, None

    @property
    def num_inputs(self):
        weights = {t.name for t in self.model.graph.initializer}
        self._inputs = [v.name for v in self.model.graph.input if v.name not in weights]
        return len(self._inputs)

    @property
    def num_outputs(self):
        return len(self.model.graph.output)

    def get_input(self, index):
        return _Tensor(self._inputs[index])

    def get_output(self, index):
        return _Tensor(self.model.graph.output[index].name)


class _TimingCache:
    def __init__(self, data):
        self.data = data

    def serialize(self):
        return self.data


class _Config:
    def __init__(self):
        self.flags, self._cache = {BuilderFlag.TF32}, None

    def set_flag(self, flag):
        self.flags.add(BuilderFlag(flag))

    def clear_flag(self, flag):
        self.flags.discard(BuilderFlag(flag))

    def create_timing_cache(self, serialized_timing_cache):
        return _TimingCache(bytes(serialized_timing_cache))

    def set_timing_cache(self, cache, ignore_mismatch):
        assert ignore_mismatch is False
        self._cache = cache
        return True

    def get_timing_cache(self):
        return self._cache


class Builder:
    def __init__(self, logger):
        assert isinstance(logger, Logger)

    def create_network(self, flags=0):
        return _Network(flags)

    def create_builder_config(self):
        return _Config()

    def build_serialized_network(self, network, config):
        if not network.flags & 1 << int(NetworkDefinitionCreationFlag.STRONGLY_TYPED):
            return None  # its precision would be the builder's choice
        config._cache.data += b"timed;"
        about = {"flags": sorted(flag.name for flag in config.flags)}
        text = json.dumps(about).encode() + b"\n"
        return MAGIC + text + network.model.SerializeToString()


class _Error:
    def __init__(self, text):
        self._text = text

    def desc(self):
        return self._text


class OnnxParser:
    """Refuses what TensorRT refuses of explicit quantization: zero points that are not 0."""

    def __init__(self, network, logger):
        self._network, self._errors = network, []

    def parse_from_file(self, model):
        assert isinstance(model, str)
        loaded = onnx.load(model)
        constants = {t.name: onnx.numpy_helper.to_array(t) for t in loaded.graph.initializer}
        for node in loaded.graph.node:
            zero = constants.get(node.input[2]) if len(node.input) > 2 else None
            if "Quantize" in node.op_type and zero is not None and zero.any():
                self._errors.append("Assertion failed: Non-zero zero point is not supported.")
        self._network.model = loaded
        return not self._errors

    @property
    def num_errors(self):
        return len(self._errors)

    def get_error(self, index):
        return _Error(self._errors[index])


class Runtime:
    def __init__(self, logger):
        assert isinstance(logger, Logger)

    def deserialize_cuda_engine(self, serialized_engine):
        if not serialized_engine.startswith(MAGIC):
            return None
        about, _, model = serialized_engine[len(MAGIC) :].partition(b"\n")
        return _Engine(json.loads(about), model)


class _Engine:
    def __init__(self, about, model):
        self.about = about
        self._session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        self._ins = {v.name: v for v in self._session.get_inputs()}
        self._outs = {v.name: v for v in self._session.get_outputs()}
        # Another order than the file's, as an engine may have.
        self._names = sorted([*self._ins, *self._outs])
        self.layers = len(onnx.load_from_string(model).graph.node)

    @property
    def num_io_tensors(self):
        return len(self._names)

    def get_tensor_name(self, index):
        return self._names[index]

    def get_tensor_mode(self, name):
        return TensorIOMode.INPUT if name in self._ins else TensorIOMode.OUTPUT

    def get_tensor_shape(self, name):
        return list({**self._ins, **self._outs}[name].shape)

    def get_tensor_dtype(self, name):
        kind = {**self._ins, **self._outs}[name].type
        names = {"float": "FLOAT", "float16": "HALF", "int64": "INT64", "uint8": "UINT8"}
        return DataType[names[kind[len("tensor(") : -1]]]

    def create_execution_context(self):
        return _Context(self)

    def create_engine_inspector(self):
        return _Inspector(self)


class _Inspector:
    def __init__(self, engine):
        self._engine = engine

    def get_engine_information(self, format):
        assert format is LayerInformationFormat.JSON
        return json.dumps({"Layers": ["layer"] * self._engine.layers, "Bindings": []})


class _Context:
    def __init__(self, engine):
        self._engine, self._places = engine, {}

    def set_tensor_address(self, tensor_name, memory):
        assert isinstance(memory, int)
        self._places[tensor_name] = memory
        return tensor_name in self._engine._names

    def _at(self, name):
        shape = tuple(self._engine.get_tensor_shape(name))
        kind = np.dtype(nptype(self._engine.get_tensor_dtype(name)))
        size = max(1, int(np.prod(shape))) * kind.itemsize
        buffer = (ctypes.c_byte * size).from_address(self._places[name])
        return np.frombuffer(buffer, kind, int(np.prod(shape))).reshape(shape)

    def execute_async_v3(self, stream_handle):
        assert isinstance(stream_handle, int)
        if set(self._places) != set(self._engine._names) or os.environ.get("STANDIN_REFUSES"):
            return False
        session = self._engine._session
        results = session.run(None, {name: self._at(name) for name in self._engine._ins})
        for value, result in zip(session.get_outputs(), results, strict=True):
            self._at(value.name)[...] = result
        return True
