"""Which operators an exception of a library is about: by what it says, and where it was raised."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from edgeopt.domain.layers import Operator
from edgeopt.jobs.child import telling_line

#: Characters of a cause in a note.
LONGEST = 200

#: More at one place are no finding.
MOST = 3

#: How libraries put the name of a node or a tensor into a sentence.
_NAMED = re.compile(
    r"""'([^']+)'|"([^"]+)"|Node \(([^)]+)\)|"""
    r"""(?:[Nn]ame|node|tensor|initializer)[:= ]\s*([^\s,;'"]+)"""
)
#: What quantizers add to the names of tensors and nodes.
_ADDED = re.compile(
    r"(_(?:De)?[Qq]uantize(?:Linear|d|r)?\w*|_quant\w*|_scale|_zero_point|_MatMul\w*|/fq_\w+|/sq_\w+)$"
)
#: Variables that hold a name.
_VARIABLES = re.compile(r"name|node|tensor|weight|bias|scope|op$|key")
#: Attributes of nodes of the libraries that hold theirs.
_ATTRIBUTES = ("name", "node_name", "op_name", "tensor_name", "target_node_name")
#: AI Edge Quantizer's: an operator's number in the file.
_NUMBER = "subgraph_op_index"

#: What ONNX Runtime says before it comes to the point, and places in its own source.
_PREAMBLE = re.compile(
    r"\[ONNXRuntimeError\] : \d+ : \w+ : |Load model from \S+ failed:|Status Message: |"
    r"Non-zero status code returned while |/onnxruntime_src/\S+:\d+ .*?\)( const)? "
)

#: Frames of this package tell nothing of a library's.
_OWN = str(Path(__file__).parents[1])


def first_cause(error: BaseException) -> str:
    """What began it, with its type: the error that the others were raised from."""
    while before := error.__cause__ or _handled(error):
        error = before
    return plain(error)


def plain(error: BaseException) -> str:
    """The first line of an error, in short."""
    return f"{type(error).__name__}: {_PREAMBLE.sub('', telling_line(str(error)))}"[:LONGEST]


def _handled(error: BaseException) -> BaseException | None:
    """What was being handled when it was raised; a look-up that failed says less than it does."""
    before = None if error.__suppress_context__ else error.__context__
    return None if isinstance(before, (LookupError, AttributeError, StopIteration)) else before


def failing(error: BaseException, operators: Sequence[Operator]) -> list[tuple[Operator, ...]]:
    """Groups of operators, the likeliest first; [] where nothing tells."""
    index = _index(operators)
    found: dict[tuple[str, ...], tuple[Operator, ...]] = {}
    for names in (*_said(error), *_seen(error, operators)):
        ops = {op.name: op for name in names for op in _of(name, index)}
        if 0 < len(ops) <= MOST:
            found.setdefault(tuple(sorted(ops)), tuple(ops.values()))
    return list(found.values())


def _index(operators: Sequence[Operator]) -> dict[str, list[Operator]]:
    """Name of an operator or a tensor -> who bears it, has it as a constant, or makes it."""
    index: dict[str, list[Operator]] = {}
    for op in operators:
        for name in dict.fromkeys((op.name, *op.constants, *op.outputs)):
            index.setdefault(name, []).append(op)
    return index


def _of(name: str, index: dict[str, list[Operator]]) -> list[Operator]:
    while name:
        if name in index:
            return index[name]
        shorter = _ADDED.sub("", name)
        if shorter == name:
            return []
        name = shorter
    return []


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _said(error: BaseException) -> Iterator[list[str]]:
    for one in _chain(error):
        text = str(one)
        names = [next(filter(None, groups)) for groups in _NAMED.findall(text)]
        yield from ([name] for name in names)
        if isinstance(one, KeyError) and one.args:
            yield [str(one.args[0])]


def _seen(error: BaseException, operators: Sequence[Operator]) -> Iterator[list[str]]:
    """Names in the variables of each frame of the libraries, the innermost first."""
    for one in _chain(error):
        frames = [frame for frame, _ in traceback.walk_tb(one.__traceback__)]
        for frame in reversed(frames):
            if not frame.f_code.co_filename.startswith(_OWN):
                yield _names(frame, operators)


def _names(frame: FrameType, operators: Sequence[Operator]) -> list[str]:
    found: list[str] = []
    for variable, value in frame.f_locals.items():
        if isinstance(value, str):
            found += [value] if _VARIABLES.search(variable) else []
        elif variable != "self":
            number = getattr(value, _NUMBER, None)
            if isinstance(number, int) and 0 <= number < len(operators):
                found.append(operators[number].name)
            else:
                found += _borne(value)
    return found


def _borne(value: Any) -> list[str]:
    """The names that an object of a library bears."""
    if isinstance(value, (int, float, bytes, list, tuple, dict, set)) or value is None:
        return []
    try:
        borne = [getattr(value, name, None) for name in _ATTRIBUTES]
        borne.append(getattr(getattr(value, "target_point", None), "target_node_name", None))
        friendly = getattr(value, "get_friendly_name", None)
        borne.append(friendly() if callable(friendly) else None)
    except Exception:  # whatever a property of theirs does
        return []
    return [name for name in borne if isinstance(name, str)]
