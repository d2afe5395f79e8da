"""Whose mistake an exception is: told by where it arose, read from its traceback.

An error of a runtime or a converter comes out of that library's code. A `KeyError` whose
innermost frame is in this package is a mistake of this package, whatever was asked of whom.
"""

from __future__ import annotations

import ast
import builtins
import dis
import sys
import types
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]

#: What refuses the arguments that it was given: the fault is its caller's.
_NEUTRAL = {*getattr(sys, "stdlib_module_names", ()), "numpy", "msgspec", "builtins"}

#: Of the system, not of any code.
_OF_THE_SYSTEM = (OSError, MemoryError)

#: Rooms of the device. They know no `EdgeoptError`: what they refuse is raised as ValueError.
_ON_THE_DEVICE = ("runtimes", "runner")


def own_place(error: BaseException) -> str:
    """Where in this package an error arose by mistake: "sources/onnx.py:12".

    "" where a library, the user's code or the system raised it, or this package on purpose.
    """
    if not _accidental(error):
        return ""
    frames = _frames(error)
    inside = len(frames)
    while inside and _is_neutral(frames[inside - 1]):
        inside -= 1
    if not inside or not _is_own(frames[inside - 1]):
        return ""
    last = frames[inside - 1]
    if inside == len(frames) and _was_told(error, last):
        return ""
    return "{}:{}".format(_path(last).relative_to(PACKAGE).as_posix(), last.tb_lineno)


def library(error: BaseException) -> str:
    """The installed package out of whose code an error came, "" where that is none."""
    for frame in reversed(_frames(error)):
        if not _is_neutral(frame):
            inside = "site-packages" in _path(frame).parts
            return str(frame.tb_frame.f_globals.get("__name__", "")).split(".")[0] * inside
    return ""


def _accidental(error: BaseException) -> bool:
    """Whether it is of a kind that a mistake in code can have."""
    if isinstance(error, ImportError):
        return (error.name or "").split(".")[0] == PACKAGE.name
    root = type(error).__module__.split(".")[0]
    return root in ("builtins", "numpy", "msgspec") and not isinstance(error, _OF_THE_SYSTEM)


def _frames(error: BaseException) -> list[types.TracebackType]:
    frames, at = [], error.__traceback__
    while at is not None:
        frames.append(at)
        at = at.tb_next
    return frames


def _path(frame: types.TracebackType) -> Path:
    return Path(frame.tb_frame.f_code.co_filename)


def _is_own(frame: types.TracebackType) -> bool:
    return PACKAGE in _path(frame).parents


def _is_neutral(frame: types.TracebackType) -> bool:
    root = str(frame.tb_frame.f_globals.get("__name__", "")).split(".")[0]
    return root in _NEUTRAL and root != "__main__" and not _is_own(frame)


def _was_told(error: BaseException, frame: types.TracebackType) -> bool:
    """Whether an error of the innermost frame is a refusal, or came out of compiled code."""
    operation = dis.opname[frame.tb_frame.f_code.co_code[frame.tb_lasti]]
    if operation == "RAISE_VARARGS":
        on_the_device = _path(frame).relative_to(PACKAGE).parts[0] in _ON_THE_DEVICE
        return on_the_device and not isinstance(error, AssertionError)
    if not operation.startswith("CALL"):
        return False
    called = _called(frame)
    if called is None:
        return isinstance(error, RuntimeError)  # what compiled code raises, and Python rarely
    return _module(called).split(".")[0] not in {*_NEUTRAL, PACKAGE.name}


def _module(called: Any) -> str:
    owner = getattr(called, "__self__", None)
    if owner is not None and not isinstance(owner, types.ModuleType):
        return str(type(owner).__module__)
    return str(getattr(called, "__module__", None) or type(called).__module__)


def _called(frame: types.TracebackType) -> Any:
    """What a frame was calling, None where its source does not tell (before Python 3.11)."""
    code = frame.tb_frame.f_code
    if not hasattr(code, "co_positions"):
        return None
    place = list(code.co_positions())[frame.tb_lasti // 2]
    try:
        nodes = ast.walk(ast.parse(_path(frame).read_text("utf-8")))
        calls = (node for node in nodes if isinstance(node, ast.Call) and _span(node) == place)
        return _value(next(calls).func, frame.tb_frame)
    except (OSError, SyntaxError, StopIteration, LookupError, AttributeError):
        return None


def _span(node: ast.Call) -> tuple[Any, ...]:
    return (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)


def _value(node: ast.expr, frame: types.FrameType) -> Any:
    """The value of a name or of an attribute of one; nothing is called for it.

    Raises:
        LookupError, AttributeError: there is none.
    """
    if isinstance(node, ast.Attribute):
        return getattr(_value(node.value, frame), node.attr)
    if not isinstance(node, ast.Name):
        raise LookupError(node)
    for names in (frame.f_locals, frame.f_globals, vars(builtins)):
        if node.id in names:
            return names[node.id]
    raise LookupError(node.id)
