"""What the space of recipes asks of what makes a runtime's files: `convert.Converter` has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from edgeopt.domain.recipe import Quantization
from edgeopt.sources.source import Source


class Maker(Protocol):
    """Makes a source into files of one runtime.

    Attributes:
        runtime: its name.
        from_torch: of `packages`, those that a source of PyTorch's needs.
    """

    runtime: str
    from_torch: tuple[str, ...]

    def packages(self, precision: str, source: Source) -> tuple[str, ...]:
        """All distributions that making a precision from a source needs."""

    def quantization(self, precision: str, source: Source | None = None) -> Quantization | None:
        """How this runtime's integers are chosen; None for a precision that has none."""

    def unsuitable(self, precision: str, source: Source) -> str:
        """Why a source cannot be taken or gains nothing from a precision, or ""."""


#: Runtime -> what makes its files, None where nothing does.
Makers = Callable[[str], Maker | None]
