"""Several models side by side, as they are printed."""

import pytest
from msgspec.structs import replace

from edgeopt.domain.models_compared import ModelRow, ModelsCompared, ModelsOnTarget
from edgeopt.report.models_table import render
from tests.report.test_brief import printed
from tests.search.test_choose import latency, verdict

GOOD = ModelRow(
    model="a/good.onnx", folder="/runs/good", recipe_id="1", title="litert fp16 threads=1",
    latency_ms=latency(4.0), score=0.91, source_score=0.92, n=500, size_bytes=2000,
    standing="worth it",
)  # fmt: skip
SMALL = replace(
    GOOD, model="b/small.onnx", folder="/runs/small", latency_ms=latency(1.0), score=0.85,
    versus_first=verdict(4.0),
)  # fmt: skip
NONE = ModelRow(
    model="c/none.onnx", folder="/runs/none", recipe_id=None, title="",
    standing="nothing chosen", reason="nothing was chosen",
)  # fmt: skip


def told(*rows, **more):
    one = ModelsOnTarget(target="this-machine", device="local", rows=rows)
    return printed(render(ModelsCompared(metric="accuracy", targets=(one,), **more)))


def test_the_first_line_names_each_model_with_its_quality_and_time():
    first, *rest = told(GOOD, SMALL, NONE).splitlines()
    assert first.startswith("this-machine: ship good.onnx for 91.0 % in 4.00 ms or small.onnx")
    assert any("4.00×" in line and "small.onnx" in line for line in rest)
    assert any("none.onnx  nothing was" in line for line in rest)


def test_two_models_of_one_name_are_told_with_their_runs():
    twin = replace(SMALL, model="b/good.onnx")
    shown = told(GOOD, twin)
    assert "good.onnx (good)" in shown
    assert "good.onnx (small)" in shown


@pytest.mark.parametrize(
    ("doubt", "words"),
    [
        ("agreement", "does not say which model is better"),
        ("metrics", "by different metrics"),
        ("data", "on different samples"),
    ],
)
def test_scores_that_do_not_compare_name_no_model(doubt, words):
    rows = [replace(one, standing="not told") for one in (GOOD, SMALL)]
    shown = " ".join(told(*rows, doubt=doubt).split())
    assert "scores cannot be compared" in shown
    assert words in shown
    assert "ship" not in shown.replace("ships", "")


def sentence(*rows, **more):
    """The first line alone, whole."""
    shown = " ".join(told(*rows, **more).split())
    return shown[: shown.index(" model ")]


def test_models_that_are_not_told_apart_are_not_said_to_be():
    unsure = replace(SMALL, versus_first=replace(SMALL.versus_first, word="INCONCLUSIVE"))
    assert sentence(GOOD, unsure) == (
        "this-machine: ship good.onnx for 91.0 % in 4.00 ms or small.onnx for 85.0 % in 1.00 ms; "
        "the times of small.onnx and good.onnx are not told apart."
    )
    assert "? not certain" in told(GOOD, unsure)
    assert "not told apart" not in sentence(GOOD, SMALL)
    assert "not certain" not in told(GOOD, SMALL)
    equal = replace(SMALL, versus_first=replace(SMALL.versus_first, word="EQUIVALENT"))
    assert "≈ as fast" in told(GOOD, equal)
    assert "Whether two scores differ by more than chance was not asked." in told(GOOD, SMALL)


def test_the_number_of_samples_is_told_where_it_is_that_of_all():
    assert "score on 500 held-out" in " ".join(told(GOOD, SMALL).split())
    assert "held-out" not in told(GOOD, replace(SMALL, n=400), doubt="data")


@pytest.mark.parametrize(
    ("rows", "doubt", "words"),
    [
        ((GOOD, NONE), "", "is not told, without a time and a score of none.onnx."),
        ((GOOD, SMALL), "", "which to ship is not told: the times cannot be compared."),
        ((GOOD, SMALL), "data", "scores cannot be compared."),
        ((NONE,), "", "nothing was timed beside the others."),
    ],
)
def test_where_no_model_is_named_the_reason_is_the_one_that_holds(rows, doubt, words):
    rows = [r if r is NONE else replace(r, standing="not told") for r in rows]
    assert sentence(*rows, doubt=doubt).endswith(words)
