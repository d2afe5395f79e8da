"""What another precision gave on a core, by published figures of other models. Pure functions.

Only ratios between two figures of one model, on one device, in one runtime and with as many
threads: what no single factor from board to board has, a ratio on the very core may have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from edgeopt import runtimes
from edgeopt.domain.published import Published, model_key
from edgeopt.domain.target import Profile
from edgeopt.stats.quantile import median

#: Models without which a core tells nothing: other cores of the same runtime are asked then.
FEWEST = 2

#: By what factor the median of other models was off (root mean square of the logarithms,
#: benchmarks/suggestions): on the very device, and on others of its architecture.
SAME_CORE, OTHER_CORES = 1.31, 1.37

_INTEGERS = ("int8", "int8 (per-channel)", "uint8", "uint8 (QAT)")
_FLOATS = ("fp32", "fp16")


@dataclass(frozen=True)
class Pair:
    """Two figures of one model.

    Attributes:
        place: device and chip, as published. target: the profile, "" where none is shipped.
        runtime: edgeopt's name.
        log_times: the logarithm of `precision`'s time as a share of `over`'s.
    """

    place: str
    target: str
    threads: str
    runtime: str
    model: str
    precision: str
    over: str
    log_times: float
    cited: str


@dataclass(frozen=True)
class Gain:
    """What a precision took of another's time, as the median of several models.

    Attributes:
        where: the profiles or devices. same_core: they have the target's cores.
    """

    log_times: float
    over: str
    n: int
    where: tuple[str, ...]
    same_core: bool
    sources: tuple[str, ...]

    @property
    def off_by(self) -> float:
        """By what factor such a figure was typically off."""
        return SAME_CORE if self.same_core else OTHER_CORES


def pairs(rows: Iterable[Published]) -> list[Pair]:
    """Every pair of integers and floats on a processor. Where a row is published twice: the first.

    A row that notes other cores of a device (its little ones) is a device of its own.
    """
    groups: dict[tuple[str, ...], dict[str, Published]] = {}
    for row in rows:
        form, runtime = _form(row), _runtime(row)
        if form and runtime and row.unit.startswith("CPU"):
            key = (_place(row), row.target, row.threads, runtime, row.runtime, row.model, row.input)
            groups.setdefault(key, {}).setdefault(form, row)
    return [
        Pair(
            place=place,
            target=target,
            threads=threads,
            runtime=runtime,
            model=model_key(model),
            precision="int8-static",
            over=over,
            log_times=math.log(found["int8-static"].latency_ms / found[over].latency_ms),
            cited=found["int8-static"].cited,
        )
        for (place, target, threads, runtime, _, model, _), found in groups.items()
        for over in _FLOATS
        if "int8-static" in found and over in found
    ]


def _form(row: Published) -> str:
    return "int8-static" if row.precision in _INTEGERS else row.as_precision or ""


def _runtime(row: Published) -> str:
    names = (one.name for one in runtimes.specs() if row.runtime in one.published)
    return next(names, "")


def _place(row: Published) -> str:
    little = " (powersave=1)" if "powersave=1" in row.notes else ""
    return f"{row.device} {row.soc}{little}".strip()


def gain(
    found: Sequence[Pair],
    runtime: str,
    precision: str,
    on_core: Callable[[Pair], bool],
    elsewhere: Callable[[Pair], bool],
) -> Gain | None:
    """The gain by figures from the target's cores, or by other cores' where these are too few.

    Args:
        on_core: whether a pair was timed on the target's cores.
        elsewhere: whether a pair of other cores may be used instead.
    """
    own = [one for one in found if (one.runtime, one.precision) == (runtime, precision)]
    for same_core, holds in ((True, on_core), (False, elsewhere)):
        for over in _FLOATS:
            known = [one for one in own if one.over == over and holds(one)]
            models = {one.model for one in known}
            if len(models) >= FEWEST:
                return Gain(
                    log_times=median([one.log_times for one in known]),
                    over=over,
                    n=len(models),
                    where=tuple(dict.fromkeys(one.target or one.place for one in known)),
                    same_core=same_core,
                    sources=tuple(dict.fromkeys(one.cited for one in known)),
                )
    return None


def of_forms(
    found: Sequence[Pair],
    forms: Collection[tuple[str, str]],
    target: Profile,
    profiles: Sequence[Profile],
) -> dict[tuple[str, str], Gain]:
    """What tells of each runtime and precision on a target, where anything does.

    Args:
        forms: runtimes and precisions. profiles: those that figures may be of.
    """
    cores = {one.model for one in target.cores}
    same = {one.name for one in profiles if cores and {c.model for c in one.cores} == cores}
    alike = {one.name for one in profiles if one.arch == target.arch}
    gains = {
        form: gain(found, *form, lambda one: one.target in same, lambda one: one.target in alike)
        for form in forms
    }
    return {form: one for form, one in gains.items() if one is not None}
