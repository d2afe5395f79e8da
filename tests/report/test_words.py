"""The sentence of a choice for a target that is not at hand."""

from __future__ import annotations

from msgspec.structs import replace

from edgeopt.domain.emulation import Emulation, OutputDifference
from edgeopt.domain.run import Constraints
from edgeopt.report import words
from edgeopt.report.promise import Promise
from tests.report.sample import PI, sample_run

KEPT = Promise("held", likely=True, needed=None, constraints=Constraints())


def chosen():
    run = sample_run()
    choice = next(c for c in run.choices if c.target == PI)
    return next(r for r in run.records if r.target == PI and r.recipe_id == choice.recipe_id)


def emulation(record, *differences):
    return Emulation(
        core="cortex-a76", emulator="qemu-aarch64 7.2", note="", runtime_version="1", n=128,
        precision="int8", score=record.confirm_score, drop=record.confirm_drop,
        outputs=differences, required_db=25.0, rss_bytes=None,
    )  # fmt: skip


def test_what_was_not_emulated_is_not_said_to_be():
    assert "emulated" not in words.unmeasured(chosen(), (), KEPT)


def test_how_near_the_emulated_answers_are_is_said_and_that_nothing_was_timed():
    record = chosen()
    equal = OutputDifference(output="a", equal=1.0, max_abs=0.0, sqnr_db=None)
    near = OutputDifference(output="b", equal=0.9, max_abs=0.1, sqnr_db=131.7)
    said = words.unmeasured(replace(record, emulation=emulation(record, equal)), (), KEPT)
    assert "nothing was timed" in said
    assert "on an emulated cortex-a76 it answered 128 samples as here, to the bit;" in said
    said = words.unmeasured(replace(record, emulation=emulation(record, equal, near)), (), KEPT)
    assert "as here, within 132 dB;" in said
