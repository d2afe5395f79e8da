"""Where a library fails on one operator: the same recipe without a part, in a bounded search.

First the operators that its exception is about (see `failing_operators`): with one scale for
their weights, then in float. Then without bias correction, and with one scale for each tensor of
weights. Last, halves of the operators stay in float until the one at fault is found.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from edgeopt.convert.failing_operators import failing, first_cause
from edgeopt.convert.library_errors import (
    CannotLoad,
    LibraryFailed,
    QuantizerFailed,
    cause_of,
    is_of_a_library,
    root,
)
from edgeopt.convert.relaxation import Relaxation, listed
from edgeopt.domain.layers import Operator
from edgeopt.domain.recipe import Quantization
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import reason
from edgeopt.runtimes.origin import own_place

#: What a converter can leave out of a recipe.
Way = Literal["float", "per-tensor-there", "uncorrected", "per-tensor", "float-kernels"]

#: Tries, whatever they cost; and seconds that more of them may take together, but for `MOST`.
ALWAYS, PATIENCE_S, MOST = 6, 40.0, 24

#: The share of a step's time limit after which no new try begins.
SHARE = 0.8

#: Tries that follow what exceptions say.
FOLLOWED = 8

Made = TypeVar("Made")
#: Yields what to try, is sent what came of it: None where it worked.
Tries = Generator[Relaxation, Exception | None, None]
Part = Generator[Relaxation, Exception | None, Exception | None]


@dataclass(frozen=True)
class Limits:
    """How a library may be asked.

    Attributes:
        library: its name for people. ways: what may be left out.
        how: the recipe's integers, if it has any.
        operators: of the model, asked for after a failure only.
        seconds: that the step has, None: without limit.
    """

    library: str
    ways: Collection[Way]
    how: Quantization | None
    operators: Callable[[], Sequence[Operator]]
    seconds: float | None = None


def search(attempt: Callable[[Relaxation], Made], limits: Limits, start: Relaxation) -> Made:
    """The first form that works, or the one of several with the least in float.

    Args:
        attempt: makes a form and opens it. The result of an earlier one stays valid.

    Raises:
        QuantizerFailed: nothing helped. It tells the first cause, and the operator if known.
        LibraryFailed: the same, where a converter told it in words of its own.
        EdgeoptError: what an attempt refuses on purpose is no failure of a library.
    """
    began = time.monotonic()
    tries = _tries(limits, start)
    plan, made, first, count = next(tries), None, None, 0
    while True:
        error: Exception | None = None
        tried = time.monotonic()
        try:
            made = attempt(plan)
        except Exception as failure:
            # What a first try refuses on purpose stands; later ones refuse what they left out.
            if own_place(failure) or (first is None and not is_of_a_library(failure)):
                raise
            error, first = failure, first or failure
            print(f"with {plan}: {first_line(failure)}")  # noqa: T201 (log)
        count, now = count + 1, time.monotonic()
        if not _affordable(count, now - began, now - tried, limits.seconds):
            break
        try:
            plan = tries.send(error)
        except StopIteration:
            break
    if made is None:
        assert first is not None
        if isinstance(first, LibraryFailed) and not isinstance(first, CannotLoad):
            raise first
        raise _failed(first, limits, count) from first
    return made


def _affordable(count: int, seconds: float, last: float, limit: float | None) -> bool:
    if limit is not None and seconds + last > SHARE * limit:
        return False
    return count < ALWAYS or (count < MOST and seconds + last < PATIENCE_S)


def _failed(error: Exception, limits: Limits, count: int) -> QuantizerFailed:
    cause = cause_of(error, limits.library)
    where = "".join(f" at {listed(one)}" for one in failing(root(error), _operators(limits))[:1])
    ways = f"{count - 1} more careful ways" if count > 2 else "A more careful way"
    hint = f"{ways} did not help either." if count > 1 else ""
    return QuantizerFailed(f"it failed{where}. {cause}", hint)


def _tries(limits: Limits, start: Relaxation) -> Tries:
    if start != Relaxation():
        error = yield start
        if error is None:
            return
    error = yield Relaxation()
    if error is None:
        return
    operators = _operators(limits)
    plan, error = yield from _followed(limits, operators, error)
    if error is None:
        return
    error = yield from _switches(limits, plan, error)
    if error is not None and "float" in limits.ways:
        yield from _halved(limits, operators, error)


def _operators(limits: Limits) -> tuple[Operator, ...]:
    """None where they cannot be had: the first failure is what counts."""
    try:
        return tuple(limits.operators())
    except Exception as error:
        print(reason(error, "its operators cannot be listed"))  # noqa: T201 (log)
        return ()


def _followed(
    limits: Limits, operators: Sequence[Operator], error: Exception
) -> Generator[Relaxation, Exception | None, tuple[Relaxation, Exception | None]]:
    """Ease what each exception is about, as long as the next one is about something else."""
    plan, tried = Relaxation(), 0
    while True:
        before = error
        for named in failing(root(before), operators):
            chosen = _alike(named, plan, operators)
            for easier in _easier(limits, plan, chosen, operators, before):
                if tried == FOLLOWED:
                    return plan, error
                tried += 1
                now = yield easier
                if now is None:
                    return easier, None
                if _signature(now, operators) != _signature(before, operators):
                    plan, error = easier, now
                    break
            if error is not before:
                break
        if error is before:
            return plan, error


def _alike(
    named: tuple[Operator, ...], plan: Relaxation, operators: Sequence[Operator]
) -> tuple[Operator, ...]:
    """With all others of that odd kind, once one of the kind was eased and another is named."""
    eased = {*plan.in_float, *plan.per_tensor}
    known = {(op.type, op.about) for op in operators if op.name in eased and _odd(op)}
    kinds = {(op.type, op.about) for op in named if op.name not in eased} & known
    more = [op for op in operators if (op.type, op.about) in kinds and op.name not in eased]
    return tuple({op.name: op for op in (*named, *more)}.values())


def _odd(op: Operator) -> bool:
    return bool(op.about) or not op.computes


def _signature(error: Exception, operators: Sequence[Operator]) -> tuple[object, ...]:
    return (first_cause(root(error)), tuple(failing(root(error), operators)[:1]))


def _easier(
    limits: Limits,
    plan: Relaxation,
    chosen: tuple[Operator, ...],
    operators: Sequence[Operator],
    error: Exception,
) -> list[Relaxation]:
    """The plans that ease some operators further, the least first."""
    cause = cause_of(error, limits.library)
    found = []
    scaled = [op for op in chosen if op.computes and op.name not in plan.per_tensor]
    if scaled and _allowed("per-tensor-there", limits) and not set(plan.in_float) & _names(scaled):
        found.append(plan.with_one_scale(scaled, cause))
    if "float" in limits.ways and not _names(chosen) <= set(plan.in_float):
        found.append(plan.with_float(chosen, cause))
    return [one for one in found if _quantizes(one, operators)]


def _names(operators: Collection[Operator]) -> set[str]:
    return {op.name for op in operators}


def _allowed(way: Way, limits: Limits) -> bool:
    if way not in limits.ways or limits.how is None:
        return False
    if way == "uncorrected":
        return limits.how.bias_correction is not None
    return limits.how.granularity == "per-channel" or "per-tensor" not in way


def _quantizes(plan: Relaxation, operators: Sequence[Operator]) -> bool:
    """Whether it leaves anything that computes to be quantized."""
    return any(op.computes for op in operators if op.name not in plan.in_float)


def _switches(limits: Limits, plan: Relaxation, error: Exception) -> Part:
    """Leave out what concerns all operators, one after the other, then together."""
    cause, last = cause_of(error, limits.library), error
    usable = [one for one in _SWITCHES if _allowed(one[0], limits)]
    for _, field, words in usable:
        now = yield plan.but(f"{words}: {cause}", **{field: True})
        if now is None:
            return None
        last = now
    if len(usable) > 1:
        words = " and ".join(words for _, _, words in usable)
        now = yield plan.but(f"{words}: {cause}", **{field: True for _, field, _ in usable})
        return None if now is None else last
    return last


#: What concerns all operators: the way, the field of `Relaxation`, and its words.
_SWITCHES: tuple[tuple[Way, str, str], ...] = (
    ("float-kernels", "float_kernels", "what has no integer kernel stays in float"),
    ("uncorrected", "uncorrected", "bias correction is left out"),
    ("per-tensor", "all_per_tensor", "weights have one scale a tensor, not one for each channel"),
)


def _halved(limits: Limits, operators: Sequence[Operator], error: Exception) -> Tries:
    """Narrow down to a type of operators, then to one: each half stays in float in turn."""
    cause = cause_of(error, limits.library)
    kinds: dict[str, list[Operator]] = {}
    for op in sorted(operators, key=lambda op: op.computes):
        kinds.setdefault(op.type, []).append(op)
    if not kinds:
        return
    kind = yield from _narrowed([tuple(ops) for ops in kinds.values()], operators, cause)
    if len(kind) > 1:
        yield from _narrowed([(op,) for op in kind], operators, cause)


def _narrowed(
    sets: list[tuple[Operator, ...]], operators: Sequence[Operator], cause: str
) -> Generator[Relaxation, Exception | None, tuple[Operator, ...]]:
    """The one set that is at fault, if it is one alone."""
    proven = False
    while len(sets) > 1:
        half, rest = sets[: len(sets) // 2], sets[len(sets) // 2 :]
        plan = Relaxation().with_float([op for one in half for op in one], cause)
        proven = _quantizes(plan, operators) and (yield plan) is None
        sets = half if proven else rest
    plan = Relaxation().with_float(sets[0], cause)
    if not proven and _quantizes(plan, operators):
        yield plan
    return sets[0]
