"""What a failed step says to do."""

from __future__ import annotations

import pytest

from edgeopt.domain.errors import LONGER, RunnerFailed, StepFailed


@pytest.mark.parametrize(
    ("error", "status", "hint"),
    [
        (RunnerFailed("`infer` took longer", timed_out=True), "timeout", LONGER),
        (RunnerFailed("crashed"), "failed-run", "Its output is in a.log."),
        (RunnerFailed("no memory", hint="Close programs."), "failed-run", "Close programs."),
    ],
)
def test_a_runner_that_failed_says_what_helps(error, status, hint):
    failed = StepFailed.ran(error, "Its output is in a.log.")
    assert (failed.status, failed.reason, failed.hint) == (status, str(error.args[0]), hint)
