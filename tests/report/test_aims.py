"""Every output of a run speaks of what the run aims at."""

import io
import re

import pytest
from msgspec.structs import replace
from rich.console import Console

from edgeopt.domain.energy import Energy
from edgeopt.domain.run import Constraints
from edgeopt.report import aim_words, brief, html, promise, terminal, words
from edgeopt.report.page_answer import answer as page_answer
from edgeopt.report.points import points
from edgeopt.report.scatter import WIDE, draw
from edgeopt.report.table import rows
from tests.report.sample import INTEL, sample_run
from tests.search.test_aims import candidate
from tests.search.test_choose import drop

SAID = promise.Promise(held="held", likely=True, needed=None, constraints=Constraints())


def aimed(aim, **limits):
    """The sample run with figures of every kind, aiming at one of them."""
    run = sample_run()
    records = tuple(_figured(number, record) for number, record in enumerate(run.records))
    constraints = replace(run.request.constraints, **limits)
    request = replace(run.request, aim=aim, constraints=constraints)
    return replace(run, records=records, request=request)


def _figured(number, record):
    if record.executed is None or record.latency_ms is None:
        return record
    energy = Energy(meter="powercap package-0", covers="processor", gross_mj=90.0 - number)
    ran = replace(record.executed, memory_bytes=10_000_000 + 1000 * number)
    return replace(record, energy=energy, executed=ran)


def printed(shown, width=100):
    out = io.StringIO()
    Console(file=out, width=width).print(shown)
    return out.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("aim", "head"), [("energy", "energy"), ("memory", "memory"), ("throughput", "rate")]
)
def test_its_figure_has_a_column_in_every_table(aim, head):
    run = aimed(aim)
    short, whole = printed(brief.brief(run)), printed(terminal.summary(run))
    assert head in short
    assert f" {head}" in whole
    page = html.render(run, {})
    assert f"{head.capitalize()} <small>aimed at</small>" in page
    assert "data-aimed=" in page


def test_a_latency_has_none_but_its_own():
    assert "aimed at</small>" not in html.render(aimed("latency"), {})


@pytest.mark.parametrize("aim", ["size", "energy", "memory", "throughput"])
def test_rows_are_in_the_order_of_the_figure(aim):
    found = [
        row.aimed.sort
        for row in rows(aimed(aim), INTEL)
        if row.ok and row.qualifies and not row.chosen and not row.aimed_elsewhere
    ]
    assert len(found) > 1
    assert found == sorted(found)


@pytest.mark.parametrize("number", [1, 2])
def test_rows_are_numbered_as_they_are_printed(number):
    made = [row for row in rows(aimed("size"), INTEL) if row.ok]
    assert [row.number for row in made] == [*range(1, len(made) + 1)]
    told = printed(brief.brief(aimed("size"))).splitlines()
    line = next(line for line in told if re.match(rf"[✓bs]*\s+{number} ", line))
    assert made[number - 1].name in line


@pytest.mark.parametrize(
    ("aim", "first", "beside"),
    [
        ("latency", "the fastest that keeps", None),
        ("p90", "the one with the lowest p90 that keeps", "base threads=1 has 9.00 ms"),
        ("size", "the smallest that keeps", "3.00 times smaller than"),
        ("energy", "the one with the least energy that keeps", "has 7 mJ in the same schedule"),
        ("memory", "the one with the least memory that keeps", "has 30 B in the same schedule"),
        ("throughput", "the one with the highest throughput that keeps", None),
    ],
)
def test_the_choice_says_what_it_is_first_in(aim, first, beside):
    base = candidate("base", 4.0, p90=9.0, size=300, memory=30, mj=7.0)
    chosen = candidate(
        "mine", 2.0, p90=3.0, size=100, memory=20, mj=5.0, ratio=2.0, confirm_drop=drop(0.0)
    )
    said = words.why(chosen, [base, chosen], "base", (), SAID, aim)
    assert first in said
    assert "p50 2.00 ms" in said
    figure = aim_words.named(chosen, aim)
    assert figure in said
    told = aim_words.beside(chosen, base, aim)
    assert (told != "") == (beside is not None)
    assert told in said
    assert beside is None or beside.removeprefix("base threads=1 ") in told


def test_figures_of_two_schedules_are_not_put_side_by_side():
    base = candidate("base", 4.0, mj=7.0, memory=1, p90=5.0)
    mine = candidate("mine", 2.0, mj=5.0, memory=2, p90=3.0)
    later = replace(mine, latency_ms=replace(mine.latency_ms, stage="final"))
    assert [aim_words.beside(later, base, aim) for aim in ("energy", "memory", "p90")] == [""] * 3
    assert aim_words.beside(later, base, "size") == "as large as onnxruntime fp32 threads=1"


def test_the_page_tells_a_limit_beside_its_figure():
    run = aimed("memory", max_memory_bytes=20_000_000, max_p90_ms=40.0)
    found = {one.label: one for one in page_answer(run, run.choice(INTEL)).changes}
    assert found["Memory"].limit == "allowed: 20.0 MB"
    assert found["Slow runs, p90"].limit == "allowed: 40.0 ms"
    assert "Memory" not in {
        one.label for one in page_answer(aimed("size"), run.choice(INTEL)).changes
    }


def test_the_page_says_of_a_figure_that_it_was_not_measured():
    run = sample_run()
    request = replace(run.request, aim="memory")
    found = page_answer(replace(run, request=request), run.choice(INTEL)).change("Memory")
    assert found.after == "not measured"


def test_a_choice_without_the_figure_went_by_its_time():
    chosen = replace(candidate("mine", 2.0, ratio=2.0), confirm_drop=drop(0.0))
    said = words.why(chosen, [chosen], "base", (), SAID, "memory")
    assert "the fastest that keeps the allowed drop" in said
    assert "its memory is not known, p50 2.00 ms" in said
    assert "the one with the least memory" not in said


def test_a_limit_on_what_was_not_measured_is_told():
    limits = Constraints(max_p90_ms=5.0, max_energy_mj=3.0, max_size_bytes=1)
    told = [*aim_words.unchecked(candidate("x", 1.0), limits)]
    assert [one.split(" is not known")[0] for one in told] == [
        "Whether its p90 keeps the limit of 5.00 ms",
        "Whether its energy keeps the limit of 3 mJ",
    ]
    assert aim_words.unfollowed("energy")
    assert aim_words.unfollowed("size") == ()


def test_a_run_of_several_samples_says_so():
    one = candidate("x", 8.0)
    four = replace(one, recipe=replace(one.recipe, batch=4))
    assert (aim_words.p50(one), aim_words.p50(four)) == ("8.00 ms", "8.00 ms for 4 samples")
    assert aim_words.figure(four, "throughput") == "500 /s"


def test_the_chart_of_batches_is_of_single_samples():
    run = aimed("throughput")
    halved = tuple(
        replace(r, recipe=replace(r.recipe, batch=2)) if r.recipe and r.latency_ms else r
        for r in run.records
    )
    single, several = points(run, INTEL), points(replace(run, records=halved), INTEL)
    assert [one.p50_ms * 2 for one in several] == pytest.approx([one.p50_ms for one in single])
    title = draw(several, 0.02, WIDE, relative=False).x_title
    assert title.startswith("Time, as a share")  # verdicts are of samples, whatever the batch
    final = tuple(r for r in halved if r.latency_ms and r.latency_ms.stage == "final")
    several = points(replace(run, records=final), INTEL)
    assert draw(several, 0.02, WIDE, relative=False).x_title.startswith("Time of a sample, ms")
    assert all(one.x == one.p50_ms for one in several)
