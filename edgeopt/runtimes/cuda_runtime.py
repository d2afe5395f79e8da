"""CUDA's runtime library through ctypes: what one inference needs, and no package for it."""

import ctypes
import os
import sys

import numpy as np

_TO_DEVICE, _TO_HOST = 1, 2  # cudaMemcpyKind
#: cudaDeviceAttr: compute capability, major and minor; number of multiprocessors.
_CAPABILITY, _PROCESSORS = (75, 76), 16
_LIBRARIES = ("libcudart.so", "libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0")
#: Where the wheels of CUDA's runtime keep it, below a folder of packages.
_IN_PACKAGES = ("nvidia/cuda_runtime/lib", "nvidia/cu13/lib")


class Cuda(object):
    """The few functions of CUDA's runtime library that an inference needs.

    Raises ImportError where there is no such library, or no GPU that it can use.
    """

    def __init__(self):
        self._library = _cudart()
        count = ctypes.c_int(0)
        code = self._library.cudaGetDeviceCount(ctypes.byref(count))
        if code or not count.value:
            raise ImportError("no NVIDIA device: {}".format(self._words(code)))

    def _words(self, code):
        function = self._library.cudaGetErrorString
        function.restype = ctypes.c_char_p
        return function(code).decode() if code else "there is none"

    def _call(self, name, *arguments):
        code = getattr(self._library, name)(*arguments)
        if code:
            raise RuntimeError("{}: {}".format(name, self._words(code)))

    def gpu(self):
        """Its kind: "sm_87, 8 processors"."""
        found = []
        for attribute in (*_CAPABILITY, _PROCESSORS):
            value = ctypes.c_int(0)
            self._call("cudaDeviceGetAttribute", ctypes.byref(value), attribute, 0)
            found.append(value.value)
        return "sm_{}{}, {} processors".format(*found)

    def stream(self):
        stream = ctypes.c_void_p()
        self._call("cudaStreamCreate", ctypes.byref(stream))
        return stream

    def device_memory(self, size):
        place = ctypes.c_void_p()
        self._call("cudaMalloc", ctypes.byref(place), ctypes.c_size_t(size))
        return place

    def host_array(self, shape, dtype):
        """(array in page-locked memory, which is what the GPU reads at full speed; its place)"""
        size = max(1, int(np.prod(shape)) * dtype.itemsize)
        place = ctypes.c_void_p()
        self._call("cudaMallocHost", ctypes.byref(place), ctypes.c_size_t(size))
        buffer = (ctypes.c_byte * size).from_address(place.value)
        count = int(np.prod(shape))
        return np.frombuffer(buffer, dtype, count).reshape(shape), place

    def copy(self, target, source, size, to_device, stream):
        kind = _TO_DEVICE if to_device else _TO_HOST
        self._call("cudaMemcpyAsync", target, source, ctypes.c_size_t(size), kind, stream)

    def wait(self, stream):
        self._call("cudaStreamSynchronize", stream)

    def free(self, stream, device_places, host_places):
        for place in device_places:
            self._call("cudaFree", place)
        for place in host_places:
            self._call("cudaFreeHost", place)
        self._call("cudaStreamDestroy", stream)


def _cudart():
    # Packages first: they are of the version that this Python was set up with.
    places = [os.path.join(base, name) for base in sys.path for name in _IN_PACKAGES] + [""]
    for place in places:
        for name in _LIBRARIES:
            try:
                return ctypes.CDLL(os.path.join(place, name))
            except OSError:
                continue
    raise ImportError("CUDA's runtime library (libcudart) is not to be found")
