"""ONNX's own test models, from the installed wheel: a model, its inputs, what it must answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

#: Folders of whole models with inputs and expected outputs; `node` is unit tests of operators.
FOLDERS = ("simple", "pytorch-operator", "pytorch-converted")


@dataclass(frozen=True)
class TestModel:
    """A model of the wheel.

    Attributes:
        inputs: by position, the arrays of every data set: [[array, ...], ...]; None stands for
            what is no tensor of numbers (a sequence, text).
        expected: the same of the outputs.
    """

    __test__ = False  # no class of pytest's

    name: str
    path: Path
    inputs: list[list[np.ndarray | None]]
    expected: list[list[np.ndarray | None]]


def all_models() -> Iterator[TestModel]:
    """The 140 of `FOLDERS`, in their order."""
    for folder in FOLDERS:
        for place in sorted((_root() / folder).iterdir()):
            if (place / "model.onnx").is_file():
                yield _read(place)


def light_models() -> Iterator[TestModel]:
    """Classifiers of which only the graph is real: their weights are constants."""
    for path in sorted((_root() / "light").glob("light_*.onnx")):
        expected = _array(path.with_name(f"{path.stem}_output_0.pb"))
        yield TestModel(path.stem, path, [[_dummy(path)]], [[expected]])


def _root() -> Path:
    import onnx.backend.test

    return Path(onnx.backend.test.__file__).parent / "data"


def _read(place: Path) -> TestModel:
    sets = sorted(place.glob("test_data_set_*"))
    return TestModel(
        place.name,
        place / "model.onnx",
        [_arrays(one, "input") for one in sets],
        [_arrays(one, "output") for one in sets],
    )


def _arrays(folder: Path, role: str) -> list[np.ndarray | None]:
    count = len(list(folder.glob(f"{role}_*.pb")))
    return [_array(folder / f"{role}_{i}.pb") for i in range(count)]


def _array(path: Path) -> np.ndarray | None:
    import onnx

    tensor = onnx.TensorProto()
    try:
        tensor.ParseFromString(path.read_bytes())
        array: np.ndarray = onnx.numpy_helper.to_array(tensor)
    except Exception:  # a sequence or an optional: read as a tensor it is nonsense
        return None
    return array if array.dtype.kind in "fiub" else None


def _dummy(path: Path) -> np.ndarray:
    """What ONNX's own test feeds such a model, to which its expected outputs belong."""
    import onnx
    from onnx.backend.test.runner import Runner

    graph = onnx.load(str(path)).graph
    weights = {tensor.name for tensor in graph.initializer}
    [value] = [value for value in graph.input if value.name not in weights]
    dummy: np.ndarray = Runner.generate_dummy_data(value)
    return dummy
