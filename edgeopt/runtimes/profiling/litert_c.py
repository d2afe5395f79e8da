"""LiteRT's C interface (`libLiteRt.so` in its wheel), as far as a profile needs it.

The Python interpreter has no profiler; `CompiledModel`'s profiler, which XNNPACK reports its
operators to, is reached from C alone. Signatures: litert/c/*.h of google-ai-edge/LiteRT. Options
are TOML texts in opaque options: litert/c/options/litert_{runtime,cpu}_options.cc.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint64, c_void_p

import numpy as np

#: Versions of ai-edge-litert whose library was seen to have these signatures.
KNOWN = ("2.3",)

_CPU, _WRITE, _READ = 1, 1, 0
_TYPE_BYTES = 256  # of LiteRtRankedTensorType, generously; its content is the library's business
_UNTOUCHED = 0xA5A5A5A5A5A5A5A5
_EVENT_WORDS = 32  # more than an event has


class LiteRtError(ValueError):
    """A call that returned another status than 0."""


class Library:
    """The functions, each with its arguments' types; a status other than 0 raises."""

    def __init__(self, path: str) -> None:
        self._lib = ctypes.CDLL(path)

    def call(self, name: str, *arguments) -> None:
        """Raises LiteRtError: the status was not 0. AttributeError: there is no such function."""
        status = getattr(self._lib, name)(*arguments)
        if status != 0:
            raise LiteRtError(f"{name} returned status {status}")

    def made(self, name: str, *arguments):
        """What a function hands back through its last argument."""
        result = c_void_p()
        self.call(name, *arguments, byref(result))
        return result

    def destroy(self, name: str, handle) -> None:
        function = getattr(self._lib, name)
        function.restype = None
        function(handle)


