"""Latencies predicted from published ones. Pure functions; they say None rather than guess.

What is claimed follows what one scale factor gave on published figures (docs/targets.md): never
from one precision to another, from a CPU to anything else, or over fewer than `FEWEST` models.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgeopt import runtimes
from edgeopt.domain.published import Predicted, Published, model_key
from edgeopt.domain.target import Profile
from edgeopt.stats.quantile import median

#: Models that must be published on both targets for a scale between them.
FEWEST = 4
#: Least error that is claimed: within one kind of core, and between two.
SAME_CORE, OTHER_CORE = 0.10, 0.25
#: Where the method errs by more than this, nothing is predicted: it would say too little.
MOST_ERROR = 0.75
#: The same model, device and precision differs by this factor from runtime to runtime.
OTHER_RUNTIME = 1.5
#: A figure of another's harness is expected within these factors of a published one.
BAND = (0.6, 1.7)


def from_published(
    rows: Sequence[Published],
    target: Profile,
    model: str,
    precision: str,
    others: Sequence[Profile] = (),
) -> Predicted | None:
    """What figures of the very model on the very target give, of any runtime and threads.

    It is a band for a sanity check: from 0.6 of the least to 1.7 of the largest.

    Args:
        model: its name, as in "mobilenet_v2"; a file's stem may do.
        others: targets whose figures serve where there are none of this one, if they have the
            same cores: scaled by the clocks.
    """
    for profile in (target, *(other for other in others if _same_cores(other, target))):
        scale = 1.0 if profile is target else _clock_scale(profile, target)
        found = [
            row
            for row in rows
            if row.target == profile.name
            and row.unit.startswith("CPU")
            and row.as_precision == precision
            and model_key(row.model) == model_key(model)
        ]
        if not found or scale is None:
            continue
        times = [scale * row.latency_ms for row in found]
        basis = f"published figures of {model} in {precision} on {profile.name}"
        return Predicted(
            p50_ms=median(times),
            low_ms=BAND[0] * min(times),
            high_ms=BAND[1] * max(times),
            basis=basis
            if scale == 1.0
            else f"{basis}, the same cores: times {scale:.3g} for the clock",
            n=len(found),
            sources=_sources(found),
        )
    return None


def _same_cores(one: Profile, other: Profile) -> bool:
    return {cores.model for cores in one.cores} == {cores.model for cores in other.cores}


def _clock_scale(one: Profile, other: Profile) -> float | None:
    """How much longer the other takes for the same cycles; None where a clock is not known."""
    clocks = [profile.cores[0].clock_ghz if profile.cores else None for profile in (one, other)]
    return clocks[0].value / clocks[1].value if clocks[0] and clocks[1] else None


def by_transfer(
    rows: Sequence[Published],
    measured_ms: float,
    measured_on: Profile,
    target: Profile,
    runtime: str,
    precision: str,
    threads: int,
) -> Predicted | None:
    """A latency measured on one target, scaled to another by what is published for both.

    The scale is the median over models of the ratio of both targets' figures, of the same
    precision and threads and one runtime. The interval is what this method errs by when each
    model in turn is left out (the 90th percentile), and not less than what is claimed of it;
    wider where the published runtime is not the candidate's own.

    Args:
        measured_ms: p50 of the artifact there, with as many threads.
    """
    known = runtimes.spec(runtime).published if runtime in runtimes.RUNTIMES else ()
    own = [(name, 1.0) for name in known]
    for name, spread in (*own, ("ncnn", OTHER_RUNTIME)):
        found = published_for_both(rows, measured_on, target, name, precision, threads)
        if len(found) < FEWEST:
            continue
        logs = [log_ratio(one, other) for one, other in found]
        error = max(left_out_error(logs), _claimed(measured_on, target))
        if error > MOST_ERROR:
            continue
        scale = math.exp(median(logs))
        return Predicted(
            p50_ms=measured_ms * scale,
            low_ms=measured_ms * scale / (1 + error) / spread,
            high_ms=measured_ms * scale * (1 + error) * spread,
            basis=f"{measured_ms:.3g} ms measured on {measured_on.name}, scaled by {scale:.3g}, "
            f"{name}'s median over {len(logs)} models",
            n=len(logs),
            sources=_sources([row for pair in found for row in pair]),
        )
    return None


def published_for_both(
    rows: Sequence[Published],
    one: Profile,
    other: Profile,
    runtime: str,
    precision: str,
    threads: int,
) -> list[tuple[Published, Published]]:
    """Figures of one model each, of one runtime on the CPUs of two targets."""
    here, there = (_figures(rows, target, runtime, precision, threads) for target in (one, other))
    return [(here[model], there[model]) for model in here if model in there]


def log_ratio(one: Published, other: Published) -> float:
    """How much longer the other takes, as a logarithm; of their least times where known."""
    return math.log(_ms(other) / _ms(one))


def left_out_error(logs: Sequence[float]) -> float:
    """The 90th percentile of how far the median of the others is from each: 0.2 is 20 %."""
    errors = sorted(
        math.exp(abs(median([*logs[:i], *logs[i + 1 :]]) - value)) - 1
        for i, value in enumerate(logs)
    )
    return errors[math.ceil(0.9 * len(errors)) - 1]


def _claimed(one: Profile, other: Profile) -> float:
    return SAME_CORE if _same_cores(one, other) else OTHER_CORE


def _figures(
    rows: Sequence[Published], target: Profile, runtime: str, precision: str, threads: int
) -> dict[str, Published]:
    """The figures of one runtime on a target's CPU, by model; the first of several."""
    counts = {str(threads)}
    if threads == target.big_cores:
        counts.add("all")
    found: dict[str, Published] = {}
    for row in rows:
        if (
            row.target == target.name
            and row.unit == "CPU"
            and row.runtime == runtime
            and row.as_precision == precision
            and row.threads in counts
        ):
            found.setdefault(model_key(row.model), row)
    return found


def _ms(row: Published) -> float:
    """The least of a row's runs where it is known: the mean has the noise of its machine."""
    return row.latency_min_ms or row.latency_ms


def _sources(rows: Sequence[Published]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.cited for row in rows))
