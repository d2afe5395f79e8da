"""Other ways to choose integers and numbers of threads to try: pure functions."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from edgeopt.domain.quantizers import QUANTIZERS
from edgeopt.domain.recipe import Quantization
from edgeopt.domain.record import Record
from edgeopt.search import providers


def other_integers(first: Quantization) -> tuple[Quantization, ...]:
    """What to try where a library's usual static integers lose too much.

    All of them run in the same kernels, so that none costs time where it runs.
    """
    changes = QUANTIZERS[first.library].alternatives
    others = (msgspec.structs.replace(first, **change) for change in changes)
    return tuple(other for other in dict.fromkeys(others) if other != first)


def with_tail_in_float(usual: Quantization) -> Quantization | None:
    """A library's usual static integers with the tail in float; None where none does that.

    Where the library itself does not, the one that is its alternative may.
    """
    changes = ({}, *QUANTIZERS[usual.library].alternatives)
    for other in (msgspec.structs.replace(usual, **change) for change in changes):
        if QUANTIZERS[other.library].splits_tail:
            return msgspec.structs.replace(other, tail="float")
    return None


def thread_counts(records: Iterable[Record], form: Record) -> list[int]:
    """Numbers of threads that a form's runtime was tried with on its processor, most first."""
    assert form.recipe is not None
    place = (form.runtime, providers.of(form.recipe))
    tried = [record.recipe for record in records if record.recipe is not None]
    return sorted({r.threads for r in tried if (r.runtime, providers.of(r)) == place}, reverse=True)
