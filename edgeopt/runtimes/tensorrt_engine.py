"""Builds a TensorRT engine from an ONNX file on the machine that will run it, and runs it.

    python build_engine.py [model.onnx [model.engine]]

An engine belongs to one GPU and one version of TensorRT: it is kept with a key of both, and
built again where the key is another. This file needs numpy, TensorRT's Python package
(10 or later) and CUDA's runtime library; where that package is missing, `trtexec` can build
the engine, but nothing here can run it. It is shipped beside a model as build_engine.py.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

import numpy as np

from edgeopt.runtimes.cuda_runtime import Cuda

PACKAGES = ("tensorrt",)

#: Session options, and what they are by default: both 0 or 1.
OPTIONS = {"sparse_weights": 0, "tf32": 0}

_TRTEXEC = "/usr/src/tensorrt/bin/trtexec"  # JetPack's place, which is not on the PATH


def check_options(options):
    """Every option with its value. Raises ValueError for one that there is not."""
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise ValueError(
            "unknown TensorRT options {}; known: {}".format(unknown, ", ".join(OPTIONS))
        )
    asked = dict(OPTIONS, **options)
    for name, value in asked.items():
        if value not in (0, 1):
            raise ValueError("unknown {} {!r}; known: 0, 1".format(name, value))
    return asked


class Engine(object):
    """An engine, deserialized, with its buffers: ready to run.

    `inputs` and `outputs` are lists of {"name", "dtype", "shape"}.

    Args:
        order: names of inputs and outputs in the model's order; None: the engine's own.
    """

    def __init__(self, path, order=None):
        import tensorrt as trt

        self._cuda = Cuda()
        # Both must live as long as the engine.
        self._logger = trt.Logger(trt.Logger.ERROR)
        self._runtime = trt.Runtime(self._logger)
        with open(path, "rb") as file:
            self.engine = self._runtime.deserialize_cuda_engine(file.read())
        if self.engine is None:
            raise RuntimeError("TensorRT does not load {}; build it again".format(path))
        self._context = self.engine.create_execution_context()
        self._stream = self._cuda.stream()
        names = [self.engine.get_tensor_name(i) for i in range(self.engine.num_io_tensors)]
        if order and set(order) == set(names):
            names = list(order)
        tensors = [self._tensor(trt, name) for name in names]
        self._in = [tensor for tensor in tensors if tensor["input"]]
        self._out = [tensor for tensor in tensors if not tensor["input"]]
        self.inputs, self.outputs = (
            [{key: t[key] for key in ("name", "dtype", "shape")} for t in role]
            for role in (self._in, self._out)
        )

    def _tensor(self, trt, name):
        """Buffers on both sides for a tensor, and its address told to the context."""
        shape = tuple(self.engine.get_tensor_shape(name))
        dtype = np.dtype(trt.nptype(self.engine.get_tensor_dtype(name)))
        array, host = self._cuda.host_array(shape, dtype)
        device = self._cuda.device_memory(max(1, array.nbytes))
        if not self._context.set_tensor_address(name, device.value):
            raise RuntimeError("TensorRT takes no address for {!r}".format(name))
        return {
            "name": name,
            "dtype": dtype.name,
            "shape": list(shape),
            "array": array,
            "host": host,
            "device": device,
            "input": self.engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT,
        }

    def run(self, arrays):
        """Inputs in order -> outputs in order, which are the caller's own."""
        for tensor, array in zip(self._in, arrays):
            if tuple(array.shape) != tensor["array"].shape:  # numpy would stretch it
                raise ValueError(
                    "expected an input of shape {}, got {}".format(
                        tensor["array"].shape, array.shape
                    )
                )
            np.copyto(tensor["array"], array, casting="no")
            size = tensor["array"].nbytes
            self._cuda.copy(tensor["device"], tensor["host"], size, True, self._stream)
        if not self._context.execute_async_v3(self._stream.value or 0):
            raise RuntimeError("TensorRT refused to run the engine; its log has the reason")
        for tensor in self._out:
            size = tensor["array"].nbytes
            self._cuda.copy(tensor["host"], tensor["device"], size, False, self._stream)
        self._cuda.wait(self._stream)
        return [np.array(tensor["array"]) for tensor in self._out]

    def close(self):
        if self._stream is not None:
            tensors = self._in + self._out
            self._cuda.free(
                self._stream, [t["device"] for t in tensors], [t["host"] for t in tensors]
            )
        self._stream = self._context = self.engine = None
        self._in = self._out = []


