"""Answers of many samples, in chunks, back in the source's own form."""

import math

import numpy as np
import pytest

from edgeopt.domain.tensor import Binding
from edgeopt.harness.answering import CHUNK, answer, answer_in_parts
from edgeopt.harness.client import RunnerFailed
from edgeopt.harness.feed import Feed
from tests.harness.standin import Script


def x(count):
    return np.arange(2 * count, dtype=np.float32).reshape(count, 2)


@pytest.mark.slow
def test_every_sample_is_answered_once_and_in_order(device, log):
    count = 2 * CHUNK + 7
    told = []
    answers, facts = answer(
        device,
        device.subject("a", Script(gain=0.5)),
        device.feed(count),
        {"y": (2,)},
        log,
        10,
        progress=lambda what, done, total: told.append(done),
    )
    assert np.array_equal(answers["y"], x(count) + 0.5)
    assert told == [CHUNK, 2 * CHUNK, count]
    assert (facts.precisions, facts.options) == ({"fp32": 1}, {"scripted": "yes"})
    assert facts.version == "scripted 1.0"
    assert device.alive == []


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, CHUNK, 2 * CHUNK + 7])
def test_several_runners_give_what_one_gives(device, log, count):
    told = []
    answers = answer_in_parts(
        device,
        device.subject("a", Script(gain=0.5)),
        device.feed(count),
        {"y": (2,)},
        log,
        10,
        2,
        progress=lambda what, done, total: told.append(done),
    )
    assert np.array_equal(answers["y"], x(count) + 0.5)
    assert max(told) == count
    assert len(device.runners) == min(2, math.ceil(count / CHUNK))
    assert device.alive == []


@pytest.mark.slow
def test_impatience_gives_the_samples_done_so_far(device, log):
    subject, feed = device.subject("a"), device.feed(3 * CHUNK)
    answers, _ = answer(device, subject, feed, {"y": (2,)}, log, 10, patience_s=0.0)
    assert np.array_equal(answers["y"], x(CHUNK))
    answers, _ = answer(device, subject, feed, {"y": (2,)}, log, 10, patience_s=math.inf)
    assert len(answers["y"]) == 3 * CHUNK


def test_nothing_but_the_model_the_inputs_and_the_log_is_left(device, log, tmp_path):
    answer(device, device.subject("a"), device.feed(), {"y": (2,)}, log, 10)
    assert {path.name for path in tmp_path.iterdir()} == {"a", "clock", "feed", "runner.log"}
    assert len(list((tmp_path / "feed").iterdir())) == 1


def test_layout_type_and_quantization_are_undone(device, log):
    """An artifact that takes int8, channels last, and adds one step of its scale."""
    images = np.linspace(-1, 1, 5 * 3 * 4 * 2, dtype=np.float32).reshape(5, 1, 3, 4, 2)
    form = {
        "index": 0,
        "dtype": "int8",
        "shape": (1, 4, 2, 3),
        "permute": (0, 2, 3, 1),
        "scale": 0.02,
        "zero_point": 3,
    }
    subject = device.subject(
        "a",
        Script(gain=1),
        inputs=(Binding(source="image", name="in", **form),),
        outputs=(Binding(source="same", name="out", **form),),
    )
    feed = Feed({"image": images}, log.parent / "images")
    answers, _ = answer(device, subject, feed, {"same": (1, 3, 4, 2)}, log, 10)
    assert answers["same"].dtype == np.float32
    assert np.abs(answers["same"] - 0.02 - images).max() <= 0.0101


def test_outputs_are_found_by_their_index(device, log):
    """The session lists them the other way round, and one more that nobody asked for."""
    inputs = tuple(
        Binding(source=name, name=name, index=i, dtype="float32", shape=(2,))
        for i, name in enumerate(("x", "extra", "last"))
    )
    outputs = tuple(
        Binding(source=name, name=name, index=i, dtype="float32", shape=(2,))
        for name, i in (("first", 2), ("second", 0))
    )
    feed = Feed({"x": x(3), "extra": x(3) + 10, "last": x(3) + 20}, log.parent / "three")
    shapes = {"first": (2,), "second": (1, 2)}
    subject = device.subject("a", inputs=inputs, outputs=outputs)
    answers, _ = answer(device, subject, feed, shapes, log, 10)
    assert np.array_equal(answers["first"], x(3) + 20)
    assert np.array_equal(answers["second"], x(3)[:, None])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trouble", "at", "number", "words"),
    [
        ("crash", "infer", 2, r"in `infer` the process crashed \(SIGSEGV\)"),
        ("error", "infer", 1, "ValueError: scripted"),
        ("exit", "open", 1, "in `open` the process ended"),
        ("words", "facts", 1, "answered `facts` by something else"),
    ],
)
def test_a_failure_is_told_and_leaves_no_process(device, log, trouble, at, number, words):
    script = Script(trouble=trouble, at=at, number=number)
    with pytest.raises(RunnerFailed, match=words):
        answer(device, device.subject("a", script), device.feed(100), {"y": (2,)}, log, 10)
    assert device.alive == []


@pytest.mark.slow
def test_each_chunk_has_the_limit(device, log):
    script = Script(trouble="silence", at="infer", number=2)
    with pytest.raises(RunnerFailed, match="`infer` took longer") as caught:
        answer(device, device.subject("a", script), device.feed(100), {"y": (2,)}, log, 0.3)
    assert caught.value.timed_out
    assert device.alive == []
