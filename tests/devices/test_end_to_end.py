"""Runs from a photo to its answer on every link: what decodes travels with the runner."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from edgeopt.benchmarking.end_to_end import open_bundles
from edgeopt.decoding.preparation import Preparation
from edgeopt.domain.task import TaskFacts
from edgeopt.harness import inputs
from edgeopt.harness.answering import open_session
from edgeopt.harness.client import Client
from tests.bundle.task_net import bundle
from tests.decoding import made

pytestmark = pytest.mark.slow

SIZE = made.SIZE
GIVEN = {"images": ("float32", (1, 3, *SIZE))}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    preparation = Preparation(way="letterbox", size=SIZE, scale=(1 / 255,) * 3).record()
    task = TaskFacts(name="detection", head="yolo", size=SIZE, preparation=preparation)
    return bundle(tmp_path_factory.mktemp("net") / "m", task, GIVEN, made.outputs("yolo"))


def test_a_photo_is_prepared_inferred_and_decoded_there(device, log, shipped, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (90, 160, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    opened = open_bundles(device, [shipped], (), tmp_path / "a.png", tmp_path / "work", 60.0)
    [subject] = opened.subjects
    with Client(device, log) as client:
        inputs.give(device, client, opened.feeds, subject, 60.0)
        open_session(client, device, subject, 60.0)
        block = client.request("block", 60.0, count=4)
    prepare, infer, decode, suppress = block.parts_ns
    assert min(prepare, infer, decode, suppress) > 0
    assert suppress <= decode
    assert prepare + infer + decode <= sum(block.t_ns)
