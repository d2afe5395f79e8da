"""ON THE HOST. ONNX rewritten for a tool that drops or refuses a part of it.

Each rule says the same by operators that the tool gets right. It is compared with ONNX Runtime's
answers to a sample, and left out where they differ.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.convert import matching
from edgeopt.convert.rewrites import (
    activations,
    functions,
    pads,
    passed,
    pools,
    reductions,
    sequences,
    transposed,
    widened,
)
from edgeopt.convert.rewrites.editor import LEAST_OPSET, Editor, opset_of
from edgeopt.domain.errors import EdgeoptError
from edgeopt.jobs.told import reason
from edgeopt.sources.source import Source

if TYPE_CHECKING:
    import onnx


@dataclass(frozen=True)
class Rule:
    """One rewrite.

    Attributes:
        about: what it changes, in words for the user.
        apply: changes the model that an editor holds; returns how many operators it changed.
    """

    about: str
    apply: Callable[[Editor], int]


RULES = {
    "sequences": Rule("sequences as plain tensors", sequences.apply),
    "functions": Rule("newer operators by what they stand for", functions.apply),
    "soft shrink": Rule("Shrink as a difference of Relu", activations.apply_shrink),
    "shrink": Rule("Shrink by its parts", functions.apply_shrink),
    "pads": Rule("padding in numbers", pads.apply),
    "elu": Rule("Elu with its alpha", activations.apply_elu),
    "prelu": Rule("PRelu by its parts", activations.apply_prelu),
    "transposed": Rule("ConvTranspose with its padding and groups", transposed.apply),
    "widened": Rule("grouped one-dimensional convolutions as images", widened.apply),
    "passed": Rule("inputs that are outputs as products by one", passed.apply),
    "average": Rule("padded AveragePool as Pad and AveragePool", pools.apply_average),
    "uneven": Rule("padded AveragePool as Pad and AveragePool", pools.apply_uneven_average),
    "reductions": Rule("axes of reductions as numbers", reductions.apply),
    "strides": Rule("strides of pools in numbers", pools.apply_strides),
    "dilated": Rule("dilated MaxPool as the largest of slices", pools.apply_dilated),
}

#: Tool -> the rules that it needs, in order.
TOOLS = {
    # 2.6.9 drops Elu's alpha and ConvTranspose's output_padding, and has no form of the others.
    "onnx2tf": (
        "sequences", "functions", "soft shrink", "shrink", "pads", "elu", "prelu", "transposed",
        "widened", "average", "dilated",
    ),
    # 20261020 drops Shrink's parameters and the axis of reductions where one is an input, has no
    # forms of some with an input, crashes where an output is an input, and has no mean whose
    # padding differs at the ends of an axis.
    "pnnx": (
        "sequences", "functions", "soft shrink", "shrink", "pads", "passed", "uneven",
        "reductions",
    ),
    # 3.6.1 pads SAME_LOWER at the other end, and divides by the strides of a pool that says none.
    "mnn": ("sequences", "functions", "soft shrink", "shrink", "pads", "strides"),
    "openvino": ("functions",),
}  # fmt: skip


def rewritten(
    model: onnx.ModelProto, tool: str, sample: Mapping[str, np.ndarray]
) -> tuple[onnx.ModelProto, tuple[str, ...]]:
    """A copy in the words of a tool, and what was changed, for the user.

    Args:
        sample: one of each input, [*shape]: the answers to it stay the same.
    """
    import onnx

    current = onnx.ModelProto()
    current.CopyFrom(model)
    if opset_of(current) < LEAST_OPSET:
        return current, ()
    done: list[str] = []
    expected: list[np.ndarray] | None = None
    for name in TOOLS[tool]:
        candidate = onnx.ModelProto()
        candidate.CopyFrom(current)
        try:
            if not RULES[name].apply(Editor(candidate)):
                continue
            expected = expected or _answers(model, sample)
            _require_same(expected, _answers(candidate, sample))
        except Exception as error:  # the tool then gets it as it was, and parity judges
            print(reason(error, f"left out: {RULES[name].about}"))  # noqa: T201 (log)
            continue
        current = candidate
        done.append(RULES[name].about)
    return current, tuple(done)


def note(tool: str, done: tuple[str, ...]) -> tuple[str, ...]:
    """What a conversion tells of it."""
    return (f"rewritten for {tool}, with the same answers: {', '.join(done)}",) if done else ()


def _answers(model: Any, sample: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    from edgeopt.sources import canonical_onnx

    with tempfile.TemporaryDirectory(prefix="edgeopt-") as scratch:
        path = Path(scratch) / "model.onnx"
        canonical_onnx.save(model, path)
        return canonical_onnx.answers(path, dict(sample))[1]


def _require_same(expected: list[np.ndarray], got: list[np.ndarray]) -> None:
    """Raises EdgeoptError where answers differ by more than the order of additions explains."""
    for before, after in zip(expected, got, strict=True):
        if before.shape != after.shape or before.dtype != after.dtype:
            raise EdgeoptError(f"an output became {after.dtype} {after.shape}")
        finite = np.isfinite(before.astype(np.float64))
        scale = float(np.abs(before[finite]).max(initial=0.0))
        if not np.allclose(before, after, rtol=1e-4, atol=1e-5 * scale, equal_nan=True):
            raise EdgeoptError("the answers changed")


@contextlib.contextmanager
def written(
    source: Source, tool: str, sample: Mapping[str, np.ndarray] | None = None
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """A source's ONNX form in the words of a tool, while the context lasts, and notes of it.

    Args:
        source: one with an ONNX form; the file itself is given where nothing is rewritten.
        sample: see `rewritten`; None: random numbers.
    """
    import onnx

    path = Path(str(source.onnx))
    given = sample or matching.random(source)
    model, done = rewritten(onnx.load(str(path)), tool, given)
    if not done:
        yield path, ()
        return
    with tempfile.TemporaryDirectory(prefix="edgeopt-") as scratch:
        onnx.save_model(model, str(Path(scratch) / path.name))
        yield Path(scratch) / path.name, note(tool, done)
