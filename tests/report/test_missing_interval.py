"""A score and a drop without an interval: said as such wherever one is printed, with the reason."""

import io

import msgspec
import pytest
from msgspec.structs import replace
from rich.console import Console

from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.domain.score import Drop, Score
from edgeopt.report import format as fmt
from edgeopt.report import words
from edgeopt.report.html import render
from edgeopt.report.method import method
from edgeopt.report.page_answer import answer
from edgeopt.report.points import points
from edgeopt.report.terminal import summary
from edgeopt.store.limits import under_other_limits
from tests.report.sample import INTEL, sample_run
from tests.report.sample_profiles import sample_profiles

WHY = "one call of mine:score takes 8.1 s, and an interval needs 20"


def without(figure):
    if figure is None:
        return None
    changes = {"resolved": False} if isinstance(figure, Drop) else {}
    return replace(figure, low=None, high=None, interval="", why_null=WHY, **changes)


def bare_run():
    run = sample_run()
    records = tuple(
        replace(
            record,
            score=without(record.score),
            drop=without(record.drop),
            confirm_score=without(record.confirm_score),
            confirm_drop=without(record.confirm_drop),
        )
        for record in run.records
    )
    run = replace(run, records=records)
    told = words.without_interval(chosen(run))
    return replace(run, choices=tuple(replace(one, warnings=told) for one in run.choices))


def chosen(run):
    return next(record for record in run.records if record.confirm_drop is not None)


@pytest.mark.parametrize("width", [80, 100])
def test_the_terminal_says_so(width):
    console = Console(file=io.StringIO(), width=width)
    console.print(summary(bare_run()))
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= width
    said = " ".join(text.split())
    # Below its drop where the columns do not fit side by side.
    assert "?0.8 (no interval)" in said if width == 100 else "(no interval)" in said
    assert "the interval does not tell, or there is none" in said
    assert f"how far off it may be is not known: {WHY}." in said
    assert "None" not in text
    assert "()" not in text


def test_the_page_says_so():
    page = render(bare_run(), sample_profiles()).replace("\u00a0", " ")
    assert "no interval" in page
    assert page.count(WHY) >= 2
    assert "None to" not in page
    assert "inf" not in page.replace("info", "").replace("infer", "")


def test_every_reader_copes():
    run = bare_run()
    record = chosen(run)
    assert fmt.score_interval(record.confirm_score) == "no interval"
    assert fmt.drop_interval(record.confirm_drop) == "no interval"
    assert fmt.drop_bounds(record.confirm_drop) is None
    choice = next(one for one in run.choices if one.target == INTEL)
    details = [change.detail for change in answer(run, choice).changes]
    assert "no interval, on 500 held-out samples" in details
    assert any(f"no interval ({WHY})" in line for line in method(run, INTEL))
    assert all(point.y_low == point.y == point.y_high for point in points(run, INTEL))
    (same, *_) = under_other_limits([record], Constraints(max_drop=0.9))
    assert not same.drop.resolved


def test_it_is_kept_and_read_again_and_old_records_are_read():
    record = chosen(bare_run())
    again = msgspec.json.decode(msgspec.json.encode(record), type=Record)
    assert again == record
    old = {"metric": "f1", "value": 0.5, "low": 0.4, "high": 0.6, "interval": "bootstrap", "n": 9}
    assert msgspec.convert({**old, "part": "choose"}, Score).why_null == ""
