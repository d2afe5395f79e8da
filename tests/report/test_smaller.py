"""The steps of a search for a smaller model, on the page and in the terminal."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edgeopt.compress.curve import Curve, Epoch, write
from edgeopt.domain.compression import CompressionStep, Prune, Recover, Training
from edgeopt.report import format as fmt
from edgeopt.report import html, words
from edgeopt.report.smaller import drawn, smaller
from tests.report.sample import INTEL, sample_run
from tests.report.sample_profiles import sample_profiles

STEP = CompressionStep(
    title="pruned=25%",
    chain=(Prune(share=0.25), Recover()),
    carrier="litert int8-static threads=1",
    kept=True,
    why="it loses 0.001; 1.31 times as fast as before",
    parameters=123456,
    drop=0.001,
    ratio=1.31,
    low=1.2,
    high=1.4,
    size_bytes=98765,
    curve="stages/abc/curve.json",
)
BACK = CompressionStep(
    title="pruned=44% <b>",
    chain=(Prune(share=0.25), Recover(), Prune(share=0.25), Recover()),
    carrier="litert int8-static threads=1",
    kept=False,
    why="it loses 0.02, more than allowed",
    note="the training diverged in epoch 3",
)


def epoch(number, loss, held_out):
    return Epoch(number=number, loss=loss, held_out=held_out, right=0.5, rate=1e-3, seconds=1.0)


def curve(*held_out):
    epochs = tuple(epoch(i, h if i else None, h) for i, h in enumerate(held_out))
    best = min(range(len(held_out)), key=lambda i: held_out[i])
    return Curve(
        training=Training(),
        epochs=epochs,
        best=best,
        ended="",
        samples=80,
        held_out=20,
        labels=True,
    )


@pytest.fixture
def run(tmp_path):
    made = sample_run()
    choices = tuple(
        msgspec.structs.replace(c, compression=(STEP, BACK)) if c.target == INTEL else c
        for c in made.choices
    )
    (tmp_path / "stages" / "abc").mkdir(parents=True)
    write(curve(4.0, 2.0, 1.0, 1.5), tmp_path / str(STEP.curve))
    return msgspec.structs.replace(made, choices=choices, folder=str(tmp_path))


def test_every_step_is_a_row_with_its_curve(run):
    choice = next(c for c in run.choices if c.target == INTEL)
    first, second = smaller(run, choice)
    assert (first.title, first.weights, first.speed) == (
        "pruned=25%",
        fmt.whole(123456),
        "1.31 (1.20 to 1.40)",
    )
    assert first.curve is not None
    assert first.curve.label == "3 epochs, 80 samples, labels and source"
    assert second.curve is None
    assert "diverged" in second.why


def test_the_page_has_the_steps_and_escapes_them(run):
    page = html.render(run, sample_profiles())
    assert "A smaller model" in page
    assert "Taken back: it loses 0.02" in page
    assert "pruned=44% &lt;b&gt;" in page


def test_a_curve_goes_down_as_its_loss_does():
    view = drawn(curve(4.0, 2.0, 1.0))
    assert view is not None
    heights = [float(pair.split(",")[1]) for pair in view.held_out.split()]
    assert heights == sorted(heights)
    assert len(view.train.split()) == 2  # before the first epoch nothing was trained
    assert view.best[1] == heights[-1]


def test_a_training_without_a_loss_has_no_drawing():
    broken = Curve(
        training=Training(), epochs=(epoch(0, None, None),), best=0, ended="", samples=1,
        held_out=1, labels=False,
    )  # fmt: skip
    assert drawn(broken) is None


def test_one_line_for_the_terminal():
    assert words.step(STEP) == "pruned=25%: kept; it loses 0.001; 1.31 times as fast as before"
    assert words.step(BACK).endswith("more than allowed (the training diverged in epoch 3)")


def test_a_run_without_has_no_such_section():
    assert "A smaller model" not in html.render(sample_run(), sample_profiles())
    assert not Path(sample_run().folder, "stages").exists()
