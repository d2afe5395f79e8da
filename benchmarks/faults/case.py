"""A fault as a value: how to make it, how to call edgeopt on it, what is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """What one call of the command came to.

    Attributes:
        code: exit status. output: what it printed, both streams.
        run: run.json with its records, {} where none was left.
        folder: where it was called; the run's own is "run" in it.
    """

    code: int
    output: str
    run: Mapping[str, Any]
    folder: Path = Path()

    @property
    def records(self) -> list[dict[str, Any]]:
        return list(self.run.get("records", []))

    def status(self, runtime: str, precision: str) -> str:
        """The status of a runtime's precision; "" where there is no such row."""
        found = [r for r in self.records if (r["runtime"], r["precision"]) == (runtime, precision)]
        return str(found[0]["status"]) if found else ""

    @property
    def chosen(self) -> dict[str, Any] | None:
        """The record that ships on the first target."""
        choices = self.run.get("choices") or [{}]
        wanted = choices[0].get("recipe_id")
        return next((r for r in self.records if wanted and r["recipe_id"] == wanted), None)


@dataclass(frozen=True)
class Case:
    """A small model that once went wrong.

    Attributes:
        about: the structure, and where it was reported publicly.
        make: writes the model and its data into a folder; returns the model's file name and
            the data's.
        right: what is wrong with an outcome, a sentence each; empty: all is right.
        options: of `edgeopt optimize` besides the model, data, target and --out.
    """

    about: str
    make: Callable[[Path], tuple[str, str]]
    right: Callable[[Outcome], list[str]]
    options: tuple[str, ...] = ("--max-drop", "1%", "--quick")
    target: str = "this-machine"
    environment: Mapping[str, str] = field(default_factory=dict)
