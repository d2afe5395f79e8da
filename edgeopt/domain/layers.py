"""Operators of a graph, spans of them, and what each span costs in integers."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable

from edgeopt.domain.model import Value


class Operator(Value, kw_only=True, frozen=True):
    """One operator of a runtime's fp32 form, in order of execution.

    Attributes:
        name: as the quantizer of that runtime calls it. label: the same for people.
        inputs, outputs: names of its tensors that are no constants.
        elements: of its outputs together.
        computes: it has weights (a convolution, a matrix product).
        constants: names of its tensors that are. about: what is odd about it, in words.
    """

    name: str
    label: str
    type: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    elements: int
    computes: bool
    constants: tuple[str, ...] = ()
    about: str = ""


class Group(Value, kw_only=True, frozen=True):
    """Operators that stay in float together: some in a row, or all of a kind wherever they are.

    Attributes:
        first, last: the first and the last one's number, from 0.
        layers: labels of those that compute.
        elements: values that are converted at its ends if it alone is in float.
        kind: what all of them are, as the runtime calls it; "" where they are in a row.
        spans: of those of a kind, () for all from the first to the last.
        order: of those of a kind that compute, their numbers among all that compute.
    """

    first: int
    last: int
    layers: tuple[str, ...]
    elements: int
    kind: str = ""
    spans: tuple[str, ...] = ()
    order: tuple[int, ...] = ()

    @property
    def span(self) -> str:
        return span_of(self.first, self.last)

    @property
    def numbers(self) -> frozenset[int]:
        """Those of its operators."""
        return numbers(self.spans or (self.span,))

    @property
    def title(self) -> str:
        """Its layers in short: "blocks.3" where that is what all their names begin with; of a kind

        with their number: "Conv (12)".
        """
        if self.kind:
            return f"{self.kind} ({len(self.numbers)})"
        if len(self.layers) < 2:
            return self.layers[0] if self.layers else f"operators {self.span}"
        parts = zip(*(name.split(".") for name in self.layers), strict=False)
        common = itertools.takewhile(lambda part: len(set(part)) == 1, parts)
        return ".".join(part[0] for part in common) or f"{self.layers[0]} to {self.layers[-1]}"


class GroupSensitivity(Value, kw_only=True, frozen=True):
    """What a group does to the judged output: noise power over signal power.

    Attributes:
        alone: it alone is in integers. without: all is but it.
    """

    group: Group
    alone: float
    without: float


class LayerSensitivity(Value, kw_only=True, frozen=True):
    """The noise of every group of one quantized form.

    Attributes:
        plain: of the form with no exceptions. samples: of the calibrating part, which is all
            that ranking sees.
    """

    v: int = 1
    plain: float
    groups: tuple[GroupSensitivity, ...]
    samples: int
    seconds: float


class Price(Value, kw_only=True, frozen=True):
    """What it costs and gives to keep one group in float.

    Attributes:
        gain: the share of the plain form's noise that goes away.
        cost_ms: by how much an inference takes longer; null where the runtime's profiler does
            not tell. cost_low_ms, cost_high_ms: its interval over launches of the profiler.
        fp32_ms, int8_ms: the group's operators in both forms.
    """

    group: Group
    gain: float
    cost_ms: float | None
    fp32_ms: float | None = None
    int8_ms: float | None = None
    cost_low_ms: float | None = None
    cost_high_ms: float | None = None


class TriedForm(Value, kw_only=True, frozen=True):
    """One form that was tried while a runtime's int8 was refined.

    Attributes:
        what: what was done, in words. recipe_id: of its record.
        drop: lost on the choosing samples, as `Drop.judged`; null where it failed.
        kept: groups in float. predicted_ms: of the plain form's time and the prices.
    """

    what: str
    recipe_id: str
    drop: float | None
    kept: int = 0
    predicted_ms: float | None = None


class Refinement(Value, kw_only=True, frozen=True):
    """What was done about a fast form that loses too much.

    Attributes:
        form, recipe_id: what it began with, in words ("" in runs of before) and by id.
        result: the one that it came to, None: no form kept the allowed drop.
        kept: the groups that stay in float there. prices: of all groups, the best value first.
        why_no_cost: why prices have no milliseconds.
        sentence: the same in words. offer: what another candidate offers, "" where none does.
    """

    runtime: str
    form: str = ""
    recipe_id: str
    result: str | None
    steps: tuple[TriedForm, ...]
    kept: tuple[Price, ...] = ()
    prices: tuple[Price, ...] = ()
    why_no_cost: str = ""
    sentence: str = ""
    offer: str = ""


def span_of(first: int, last: int) -> str:
    """ "7" or "4-9"."""
    return str(first) if first == last else f"{first}-{last}"


def numbers(spans: Iterable[str]) -> frozenset[int]:
    """The numbers in spans.

    Raises:
        ValueError: one is no span.
    """
    found: set[int] = set()
    for span in spans:
        first, dash, last = span.partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise ValueError(f'{span!r} is no span of operators; "7" and "4-9" are')
        low, high = int(first), int(last or first)
        if high < low:
            raise ValueError(f"the span {span!r} ends before it begins")
        found.update(range(low, high + 1))
    return frozenset(found)


def spans(chosen: Collection[int]) -> tuple[str, ...]:
    """The fewest spans that hold these numbers, in order."""
    found: list[tuple[int, int]] = []
    for number in sorted(chosen):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(span_of(*one) for one in found)
