"""The report of a study as one HTML file that needs nothing else, no network least of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgeopt.domain.study import Study, TrialRecord
from edgeopt.report import format as fmt
from edgeopt.report.html import page_environment, policy_hash
from edgeopt.report.study_charts import (
    Bar,
    Chart,
    bars,
    curves,
    front,
    parallel,
    params_words,
    sort,
)

STATES = {
    "complete": "trained",
    "pruned": "stopped by its curve",
    "outside-limits": "not trained: outside the limits",
    "failed": "failed",
}

_SEVERAL = {"pruned": "stopped by their curves"}

WORKERS = ("worker", "trials", "trained", "measured", "lost", "computed")
"""Columns of the table of who did what."""


@dataclass(frozen=True)
class TrialRow:
    """A row of the table of trials, in words."""

    number: int
    sort: str
    state: str
    params: str
    score: str
    latency: tuple[str, ...]
    size: str
    seconds: str
    why: str


@dataclass(frozen=True)
class Importance:
    """Of one objective: bars, or why there are none."""

    objective: str
    bars: list[Bar]
    why: str


def render(study: Study) -> str:
    """The page, whole."""
    from markupsafe import Markup

    made = page_environment()
    style = "".join(made.get_template(f"{name}.css").render() for name in ("style", "study"))
    charts = [chart for chart in _charts(study) if chart is not None]
    return made.get_template("study.html").render(
        study=study,
        best=study.best,
        best_params=params_words(study.best) if study.best else "",
        rows=[trial_row(study, one) for one in study.trials],
        workers=WORKERS,
        timed=timed_targets(study),
        charts=charts,
        importances=list(_importances(study)),
        counted=counted(study),
        limits=limits(study),
        style=Markup(style),  # noqa: S704
        style_hash=policy_hash(style),
    )


def timed_targets(study: Study) -> list[str]:
    """Targets with a latency of some trial."""
    return [
        target
        for target in study.request.targets
        if any(one.latency_ms(target) is not None for one in study.trials)
    ]


def trial_row(study: Study, one: TrialRecord) -> TrialRow:
    """One trial in words."""
    return TrialRow(
        number=one.number,
        sort=sort(study, one) if one.state == "complete" else one.state,
        state=STATES[one.state],
        params=params_words(one),
        score=str(fmt.score(one.score)),
        latency=tuple(str(fmt.ms(one.latency_ms(target))) for target in timed_targets(study)),
        size=str(fmt.size(one.size_bytes)),
        seconds=fmt.duration(one.seconds.get("all", 0.0)),
        why=_sentence(one.why, one.hint),
    )


def failures(study: Study) -> list[str]:
    """What failed and what to do, each once, the latest last."""
    found: dict[tuple[str, str], list[int]] = {}
    for one in study.trials:
        if one.state == "failed":
            found.setdefault((one.why, one.hint), []).append(one.number)
    latest = sorted(found.items(), key=lambda item: item[1][-1])
    return [f"{_numbers(numbers)} failed: {_sentence(*why)}" for why, numbers in latest]


def _numbers(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"trial {numbers[0]}"
    listed = ", ".join(map(str, numbers[:4]))
    return f"trials {listed}" + (f" and {len(numbers) - 4} more" if len(numbers) > 4 else "")


def _sentence(why: str, hint: str) -> str:
    return f"{why.rstrip('.')}. {hint}".strip() if hint else why


def counted(study: Study) -> str:
    """How many trials there were, by what became of them."""
    states = [one.state for one in study.trials]
    numbers = {key: states.count(key) for key in STATES if key in states}
    words = {
        key: _SEVERAL.get(key, STATES[key]) if n > 1 else STATES[key] for key, n in numbers.items()
    }
    parts = [f"{n} {words[key]}" for key, n in numbers.items()]
    return f"{fmt.count(len(states), 'trial')}: {', '.join(parts)}" if parts else "no trials"


def limits(study: Study) -> str:
    """What was allowed, in words."""
    asked = study.request.constraints
    told = [f"a loss of {fmt.percent(asked.max_drop)}"]
    if asked.max_latency_ms is not None:
        told.append(str(fmt.ms(asked.max_latency_ms)))
    if asked.max_size_bytes is not None:
        told.append(str(fmt.size(asked.max_size_bytes)))
    return ", ".join(told)


def _charts(study: Study) -> Iterator[Chart | None]:
    yield from (front(study, target) for target in timed_targets(study))
    yield curves(study)
    yield parallel(study)


def _importances(study: Study) -> Iterator[Importance]:
    for objective in study.request.objectives:
        shares = study.importances.get(objective, {})
        yield Importance(objective, bars(shares), study.why_null.get(objective, ""))
