import wave

import numpy as np
import pytest

from edgeopt.datasets.check import check
from edgeopt.datasets.load import load, require
from edgeopt.datasets.task_data import TaskData
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked
from edgeopt.domain.tensor import TensorSpec
from edgeopt.sources.source import OpenSpec

SOUND = OpenSpec(name="x", dtype="float32", shape=("n", 100))
RATE = OpenSpec(name="sr", dtype="int64", shape=())


def sound(path, values, rate=16000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.asarray(values) * 32768).astype("<i2").tobytes())


@pytest.fixture
def folder(tmp_path):
    sound(tmp_path / "a.wav", np.full(60, 0.5))
    sound(tmp_path / "b.wav", np.full(100, -0.25))
    (tmp_path / "letters.txt").write_text("a\nb\n")
    (tmp_path / "lines.tsv").write_text("a.wav\tab\nb.wav\tba\n")
    return tmp_path


def loaded(folder, specs=(SOUND,), name="lines.tsv"):
    asked = TaskAsked(alphabet=str(folder / "letters.txt"))
    of = TaskData(asked, specs)
    require(folder / name, None, of)
    return load(folder / name, [spec.name for spec in specs], of=of)


def message_of(folder, *args):
    with pytest.raises(BadInput) as caught:
        loaded(folder, *args)
    return str(caught.value)


def test_the_rate_of_the_sounds_goes_with_them(folder):
    found = loaded(folder)
    assert (found.rate, found.take([1]).rate) == (16000, 16000)


def test_sounds_with_zeros_behind_them_and_their_texts(folder):
    found = loaded(folder, (SOUND, RATE))
    assert found.inputs["x"].shape == (2, 100)
    assert found.inputs["x"][0].tolist() == [0.5] * 60 + [0.0] * 40
    assert found.inputs["sr"].tolist() == [16000, 16000]
    assert (found.labels.tolist(), found.marks) == (["ab", "ba"], None)
    fixed = [
        TensorSpec(name="x", dtype="float32", shape=(1, 100)),
        TensorSpec(name="sr", dtype="int64", shape=()),
    ]
    assert check(found, fixed, "f", text_labels=True).inputs["x"].shape == (2, 1, 100)


def test_more_axes_of_one(folder):
    spec = OpenSpec(name="x", dtype="float32", shape=(1, 1, 100))
    assert loaded(folder, (spec,)).inputs["x"].shape == (2, 1, 100)


def test_what_is_wrong_with_sounds(folder):
    short = OpenSpec(name="x", dtype="float32", shape=(1, 80))
    assert "b.wav has 100 values, and the model takes 80 (1 of 2 sounds" in message_of(
        folder, (short,)
    )
    opened = OpenSpec(name="x", dtype="float32", shape=(1, "t"))
    assert "is open.\n  Say how many values it takes: --shape x=1x16000" in message_of(
        folder, (opened,)
    )
    image = OpenSpec(name="x", dtype="float32", shape=(1, 3, 8, 8))
    assert "sounds feed one input of floats [1, length]" in message_of(folder, (image,))
    (folder / "a.wav").write_bytes(b"RIFF")
    assert "a.wav: cannot be read as .wav" in message_of(folder)
    sound(folder / "a.wav", [0.0] * 8, 8000)
    assert "have 8000 and 16000 samples a second" in message_of(folder)
    (folder / "a.wav").unlink()
    assert "a.wav: no such sound" in message_of(folder)
    (folder / "letters.txt").write_text("x\n")
    assert "letters that the alphabet lacks" in message_of(folder)
