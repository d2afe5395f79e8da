"""`edgeopt.evaluate`: one model, converted, scored and measured. What it keeps alive stays for the
next call, and ends with the process."""

from __future__ import annotations

import atexit
import contextlib
import threading
from pathlib import Path

import msgspec

from edgeopt.domain.evaluation import Evaluation
from edgeopt.domain.progress import Listener, silent
from edgeopt.tuning import known
from edgeopt.tuning.asked import Asked
from edgeopt.tuning.workbench import Workbench, opened

_turn = threading.RLock()
_stack = contextlib.ExitStack()
_open: tuple[str, int, Workbench] | None = None


def evaluate(
    model: Path, asked: Asked, trust: bool = False, progress: Listener = silent
) -> tuple[Evaluation, ...]:
    """What a model comes to on each target.

    Args:
        model: a file or a SavedModel's folder. trust: edgeopt wrote it itself.

    Raises:
        As `Workbench.evaluate`.
    """
    key = asked.key(model, "evaluation") if asked.cache else None
    if key is not None:
        found = known.read("evaluations", key, tuple[Evaluation, ...])
        if found is not None:
            return tuple(msgspec.structs.replace(one, cached=("all",)) for one in found)
    with _turn:
        found = _workbench(asked, progress).evaluate(model, trust)
    if key is not None and _whole(found):
        known.keep("evaluations", key, found)
    return found


def timed(
    model: Path, asked: Asked, trust: bool = False, progress: Listener = silent
) -> tuple[Evaluation, ...]:
    """The same without scores: for models that others score, or that are not trained yet.

    Raises:
        As `Workbench.evaluate`.
    """
    with _turn:
        return _workbench(asked, progress).evaluate(model, trust, scored=False)


def _whole(found: tuple[Evaluation, ...]) -> bool:
    """What is null for want of a device may be there the next time."""
    return all(one.form is not None and one.latency_ms is not None for one in found)


def _workbench(asked: Asked, progress: Listener) -> Workbench:
    """The open one where the question and the thread are the same, else a new one."""
    global _open
    key = known.identity([repr(asked.call(Path("model"), Path("out"))), asked.form, asked.cache])
    if _open is None or _open[:2] != (key, threading.get_ident()):
        close()
        _open = (key, threading.get_ident(), _stack.enter_context(opened(asked, progress)))
    return _open[2]


def close() -> None:
    """End what is kept alive for the next call."""
    global _open
    with _turn:
        _stack.close()
        _open = None


atexit.register(close)
