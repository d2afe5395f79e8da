"""Networks of one study answer in one form: how another one's outputs differ, in words."""

from __future__ import annotations

import msgspec

from edgeopt.domain.study import TrialRecord

Shapes = dict[str, tuple[int, ...]]
SAME_OUTPUTS = "Every network of a study answers in the same form: mind what build changes."


def other_outputs(own: Shapes, first: Shapes | None) -> str:
    """How a network's outputs differ from those of the study's first, "" where they do not."""
    if first is None or list(own.values()) == list(first.values()):
        return ""
    return f"its outputs are {_shapes(own)}, and those of the networks before {_shapes(first)}"


def refused_outputs(record: TrialRecord, first: Shapes | None) -> TrialRecord:
    """The record; failed where its network answers in another form than the first one.

    For trials side by side: one may end first that began before any had ended.
    """
    found = record.evaluations
    why = other_outputs(found[0].outputs, first) if found else ""
    if not why:
        return record
    return msgspec.structs.replace(
        record, state="failed", kind="other-outputs", why=why, hint=SAME_OUTPUTS, score=None
    )


def _shapes(outputs: Shapes) -> str:
    return ", ".join("x".join(map(str, shape)) or "one number" for shape in outputs.values())
