import os

import numpy as np
import pytest

from edgeopt.datasets.npz import load_npz
from edgeopt.domain.errors import BadInput
from edgeopt.runtimes import npz


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_was_saved_is_loaded(tmp_path, save):
    path = tmp_path / "eval.npz"
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    save(path, x=x, state=np.zeros((5, 2)), labels=np.arange(5), groups=np.array(list("aabbc")))
    samples = load_npz(path, ["x", "state"])
    np.testing.assert_array_equal(samples.inputs["x"], x)
    assert list(samples.inputs) == ["x", "state"]
    assert samples.labels.tolist() == [0, 1, 2, 3, 4]
    assert samples.groups.tolist() == list("aabbc")
    assert samples.origin == str(path)


def message_of(path):
    with pytest.raises(BadInput) as caught:
        load_npz(path, ["x"])
    assert "numpy.savez" in caught.value.hint
    return str(caught.value.args[0])


def test_missing_file(tmp_path):
    (tmp_path / "digits.npz").touch()
    with pytest.raises(BadInput) as caught:
        load_npz(tmp_path / "digit.npz", ["x"])
    assert caught.value.args[0] == f"{tmp_path / 'digit.npz'}: no such file"
    assert caught.value.hint == f"Did you mean {tmp_path / 'digits.npz'}?"


@pytest.mark.parametrize("name", ["gone.npz", "file/gone.npz"])
def test_missing_where_a_bundle_reads(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(npz.Unfit) as caught:
        npz.read(tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: no such file"
    assert "savez" not in caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read(tmp_path):
    (tmp_path / "d.npz").touch(0)
    with pytest.raises(npz.Unfit) as caught:
        npz.read(tmp_path / "d.npz")
    assert str(caught.value) == f"{tmp_path / 'd.npz'}: permission denied"
    assert "permissions" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"hello", b"\x93NUMPY\x01\x00"])
def test_no_zip(tmp_path, content):
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    assert message_of(path) == f"{path}: cannot be read as .npz: not a zip archive, or cut short"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_cut_short(tmp_path, share):
    path = tmp_path / "cut.npz"
    np.savez_compressed(path, x=np.random.default_rng(0).normal(size=(50, 3)))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert "not a zip archive, or cut short" in message_of(path)


def test_damaged_inside(tmp_path):
    path = tmp_path / "damaged.npz"
    np.savez(path, x=np.zeros((50, 30)))
    content = bytearray(path.read_bytes())
    content[5000] ^= 255
    path.write_bytes(content)
    assert f"{path}: cannot be read as .npz: 'x': Bad CRC-32" in message_of(path)


def test_pickles_stay_closed(tmp_path):
    path = tmp_path / "objects.npz"
    np.savez(path, x=np.array([{"a": 1}], dtype=object))
    assert message_of(path).endswith("it holds Python objects, which are not unpickled")


def test_a_zip_of_something_else(tmp_path):
    import zipfile

    path = tmp_path / "other.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(BadInput):
        load_npz(path, ["x"])
