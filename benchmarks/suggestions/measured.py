"""Six networks of other kinds, suggested for a Pi 5 as if nothing were at hand, then measured here.

Of each network the forms of `forms.toml` (a Raspberry Pi 5's cores, four runtimes) are made and
ordered by `optimize`, whose target this machine is not. Then all that may be the fastest, and what
any order has first, are timed here in one longer interleaved schedule, each with one thread. This
machine's short timing is evidence of the order, so that this tells whether the rest of the evidence
leads astray, and not how well this machine stands for a Pi; "without this machine" is the order of
the other evidence alone.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import edgeopt
from benchmarks.compression.judged import artifact_of
from benchmarks.suggestions import networks
from edgeopt import targets
from edgeopt.devices.local import Local
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.harness.budget import BUDGETS
from edgeopt.harness.feed import Feed
from edgeopt.harness.interleaved import measure, never
from edgeopt.harness.subject import Subject
from edgeopt.harness.verdicts import compare
from edgeopt.search import suggest
from edgeopt.targets import gains, published

TARGET = Path(__file__).with_name("forms.toml")
WITHIN = 1.10
#: What took longer here than so many times the fastest is not timed again.
NEAR = 4.0


def told(name: str, work: Path, budget: str) -> dict[str, Any]:
    """One network: what each order has first, and how much longer than the fastest it takes."""
    made = networks.make(name, work / "models")
    run = edgeopt.optimize(
        made.path, str(TARGET), made.data, max_drop=0.05, out=work / made.path.stem,
        task=made.task, pictures=False, budget="quick", step_timeout_s=1800,
        progress=lambda what, *_: print(f"{name}: {what}", flush=True),
    )  # fmt: skip
    suggestion = run.choices[0].suggestion
    assert suggestion is not None
    records = {str(r.recipe_id): r for r in run.records if r.status == "ok"}
    forms = [one.recipe_ids[0] for one in suggestion.order]
    by_profile = [key for key in records if key in forms]
    first = {
        "suggested": forms[0],
        "without this machine": _without_here(run, [records[key] for key in forms])[0],
        "profile's order": by_profile[0],
        "int8 always first": min(
            by_profile, key=lambda key: records[key].precision != "int8-static"
        ),
    }
    times = _times(run, [records[key] for key in _near(run, first.values())], made, work, budget)
    fastest = min(times.values())
    return {
        "network": name,
        "mostly": suggestion.network.work,
        "first": {
            order: {
                "form": records[key].name,
                "times the fastest's": round(times[key] / fastest, 3),
                "size_bytes": records[key].size_bytes,
            }
            for order, key in first.items()
        },
        "rows": [
            {
                "form": one.name,
                "expected": None if one.times is None else round(one.times, 3),
                "measured": round(times[one.recipe_ids[0]] / times[forms_reference(run, forms)], 3)
                if one.recipe_ids[0] in times
                else None,
                "size_bytes": records[one.recipe_ids[0]].size_bytes,
                "likely": one.likely,
            }
            for one in suggestion.order
        ],
    }


def _near(run: Run, firsts: Collection[str]) -> list[str]:
    """What may be the fastest by the short timing, and what any order has first."""
    suggestion = run.choices[0].suggestion
    assert suggestion is not None
    least = min(one.times or math.inf for one in suggestion.order)
    reference = forms_reference(run, [one.recipe_ids[0] for one in suggestion.order])
    return [
        one.recipe_ids[0]
        for one in suggestion.order
        if (one.times or math.inf) <= NEAR * least or one.recipe_ids[0] in {*firsts, reference}
    ]


def forms_reference(run: Run, forms: Sequence[str]) -> str:
    """The form that expected times are shares of."""
    suggestion = run.choices[0].suggestion
    assert suggestion is not None
    named = {one.name: one.recipe_ids[0] for one in suggestion.order}
    return named.get(suggestion.reference, forms[0])


def _times(
    run: Run, records: Sequence[Record], made: networks.Made, work: Path, budget: str
) -> dict[str, float]:
    """Times as shares of the first record's, of all that went through."""
    subjects = []
    for record in records:
        artifact, path = artifact_of(run, record)
        assert record.recipe is not None
        subjects.append(Subject.of(record.recipe, artifact, path))
    names = [spec.name for spec in run.source.inputs]
    with tempfile.TemporaryDirectory(dir=work) as folder:
        feed = Feed({name: made.data[name][:8] for name in names}, Path(folder) / "feed")
        device = Local()
        try:
            session = measure(
                device, subjects, feed, BUDGETS[budget], Path(folder) / "log", 600.0,
                baseline=subjects[0].key, settled=never,
            )  # fmt: skip
        finally:
            device.close()
    found = {subjects[0].key: 1.0}
    for subject in subjects[1:]:
        verdict = compare(session, subject.key, subjects[0].key)
        if verdict is not None and not session.timed[subject.key].failed:
            found[subject.key] = 1 / verdict.ratio
    return found


def _without_here(run: Run, records: Sequence[Record]) -> list[str]:
    """The order by what is published, size and drop alone."""
    suggestion = run.choices[0].suggestion
    assert suggestion is not None
    profile = targets.load(str(TARGET))
    pairs, profiles = gains.pairs(published.rows()), [targets.load(n) for n in targets.names()]
    known = suggest.Known(
        here={}, arch="", same_arch=False, network=suggestion.network,
        gains=gains.of_forms(pairs, {(r.runtime, r.precision) for r in records}, profile, profiles),
    )  # fmt: skip
    likely = {r.key for r in records if _likely(suggestion.order, r)}
    found = suggest.suggestion(records, likely, known, suggestion.reference)
    return [one.recipe_ids[0] for one in found.order]


def _likely(order: Sequence[Any], record: Record) -> bool:
    return any(one.likely for one in order if record.recipe_id in one.recipe_ids)


def summary(found: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Of how many networks each order's first form is within a tenth of the fastest."""
    orders = found[0]["first"] if found else {}
    return {
        order: f"{sum(one['first'][order][_TIMES] <= WITHIN for one in found)} of {len(found)}"
        for order in orders
    }


_TIMES = "times the fastest's"
