"""Curves for TensorBoard, read back with its own reader."""

from __future__ import annotations

import math
import sys

import pytest

from edgeopt.compress.curve import Epoch
from edgeopt.compress.events import events, require
from edgeopt.domain.compression import Compression
from edgeopt.domain.errors import BadInput, NotInstalled

EPOCHS = [
    Epoch(number=0, loss=None, held_out=2.5, right=0.25, rate=0.0, seconds=0.0),
    Epoch(number=1, loss=1.5, held_out=1.25, right=0.5, rate=0.002, seconds=1.0),
    Epoch(number=2, loss=None, held_out=None, right=None, rate=0.001, seconds=1.0),
]
EXPECTED = {
    "loss/training": {1: 1.5},
    "loss/held out": {0: 2.5, 1: 1.25},
    "right/held out": {0: 0.25, 1: 0.5},
    "learning rate": {1: 0.002, 2: 0.001},
}


def read(folder):
    """tag -> {step: value}, of all files of events in a folder."""
    from tensorboard.backend.event_processing import event_file_loader as loader

    found = {}
    for path in sorted(folder.glob("*tfevents*")):
        for event in loader.LegacyEventFileLoader(str(path)).Load():
            for value in event.summary.value:
                found.setdefault(value.tag, {})[event.step] = value.simple_value
    return found


@pytest.mark.slow
def test_tensorboard_reads_what_was_written(tmp_path):
    with events(tmp_path / "pruned") as watch:
        for epoch in EPOCHS[:2]:
            watch(epoch)
        assert read(tmp_path / "pruned")["loss/held out"] == {0: 2.5, 1: 1.25}  # while it goes
        watch(EPOCHS[2])
    found = read(tmp_path / "pruned")
    assert {tag: set(steps) for tag, steps in found.items()} == {
        tag: set(steps) for tag, steps in EXPECTED.items()
    }
    for tag, steps in EXPECTED.items():
        assert all(math.isclose(found[tag][n], v, rel_tol=1e-6) for n, v in steps.items())


def test_nothing_is_written_unless_asked_for(tmp_path):
    with events(None) as watch:
        watch(EPOCHS[0])
    assert list(tmp_path.iterdir()) == []


def test_curves_of_no_training_are_refused():
    with pytest.raises(BadInput, match="nothing is to be trained"):
        require(None)


def test_without_tensorboard_it_is_said_before_anything_is_trained(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(NotInstalled) as caught:
        require(Compression(methods=("qat",)))
    assert caught.value.hint == "pip install 'edgeopt[tensorboard]'"
