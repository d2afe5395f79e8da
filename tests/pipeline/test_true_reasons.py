"""Sentences that blame: a mistake of edgeopt's own, and a target that no machine is known as."""

from __future__ import annotations

import msgspec
import pytest

from edgeopt import targets
from edgeopt.benchmarking.explaining import refused
from edgeopt.domain.errors import BadInput, OwnFault, RunnerFailed
from edgeopt.harness.profiling import _turn
from edgeopt.harness.subject import Subject
from edgeopt.pipeline.target_run import why_nowhere
from edgeopt.report.untimed_words import sentence

OWN = "edgeopt itself failed: KeyError: 'x' (edgeopt/runtimes/profiling/openvino.py:12)"


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (RunnerFailed(OWN, own=True), OwnFault, 70),
        (RunnerFailed("openvino has no profiler here", hint="Update it."), BadInput, 2),
        (RunnerFailed("`profile` took longer than its limit of 9 s", True), BadInput, 2),
    ],
)
def test_explain_blames_who_failed(error, kind, code):
    told = refused(error)
    assert type(told) is kind
    assert told.exit_code == code
    assert str(error.args[0]) in str(told)
    assert (error.hint or "") in str(told)


class FailingClient:
    def request(self, *_, **__):
        raise RunnerFailed(OWN, hint="report it", own=True)


def test_a_profile_keeps_whose_fault_it_was(tmp_path):
    subject = Subject("a", "openvino fp32", "openvino", tmp_path, 1, (), ())
    with pytest.raises(RunnerFailed, match="openvino fp32: edgeopt itself failed") as told:
        _turn(FailingClient(), subject, 1, 5.0)
    assert told.value.own
    assert told.value.hint == "report it"


def test_why_a_target_was_not_timed_is_a_whole_sentence():
    board = targets.load("raspberry-pi-4")
    assert sentence(why_nowhere(board)) == (
        "no device of the target raspberry-pi-4 was at hand, and this machine is not one"
    )
    short = msgspec.structs.replace(board, name="short", match=None)
    assert "the target short was named" in sentence(why_nowhere(short))
    assert "no [match]" in sentence(why_nowhere(short))
    assert "this machine is no" not in sentence(why_nowhere(short))
