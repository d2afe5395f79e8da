"""A detector's run at work: what changed most is drawn, and corrupted inputs are judged by mAP."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from edgeopt.domain.errors import NotInstalled
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.run import Constraints
from edgeopt.pipeline import pictures
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.corruption_effects import effect_of
from edgeopt.pipeline.evaluator import Evaluator
from edgeopt.pipeline.record_ends import blank
from edgeopt.pipeline.state import State
from edgeopt.pipeline.steps.depict import Depict
from tests.pipeline import squares
from tests.pipeline.cli_process import HERE
from tests.pipeline.opened_run import opened

pytestmark = pytest.mark.slow
FP32 = Recipe(runtime="onnxruntime", precision="fp32", threads=1)


@pytest.fixture(scope="module")
def at_work(tmp_path_factory):
    """A run on squares, and its chosen candidate: the model itself."""
    folder = tmp_path_factory.mktemp("detector")
    call = Call(
        model=squares.model(folder / "squares.onnx"),
        targets=(str(HERE / "one-runtime.toml"),),
        data=squares.write(folder / "scenes", 90),
        out=folder / "run",
        constraints=Constraints(max_drop=0.01),
    )
    with opened(call) as run:
        chosen = run.evaluator.candidate(blank(run.target, "local", FP32), FP32)
        assert chosen.status == "ok", chosen.reason
        yield run, State(call.constraints, records=(chosen,), settled=chosen.key)


def with_answers(run, change):
    """The run, whose chosen candidate answers what `change` makes of the truth."""

    class Changed(Evaluator):
        def answers(self, recipe, subject, part, patience_s=0.0):
            answers, facts = super().answers(recipe, subject, part, patience_s)
            return {name: change(each.copy()) for name, each in answers.items()}, facts

    own = run.evaluator
    return replace(
        run, evaluator=Changed(own.conversions, own.choose, own.access, own.absent, own.floats)
    )


def blinded(output):
    """Nothing is found in the first twelve images."""
    output[:12, :, 4:] = 0
    return output


def test_the_eight_that_changed_most_are_drawn_and_kept(at_work):
    run, state = at_work
    assert Depict().why_skipped(run, state) is None
    after = Depict().advance(with_answers(run, blinded), state)
    pictures = after.chosen.pictures
    assert len(pictures) == 8
    names = {path.name for path in run.context.confirm.value().samples.marks.annotated.images[:12]}
    assert {one.name for one in pictures} <= names
    assert all((one.measure, one.chosen.found) == ("map", 0) for one in pictures)
    files = {one.file for picture in pictures for one in (picture.source, picture.chosen)}
    assert all((run.context.folder.path / file).is_file() for file in files)
    [kept] = [r for r in run.context.folder.journal.records() if r.key == after.chosen.key]
    assert kept.pictures == pictures


def test_nothing_is_drawn_where_nothing_changed(at_work):
    run, state = at_work
    assert Depict().advance(run, state).chosen.pictures == ()


def test_nothing_is_drawn_where_it_was_not_asked_for_or_nothing_was_chosen(at_work):
    run, state = at_work
    quiet = replace(run, call=replace(run.call, pictures=False))
    assert Depict().why_skipped(quiet, state).reason == "it was not asked for"
    assert Depict().why_skipped(run, replace(state, settled=None)).reason == "nothing was chosen"


def test_answers_that_cannot_be_judged_end_no_run(at_work):
    run, state = at_work

    def other(output):
        return output[:, :, :, :5]

    assert Depict().advance(with_answers(run, other), state).chosen.pictures == ()


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left"), ValueError("text"), NotInstalled("Pillow"), TypeError("none")],
)
def test_a_picture_that_fails_ends_no_run(at_work, monkeypatch, error):
    run, state = at_work

    def failing(*given):
        raise error

    monkeypatch.setattr(pictures, "made", failing)
    after = Depict().advance(with_answers(run, blinded), state)
    assert (after.chosen.status, after.chosen.pictures) == ("ok", ())


def test_corrupted_images_are_judged_by_the_task_and_their_boxes_stay(at_work):
    run, state = at_work
    effect = effect_of(with_answers(run, blinded), state.chosen, "gain", "strong")
    assert (effect.source.metric, effect.score.metric, effect.why_null) == ("map", "map", "")
    assert effect.n == len(run.context.confirm.value().samples)
    assert effect.source.value > 0.95  # half as bright, and where they were
    assert effect.drop.value > 0.1
    assert np.isfinite(msgspec.structs.astuple(effect.drop)[:3]).all()
