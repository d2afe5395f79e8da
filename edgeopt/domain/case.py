"""What a row of any mode is about."""

from __future__ import annotations

from edgeopt.domain.model import Value


class Case(Value, kw_only=True, frozen=True):
    """One artifact in its runtime, with so many threads.

    Attributes:
        why_null: name of a field that is null -> the reason.
        reason: why it failed, "" if it went through.
    """

    path: str
    runtime: str
    threads: int
    why_null: dict[str, str]
    reason: str = ""
