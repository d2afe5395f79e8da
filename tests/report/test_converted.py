"""What is made and runs nowhere here: told apart from what failed, and never chosen."""

import io

from msgspec.structs import replace
from rich.console import Console

from edgeopt import runtimes
from edgeopt.report import words
from edgeopt.report.terminal import summary
from edgeopt.search import choose, side_by_side
from tests.report.sample import sample_run

WHY, ADVICE = runtimes.spec("coreml").elsewhere


def converted(run):
    """One of the run's records as it would be of Core ML."""
    record = next(record for record in run.records if record.status == "ok")
    return replace(
        record, runtime="coreml", status="converted", step="convert", reason=WHY, hint=ADVICE,
        latency_ms=None, score=None, drop=None,
    )  # fmt: skip


def test_it_is_never_chosen():
    run = sample_run()
    record = converted(run)
    assert choose.qualifying([record], run.request.constraints) == []
    assert side_by_side.state(record) == "converted"
    assert words.nothing([record]) == f"1 artifact made, none chosen: {WHY}."


def test_the_terminal_does_not_call_it_failed():
    run = sample_run()
    alone = replace(run, records=(converted(run),), choices=())
    console = Console(file=io.StringIO(), width=200)
    console.print(summary(alone))
    told = console.file.getvalue()
    assert "Converted, not run" in told
    assert "Failed" not in told
    assert WHY in " ".join(told.split())