def engine_for(onnx, engine, options, cache=None):
    """See that `engine` is built from `onnx` for this machine; build it where it is not.

    Args:
        options: of `OPTIONS`.
        cache: file of TensorRT's timings, which shorten the next build; None: beside `engine`.

    Returns:
        what is kept beside it in ENGINE.json: "key", "order" (names of the inputs, then of
        the outputs), "build_s"; and "built", whether that was now.

    Raises:
        ImportError: there is no TensorRT, or no GPU. RuntimeError: the build failed.
    """
    import tensorrt as trt

    options = check_options(options)
    gpu = Cuda().gpu()
    about = {"onnx": sha256(onnx), "tensorrt": str(trt.__version__), "gpu": gpu, "options": options}
    known = _read_json(engine + ".json")
    if known.get("key") == about and os.path.exists(engine):
        return dict(known, built=False)
    start = time.time()
    order = build(onnx, engine, options, cache or engine + ".timing")
    made = {"key": about, "order": order, "build_s": round(time.time() - start, 3)}
    _write(engine + ".json", json.dumps(made, indent=1).encode())
    return dict(made, built=True)


def build(onnx, engine, options, cache):
    """Build with TensorRT's Python package; returns the names of inputs, then of outputs.

    The network is strongly typed: every tensor has the type that the ONNX file gives it, so
    the precision is in the file and not in the builder's flags.
    """
    import tensorrt as trt

    logger = trt.Logger(trt.Logger.WARNING)
    builder = trt.Builder(logger)
    typed = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    network = builder.create_network(0 if typed is None else 1 << int(typed))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse_from_file(onnx):
        errors = [parser.get_error(i).desc() for i in range(parser.num_errors)]
        raise RuntimeError("TensorRT does not read {}: {}".format(onnx, "; ".join(errors)))
    config = builder.create_builder_config()
    for wanted, flag in (
        (options["sparse_weights"], trt.BuilderFlag.SPARSE_WEIGHTS),
        (options["tf32"], trt.BuilderFlag.TF32),
    ):
        if wanted:
            config.set_flag(flag)
        else:
            config.clear_flag(flag)
    config.set_timing_cache(config.create_timing_cache(_read(cache)), False)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise RuntimeError("TensorRT built no engine from {}; its log has why".format(onnx))
    _write(engine, memoryview(plan))
    _write(cache, memoryview(config.get_timing_cache().serialize()))
    return [network.get_input(i).name for i in range(network.num_inputs)] + [
        network.get_output(i).name for i in range(network.num_outputs)
    ]


def build_by_trtexec(onnx, engine, options, cache, program):
    """Build with NVIDIA's program, which JetPack has also where its Python is too old."""
    command = [program, "--onnx=" + onnx, "--saveEngine=" + engine, "--timingCacheFile=" + cache]
    told = subprocess.run([program, "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # TensorRT 8 knows no strong typing: there it is allowed what the file may ask for.
    typed = b"--stronglyTyped" in told.stdout
    command += ["--stronglyTyped"] if typed else ["--fp16", "--int8"]
    if not options["tf32"]:
        command.append("--noTF32")
    if options["sparse_weights"]:
        command.append("--sparsity=enable")
    subprocess.run(command, check=True)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def _read_json(path):
    try:
        return json.loads(_read(path).decode() or "{}")
    except ValueError:
        return {}


def _write(path, data):
    with open(path + ".part", "wb") as file:
        file.write(data)
    os.replace(path + ".part", path)


def main(arguments):
    here = os.path.dirname(os.path.abspath(__file__))
    onnx = arguments[0] if arguments else os.path.join(here, "model.onnx")
    engine = arguments[1] if len(arguments) > 1 else os.path.splitext(onnx)[0] + ".engine"
    manifest = _read_json(os.path.join(os.path.dirname(os.path.abspath(onnx)), "manifest.json"))
    options = check_options(manifest.get("recipe", {}).get("options", {}))
    try:
        made = engine_for(onnx, engine, options)
    except ImportError as error:
        program = shutil.which("trtexec") or _TRTEXEC
        if not os.path.exists(program):
            return "{}; and there is no trtexec. Run this on the NVIDIA machine.".format(error)
        build_by_trtexec(onnx, engine, options, engine + ".timing", program)
        return None
    words = "built in {} s" if made["built"] else "was built before, in {} s"
    sys.stdout.write("{}: {}\n".format(engine, words.format(made["build_s"])))
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
