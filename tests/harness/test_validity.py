"""A measurement under a failed check is kept, marked, and not ranked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeopt.benchmarking.side_by_side import _row
from edgeopt.domain.bench_row import BenchTable
from edgeopt.domain.finding import failures
from edgeopt.domain.session_facts import SessionFacts
from edgeopt.harness.budget import QUICK
from edgeopt.harness.figures import latency
from edgeopt.harness.interleaved import measure
from edgeopt.harness.validity import findings
from edgeopt.report import bench_table

SMALL = replace(QUICK, looks=(8,), rounds=6, warmup_s=0.02)


@pytest.fixture
def session(device, log):
    subjects = [device.subject("base"), device.subject("other")]
    return measure(device, subjects, device.feed(), SMALL, log, 20, baseline="base")


@pytest.fixture
def weak(device):
    (device._clock.parent / "weak").touch()


def table(session) -> BenchTable:
    facts = SessionFacts(version="scripted 1.0", precisions={"fp32": 1})
    found = findings(session)
    rows = tuple(
        _row(subject, session, facts, "", failures(found))
        for subject in (_as_subject(k) for k in KEYS)
    )
    return BenchTable(rows=rows, inputs="x", noise=None, findings=found, raw=session.raw())


KEYS = ("base", "other")


def _as_subject(key):
    from edgeopt.harness.subject import Subject

    return Subject(key, key, "scripted", f"/{key}", 1, (), ())


@pytest.mark.slow
def test_a_sound_machine_spoils_nothing(session):
    assert failures(findings(session)) == ()
    first, second = table(session).rows
    assert first.latency_ms.spoiled == ()
    assert second.versus_baseline.word == "EQUIVALENT"


@pytest.mark.slow
def test_a_throttled_board_is_read_before_and_after(weak, session):
    assert len(session.health) == 2
    spoiled = failures(findings(session))
    assert any("under-voltage" in why for why in spoiled)
    timed = session.timed["base"]
    assert latency(timed, SMALL, spoiled).spoiled == spoiled
    assert timed.steady_ns, "nothing that was measured is lost"


@pytest.mark.slow
def test_what_is_spoiled_has_no_verdict_and_says_why(weak, session):
    bench = table(session)
    assert [row.versus_baseline for row in bench.rows] == [None, None]
    text = "\n".join(str(part) for part in bench_table.render(bench).renderables[1:])
    assert "failed: throttling: " in text
    assert [bench_table._verdict(row) for row in bench.rows] == ["not ranked"] * 2
