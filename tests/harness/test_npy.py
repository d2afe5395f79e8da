"""Files of arrays that are not what was announced: nothing of them is taken."""

from __future__ import annotations

import io
import os
import pickle

import numpy as np
import pytest

from edgeopt.harness import npy
from tests.peaks import rises_less_than

F32 = np.dtype("float32")


class Evil:
    def __reduce__(self):
        return os.mkdir, ("/tmp/edgeopt-was-here",)


def header(text: bytes, version: bytes = b"\x01\x00") -> bytes:
    size = len(text).to_bytes(2 if version == b"\x01\x00" else 4, "little")
    return b"\x93NUMPY" + version + size + text


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


GOOD = saved(np.ones((2, 3), F32))
TERA = b"{'descr': '<f4', 'fortran_order': False, 'shape': (%s,), }\n"
FILES = {
    "nothing": b"",
    "words": b"Loading kernels ...",
    "a pickle": pickle.dumps(Evil()),
    "objects": saved(np.array([[Evil()] * 3] * 2, dtype=object)),
    "half of it": GOOD[:-5],
    "more than it": GOOD + b"....",
    "its head alone": GOOD[:40],
    "another shape": saved(np.ones((3, 2), F32)),
    "another type": saved(np.ones((2, 3), np.float64)),
    "another order of bytes": saved(np.ones((2, 3), ">f4")),
    "terabytes": header(TERA % b"10000000000000"),
    "a length of 10,000 digits": header(TERA % (b"9" * 10_000)),
    "a head of 4 GB": b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
    "a head nested without end": header(b"(" * 9_000),
    "a head that calls": header(b"__import__('os').mkdir('/tmp/edgeopt-was-here')\n"),
    "a version of the future": header(b"{}", b"\x09\x00"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_not_announced(tmp_path, name):
    (tmp_path / "y.npy").write_bytes(FILES[name])
    with rises_less_than(50), pytest.raises(npy.NotAnnounced) as caught:
        npy.read(tmp_path / "y.npy", F32, (2, 3))
    assert len(str(caught.value)) < 250
    assert not os.path.exists("/tmp/edgeopt-was-here")


def test_a_file_that_was(tmp_path):
    (tmp_path / "y.npy").write_bytes(GOOD)
    assert np.array_equal(npy.read(tmp_path / "y.npy", F32, (2, 3)), np.ones((2, 3)))
    assert len(GOOD) <= npy.most_bytes(F32, (2, 3))


@pytest.mark.parametrize(
    "name", ["object", "str", "O", "nonsense", "float32,float32", "datetime64"]
)
def test_what_is_no_number(name):
    assert npy.element(name) is None