class CompiledModel:
    """A model with its buffers and its profiler.

    Args:
        path: of the library. model: of the .tflite file.

    Raises:
        LiteRtError: the library refuses something.
    """

    def __init__(self, path: str, model: str, threads: int) -> None:
        self._lib = lib = Library(path)
        self._kept: list = []
        self._env = lib.made("LiteRtCreateEnvironment", c_int(0), None)
        self._model = lib.made("LiteRtCreateModelFromFile", self._env, c_char_p(model.encode()))
        self._options = lib.made("LiteRtCreateOptions")
        lib.call("LiteRtSetOptionsHardwareAccelerators", self._options, c_int(_CPU))
        self._add_options("xnnpack", f"num_threads = {threads}\n")
        self._add_options("runtime_options_string", "enable_profiling = true\n")
        self._compiled = lib.made(
            "LiteRtCreateCompiledModel", self._env, self._model, self._options
        )
        self._signature = lib.made("LiteRtGetModelSignature", self._model, c_size_t(0))
        self.inputs = self._names("Input")
        self._in = [self._buffer("Input", i) for i in range(len(self.inputs))]
        self._out = [self._buffer("Output", i) for i in range(len(self._names("Output")))]
        self._profiler = lib.made("LiteRtCompiledModelGetProfiler", self._compiled)
        lib.call("LiteRtStartProfiler", self._profiler)

    def _add_options(self, identifier: str, text: str) -> None:
        payload = ctypes.create_string_buffer(text.encode())
        release = ctypes.CFUNCTYPE(None, c_void_p)(lambda _: None)
        self._kept += [payload, release]  # they have to outlive the options
        opaque = self._lib.made(
            "LiteRtCreateOpaqueOptions",
            c_char_p(identifier.encode()),
            ctypes.cast(payload, c_void_p),
            release,
        )
        self._lib.call("LiteRtAddOpaqueOptions", self._options, opaque)

    def _names(self, kind: str) -> list:
        """Names of the signature's inputs or outputs, in the order of its buffers."""
        count = c_size_t()
        self._lib.call(f"LiteRtGetNumSignature{kind}s", self._signature, byref(count))
        get, names = f"LiteRtGetSignature{kind}Name", []
        for i in range(count.value):
            name = c_char_p()
            self._lib.call(get, self._signature, c_size_t(i), byref(name))
            names.append((name.value or b"").decode())
        return names

    def _buffer(self, kind: str, i: int):
        lib, index = self._lib, c_size_t(i)
        tensor = lib.made(f"LiteRtGetSignature{kind}TensorByIndex", self._signature, index)
        about = ctypes.create_string_buffer(_TYPE_BYTES)
        lib.call("LiteRtGetRankedTensorType", tensor, about)
        needs = lib.made(
            f"LiteRtGetCompiledModel{kind}BufferRequirements", self._compiled, c_size_t(0), index
        )
        return lib.made("LiteRtCreateManagedTensorBufferFromRequirements", self._env, about, needs)

    def write(self, i: int, array) -> None:
        """Fill input `i`.

        Raises:
            LiteRtError: its size is another one.
        """
        array = np.ascontiguousarray(array)
        size = c_size_t()
        self._lib.call("LiteRtGetTensorBufferPackedSize", self._in[i], byref(size))
        if size.value != array.nbytes:
            raise LiteRtError(f"input {i} takes {size.value} bytes, not {array.nbytes}")
        self._move(self._in[i], array, _WRITE)

    def read(self, i: int, like):
        """Output `i` as an array of the shape and type of `like`."""
        array = np.empty_like(like)
        self._move(self._out[i], array, _READ)
        return array

    def _move(self, buffer, array, way: int) -> None:
        address = c_void_p()
        self._lib.call("LiteRtLockTensorBuffer", buffer, byref(address), c_int(way))
        own = c_void_p(array.ctypes.data)
        to, of = (address, own) if way == _WRITE else (own, address)
        ctypes.memmove(to, of, array.nbytes)
        self._lib.call("LiteRtUnlockTensorBuffer", buffer)

    def run(self) -> None:
        """One inference on what was written."""
        ins, outs = (c_void_p * len(self._in))(*self._in), (c_void_p * len(self._out))(*self._out)
        self._lib.call(
            "LiteRtRunCompiledModel",
            self._compiled,
            c_size_t(0),
            c_size_t(len(ins)),
            ins,
            c_size_t(len(outs)),
            outs,
        )

    def events(self) -> list:
        """What the profiler saw since the last call: (tag, kind, microseconds, index)."""
        count = c_int()
        self._lib.call("LiteRtGetNumProfilerEvents", self._profiler, byref(count))
        words = (c_uint64 * (count.value * _EVENT_WORDS))(
            *[_UNTOUCHED] * count.value * _EVENT_WORDS
        )
        self._lib.call(
            "LiteRtGetProfilerEvents", self._profiler, count, ctypes.cast(words, POINTER(c_uint64))
        )
        events = parse(list(words), count.value, ctypes.string_at)
        self._lib.call("LiteRtResetProfiler", self._profiler)  # which stops it, too
        self._lib.call("LiteRtStartProfiler", self._profiler)
        return events

    def close(self) -> None:
        lib = self._lib
        for buffer in self._in + self._out:
            lib.destroy("LiteRtDestroyTensorBuffer", buffer)
        lib.destroy("LiteRtDestroyCompiledModel", self._compiled)
        lib.destroy("LiteRtDestroyOptions", self._options)
        lib.destroy("LiteRtDestroyModel", self._model)
        lib.destroy("LiteRtDestroyEnvironment", self._env)
        self._in, self._out = [], []


def parse(words: list, count: int, text_at) -> list:
    """Events out of the words that the library wrote.

    An event is tag, kind, start and duration in microseconds, two memory readings, two words of
    metadata, source (litert/c/litert_profiler_event.h). The size of a memory reading is not told,
    so an event's is found from how far was written.

    Args:
        words: filled with `_UNTOUCHED` before. text_at: the bytes at an address.

    Raises:
        LiteRtError: they cannot be events.
    """
    written = len(words)
    while written and words[written - 1] == _UNTOUCHED:
        written -= 1
    size = written // count if count else 0
    if count and (written % count or size < 9):
        raise LiteRtError(f"{count} profiler events of {written} words: an unknown layout")
    events = []
    for start in range(0, written, size or 1):
        tag, kind, _, duration = words[start : start + 4]
        kind &= 0xFFFFFFFF
        if not tag or kind not in [1 << i for i in range(9)]:
            raise LiteRtError("profiler events of an unknown layout")
        index = words[start + size - 3] & 0xFFFFFFFF
        events.append((text_at(tag).decode(), kind, duration, index))
    return events
