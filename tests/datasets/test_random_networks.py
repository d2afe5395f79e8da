"""A network that has learnt nothing is told, whatever the task; one that has learnt is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeopt.datasets.annotations.annotated import Annotated, Objects
from edgeopt.datasets.by_task import ByTask
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settle import metric_of, settle
from edgeopt.datasets.settling.settled import Given
from edgeopt.decoding.placement import placement
from edgeopt.decoding.preparation import Preparation
from edgeopt.domain.task import TaskAsked
from edgeopt.domain.tensor import TensorSpec

N, SIDE, LETTERS = 96, 24, "abcdef"
NAMES = ("top", "left", "right", "low")
OFFSETS = np.array([[0, -5], [-4, 0], [4, 0], [0, 5]])


def judged(inputs, outputs, labels=None, marks=None, metric="", **asked):
    spec = TensorSpec(name="x", dtype="float32", shape=inputs.shape[1:])
    samples = Samples({"x": inputs}, labels, None, "the data", marks=marks)
    outputs = {"y": outputs.astype(np.float32)}
    found = settle(Given(TaskAsked(**asked), metric, samples, outputs, (spec,), "y"))
    return ByTask("choose", samples, outputs, found, metric_of(found, metric, samples))


def random_network(inputs, seed, *widths):
    """[n, c, h, w] -> [n, widths[-1], h, w]: 3 x 3 convolutions by random weights, with ReLU."""
    rng, x = np.random.default_rng(seed), inputs
    for number, width in enumerate(widths):
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
        bound = 1 / np.sqrt(9 * x.shape[1])
        weights = rng.uniform(-bound, bound, (width, x.shape[1], 3, 3))
        x = np.einsum("nchwij,ocij->nohw", windows, weights, optimize=True)
        x = np.maximum(x, 0) if number + 1 < len(widths) else x
    return x


def images(seed, learnt, metric):
    """Photos by smooth noise, with noise on them."""
    rng = np.random.default_rng(seed)
    clean = np.kron(rng.uniform(0, 1, (N, 3, 4, 4)), np.ones((SIDE // 4, SIDE // 4)))
    noisy = np.clip(clean + 0.1 * rng.normal(size=clean.shape), 0, 1).astype(np.float32)
    found = random_network(noisy, seed, 8, 3)
    found = (found - found.min()) / np.ptp(found)
    found = clean + 0.03 * rng.normal(size=clean.shape) if learnt else found
    return judged(
        noisy[:, None], found[:, None], clean[:, None].astype(np.float32), metric=metric,
        task="image-to-image",
    )  # fmt: skip


def texts(seed, learnt, metric, folder):
    """Each letter is a pattern of eight columns; a network sees them through random weights."""
    (folder / "alphabet.txt").write_text("\n".join(LETTERS) + "\n")
    rng, patterns = np.random.default_rng(seed), np.random.default_rng(9).random((6, 8, 8))
    words = rng.integers(0, 6, (N, 8))
    lengths = rng.integers(2, 9, N)
    labels = np.array(
        ["".join(LETTERS[k] for k in w[:m]) for w, m in zip(words, lengths, strict=True)]
    )
    there = np.arange(8) < lengths[:, None]
    lines = (patterns[words] * there[..., None, None]).transpose(0, 2, 1, 3).reshape(N, 1, 8, 64)
    lines = (lines + 0.05 * rng.normal(size=lines.shape)).astype(np.float32)
    steps = random_network(lines, seed, 12, 7).mean(axis=2)[:, :, ::4].transpose(0, 2, 1)
    if learnt:
        steps = np.full((N, 16, 7), -4.0)
        steps[:, 1::2, 0] = 4
        right = np.where(there & (rng.random((N, 8)) > 0.05), words + 1, 0)
        np.put_along_axis(steps[:, ::2], right[..., None], 4, axis=2)
    scores = np.exp(steps * (1, 30)[seed % 2])
    scores /= scores.sum(axis=2, keepdims=True)
    alphabet = str(folder / "alphabet.txt")
    return judged(lines[:, None], scores[:, None], labels, metric=metric, alphabet=alphabet)


def poses(seed, learnt, metric, form):
    """Figures of four points anywhere in a dim image; each point is bright."""
    rng, side = np.random.default_rng(seed), 48
    points = rng.uniform(12, 36, (N, 1, 2)) + OFFSETS * rng.uniform(0.7, 1.4, (N, 1, 1))
    pixels = rng.uniform(0, 0.3, (N, 3, side, side))
    rows, columns = points[..., 1].astype(int), points[..., 0].astype(int)
    pixels[np.arange(N)[:, None], np.arange(4) % 3, rows, columns] = 1
    marked = np.concatenate([points, np.full((N, 4, 1), 2.0)], axis=2)[:, None]
    boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    no = np.zeros(1, bool)
    objects = tuple(
        Objects(box[None], np.zeros(1, int), no, no, (box[2:] - box[:2]).prod(keepdims=True), one)
        for box, one in zip(boxes, marked, strict=True)
    )
    files = tuple(Path(f"{i}.png") for i in range(N))
    annotated = Annotated(
        files, np.full((N, 2), side), objects, names=("figure",), keypoint_names=NAMES
    )
    place = placement("letterbox", (side, side), (side, side))
    prepared = Preparation("letterbox", (side, side), scale=(1 / 255,) * 3)
    found = random_network(pixels[..., ::4, ::4], seed, 8, 4)
    if form == "points":
        weights = np.random.default_rng(seed).normal(size=(found[0].size, 8)) / 8
        found = side / (1 + np.exp(-found.reshape(N, -1) @ weights)).reshape(N, 4, 2)
    if learnt:
        found = points + rng.normal(0, 0.5, points.shape)
    marks = MarkedImages(annotated, (place,) * N, prepared)
    pixels = pixels[:, None].astype(np.float32)
    return judged(pixels, found[:, None], marks=marks, metric=metric, task="pose", head=form)


TASKS = {
    "psnr": images,
    "ssim": images,
    "cer": texts,
    "wer": texts,
    "exact-match": texts,
    "oks-ap": poses,
    "oks-ap50": poses,
    "pck": poses,
}


def made(metric, seed, learnt, folder):
    more = {
        images: {},
        texts: {"folder": folder},
        poses: {"form": "heatmaps" if seed % 2 and not learnt else "points"},
    }
    return TASKS[metric](seed, learnt, metric, **more[TASKS[metric]])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("metric", TASKS)
def test_a_network_of_random_weights_is_told(metric, seed, tmp_path):
    [doubt] = made(metric, seed, False, tmp_path).doubts()
    assert f"The source's {metric} is " in doubt.text
    assert "would score" in doubt.text


@pytest.mark.parametrize("metric", TASKS)
def test_one_that_has_learnt_is_not(metric, tmp_path):
    assert made(metric, 0, True, tmp_path).doubts() == ()


def test_an_even_image_is_better_than_an_image_of_other_values(tmp_path):
    [doubt] = made("psnr", 1, False, tmp_path).doubts()
    assert "the mean of all true images would score" in doubt.text


def test_nothing_is_better_than_wrong_letters(tmp_path):
    sound = made("cer", 1, True, tmp_path)
    letters = np.random.default_rng(2).integers(1, 7, sound.source["y"].shape[:3])
    wrong = np.eye(7, dtype=np.float32)[letters]  # never the blank
    [doubt] = replace(sound, source={"y": wrong}, _trials={}).doubts()
    assert "no text at all would score 1" in doubt.text
