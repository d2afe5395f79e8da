"""What every converter promises: the one thing that the rest of edgeopt knows of them."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractContextManager
from typing import Protocol

from edgeopt import runtimes
from edgeopt.convert.fallbacks import Way
from edgeopt.convert.forms import Forms
from edgeopt.convert.job import Job, Made
from edgeopt.domain.layers import Operator
from edgeopt.domain.recipe import Precision, Quantization
from edgeopt.sources.source import Source


class Converter(Protocol):
    """Makes a source into files of one runtime.

    Precisions, and options that make their names true, are in the runtime's `SPEC`. What is not
    abstract here is the answer of a converter that has no such thing.

    Attributes:
        runtime: its name, that of the file.
        from_torch: packages that it needs besides for a source of PyTorch's.
        copies: precisions whose file is the source's ONNX form as it is.
        makes_forms: whether `forms` makes any.
    """

    runtime: str
    from_torch: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    makes_forms: bool = False

    @abstractmethod
    def convert(self, job: Job) -> Made:
        """Write the files of one recipe; runs in a child process.

        Raises:
            EdgeoptError: the source has no form that it reads, or the library refuses it.
        """
        raise NotImplementedError

    def needs(self, precision: str) -> tuple[str, ...]:
        """Distributions that making a precision needs, besides the runtime's own."""
        return ()

    def packages(self, precision: str, source: Source) -> tuple[str, ...]:
        """All distributions that making a precision from a source needs."""
        own = runtimes.spec(runtimes.spec(self.runtime).answers).packages[0]
        needs = (need for need in self.needs(precision) if need != own)
        return (own, *needs, *(self.from_torch if source.exported else ()))

    def quantization(self, precision: str, source: Source | None = None) -> Quantization | None:
        """How this runtime's integers are chosen; None for a precision that has none.

        Args:
            source: None: one that is of no special kind.
        """
        return None

    def unsuitable(self, precision: str, source: Source) -> str:
        """Why a source cannot be taken or gains nothing from a precision, or ""."""
        return ""

    def base(self, precision: str) -> Precision | None:
        """The precision whose artifact this one is made from, None: from the source."""
        return None

    def ways(self, job: Job) -> tuple[Way, ...]:
        """What it can leave out of a job where its library fails, as `job.relaxation` says."""
        return ()

    def operators(self, job: Job) -> tuple[Operator, ...]:
        """Those that may stay in float then, in order of execution."""
        return ()

    def forms(self, job: Job) -> AbstractContextManager[Forms]:
        """The forms of int8-static that differ in what stays in float; runs in a child process.

        Raises:
            ValueError: it makes none (`makes_forms`).
        """
        raise ValueError(f"{self.runtime} has one form of its integers")


def needs_a_program(title: str, source: Source) -> str:
    """Why a converter that reads what PyTorch exports cannot take a source, or ""."""
    if source.exported:
        return ""
    return (
        f"{title} is made from a PyTorch module (.pt2, or an nn.Module); "
        f"this source is {source.format}"
    )
