import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.tuning.curves import PRUNERS, Curves
from tests.tuning.records import trial

GOOD = [trial(i, 0.9, 1.0, curve=(0.5, 0.7, 0.8 + i / 100)) for i in range(6)]


def told(curves, values):
    """How many reports a training comes to before it is stopped."""
    curve = curves.begin()
    for step, value in enumerate(values):
        if curve.report(step, value):
            return curve.end(pruned=True)
    return curve.end(pruned=False)


def test_a_hopeless_curve_is_stopped_and_a_good_one_is_not():
    curves = Curves("median", "study")
    curves.known(GOOD)
    assert len(told(curves, [0.1, 0.1, 0.1, 0.1])) < 4
    assert len(told(curves, [0.6, 0.8, 0.9])) == 3


def test_of_losses_the_lower_are_better():
    curves = Curves("median", "study", lower_is_better=True)
    curves.known(GOOD)
    assert len(told(curves, [0.1, 0.1, 0.1, 0.1])) == 4
    assert len(told(curves, [9, 9, 9, 9])) < 4


@pytest.mark.parametrize("name", sorted(PRUNERS))
def test_every_pruner_takes_curves_of_trials_that_ended(name):
    curves = Curves(name, "study")
    curves.known([*GOOD, trial(7, None, 1.0, state="pruned", curve=(0.1,))])
    points = told(curves, [0.6, 0.8, 0.95])
    assert [point.step for point in points] == list(range(len(points)))


def test_a_training_that_reports_nothing_has_no_curve():
    curves = Curves("median", "study")
    assert told(curves, []) == ()


def test_what_there_is_not_is_refused():
    with pytest.raises(BadInput, match="no pruner"):
        Curves("wilcoxon", "study")


def test_trainings_side_by_side_have_curves_of_their_own():
    curves = Curves("none", "study")
    first, second = curves.begin(), curves.begin()
    first.report(0, 0.5)
    second.report(0, 0.25)
    first.report(1, 0.75)
    assert [point.score for point in second.end(pruned=False)] == [0.25]
    assert [point.score for point in first.end(pruned=False)] == [0.5, 0.75]


@pytest.mark.slow
def test_a_curve_is_written_for_tensorboard_while_it_goes(tmp_path):
    loader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_file_loader",
        reason="pip install 'edgeopt[tensorboard]'",
    )
    curve = Curves("none", "study").begin(events=tmp_path / "0000")
    curve.report(0, 0.5)
    curve.report(1, 0.75)
    [file] = (tmp_path / "0000").iterdir()
    events = list(loader.EventFileLoader(str(file)).Load())  # it has not ended
    points = [(e.step, e.summary.value[0].tag) for e in events if e.summary.value]
    assert points == [(0, "score"), (1, "score")]
    assert len(curve.end(pruned=False)) == 2
