"""What a check of a machine, or of a measurement, has found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from edgeopt.domain.model import Value

State = Literal["ok", "warning", "failed", "unknown"]


class Finding(Value, kw_only=True, frozen=True):
    """One check.

    Attributes:
        check: its name.
        state: "failed": figures taken so are spoiled; "warning": noise that interleaving
            copes with, ratios hold; "unknown": nothing tells, `found` says why.
        found: what was read, in words.
        advice: how to mend it, with the command where there is one; "" where nothing is to do.
    """

    check: str
    state: State
    found: str
    advice: str = ""


def failures(findings: Iterable[Finding]) -> tuple[str, ...]:
    """What failed, in words: what was measured is marked with it, and not ranked."""
    return tuple(f"{one.check}: {one.found}" for one in findings if one.state == "failed")


def spoiled(findings: Iterable[Finding]) -> bool:
    """Whether any check failed."""
    return any(finding.state == "failed" for finding in findings)


class Diagnosis(Value, kw_only=True, frozen=True):
    """What a machine says of itself, and what that means for measuring.

    Attributes:
        machine, health: the runner's replies to `hello` and `health`.
        canary: durations of a fixed piece of work, ns, one after the other.
    """

    device: str
    machine: dict[str, Any]
    health: dict[str, Any]
    canary: list[dict[str, int]]
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        return spoiled(self.findings)
