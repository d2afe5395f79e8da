"""A model card says what the run found, and nothing else."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from edgeopt.bundle import card
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.card import Card
from edgeopt.domain.nearness import WholeNearness
from edgeopt.report import format as fmt
from tests.report.sample import INTEL, PI, sample_run

NEAR = WholeNearness(
    arithmetic="int8", threads=2, multiply_adds=385_000_000, ms=6.913, peak_per_s=6.4e11,
    peak_runtime="openvino", share=0.087,
)  # fmt: skip


def made(target=INTEL, run=None, **changes):
    run = run or sample_run()
    choice = replace(run.choice(target), **changes)
    record = run.record(target, choice.recipe_id)
    artifact = Artifact(
        recipe=record.recipe, path="artifacts/a/model.xml", files={"model.xml": "0"}, sha256="ab12",
        size_bytes=5_340_000, inputs=(), outputs=(), source_sha256=run.source.sha256,
        tools={"openvino": "2026.1.0"}, convert_s=1.0, notes=("a note of the converter",),
    )  # fmt: skip
    return card.card(run, choice, record, artifact), run, record


def test_the_line_of_json_is_read_back():
    found, *_ = made(roof=NEAR)
    text = card.files(found)["card.json"]
    assert text.count("\n") == 1
    assert msgspec.json.decode(text, type=Card) == found


def test_every_figure_is_the_records():
    found, run, record = made(roof=NEAR)
    assert (found.latency_ms, found.score) == (record.latency_ms, record.confirm_score)
    assert (found.drop, found.source["sha256"]) == (record.confirm_drop, run.source.sha256)
    page = card.files(found)["CARD.md"]
    latency, score = record.latency_ms, record.confirm_score
    for figure in (
        fmt.ms(latency.p50), fmt.interval(latency.p50_low, latency.p50_high, fmt.ms),
        fmt.percent(score.value), str(score.n), "8.7 %", "385 million", "ab12",
        run.source.sha256, "a note of the converter", "python run.py inputs.npz outputs.npz",
    ):  # fmt: skip
        assert figure in page


def test_what_was_not_timed_has_no_time():
    found, *_ = made(PI)
    page = card.files(found)["CARD.md"]
    assert (found.latency_ms, found.load_ms, found.memory_bytes) == (None, None, None)
    assert "Suggested by edgeopt, not timed." in page
    assert "not measured: " in page
    assert " ms" not in page
    assert any("Nothing was timed" in line for line in found.limits)


@pytest.mark.parametrize("basis", ["measured", "suggested", "profile order"])
def test_what_was_not_timed_is_never_called_measured(basis):
    """Whatever its target's choice went by."""
    page = card.files(made(PI, basis=basis)[0])["CARD.md"]
    assert "Measured and chosen" not in page


@pytest.mark.parametrize(("target", "said"), [(INTEL, "hand (`edgeopt ship`)."), (PI, "timed.")])
def test_another_row_was_chosen_by_a_person(target, said):
    run = sample_run()
    own = run.choice(target).recipe_id
    other = next(
        one.recipe_id for one in run.records
        if one.target == target and one.artifact and one.recipe_id != own and one.recipe
        and (one.latency_ms is not None) == (target == INTEL)
    )  # fmt: skip
    found, *_ = made(target, run=run, recipe_id=other)
    headline = card.files(found)["CARD.md"].split("\n\n")[1]
    assert found.picked
    assert "Chosen by hand" in headline
    assert headline.endswith(said)


def test_without_held_out_samples_the_card_says_so():
    run = sample_run()
    chosen = run.choice(INTEL).recipe_id
    records = tuple(
        replace(one, confirm_score=None, confirm_drop=None) if one.recipe_id == chosen else one
        for one in run.records
    )
    found, *_ = made(run=replace(run, records=records))
    page = card.files(found)["CARD.md"]
    assert "choosing sample" in page
    assert any(line.startswith("No held-out samples were scored") for line in found.limits)


@pytest.mark.parametrize("name", ["a|b.onnx", "<img src=x>.onnx", "[a](b).onnx", "# x\n## y.onnx"])
def test_a_hostile_name_is_text(name):
    run = sample_run()
    run = replace(run, source=replace(run.source, path=name))
    page = card.files(made(run=run)[0])["CARD.md"]
    head = page.splitlines()[0]
    assert head.startswith("# ")
    assert not any(sign in head.replace("\\" + sign, "") for sign in "|<[")
    assert "\n## y" not in page
