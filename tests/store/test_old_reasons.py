"""Runs that say in words alone why there is no latency are read by their text, once."""

import msgspec
import pytest

from edgeopt.compress.worker import ON_THE_WAY, Derived
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.untimed import Untimed
from edgeopt.report.untimed_words import sentence
from edgeopt.store import old_stages
from edgeopt.store.journal import Journal
from edgeopt.store.old_reasons import untimed

EVERY = [
    Untimed(kind="not-yet"),
    Untimed(kind="other-limits"),
    Untimed(kind="no-device", subject="raspberry-pi-5"),
    Untimed(kind="no-match", subject="my board (at home)"),
    Untimed(kind="no-engine", detail="no driver (libcuda.so.1)\nof any kind"),
    Untimed(kind="lossy-form"),
    Untimed(kind="lossy-settings"),
    Untimed(kind="emulated", subject="cortex-a76"),
    Untimed(kind="not-emulated", subject="torch"),
    Untimed(kind="benchmark-model"),
    Untimed(kind="not-litert"),
    Untimed(kind="taken-back", detail="it loses 0.3, more than allowed"),
]


@pytest.mark.parametrize("reason", EVERY, ids=lambda reason: reason.kind)
def test_the_words_of_each_reason_are_read_as_that_reason(reason):
    assert untimed(sentence(reason)) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("this machine is no pixel-8", Untimed(kind="no-device", subject="pixel-8")),
        ("the moon was full", Untimed(kind="other", detail="the moon was full")),
        ("it is not measured yet", Untimed(kind="other", detail="it is not measured yet")),
    ],
)
def test_words_of_older_versions_and_of_none(text, reason):
    assert untimed(text) == reason
    assert sentence(Untimed(kind="other", detail=text)) == text


def test_a_journal_of_before_is_read_with_values_and_a_new_one_as_it_says(tmp_path):
    recipe = Recipe(runtime="litert", precision="fp16")
    record = Record(
        target="here", device="local", runtime="litert", precision="fp16", recipe_id=recipe.id,
        recipe=recipe, status="ok", step=None, latency_reason="not measured yet",
    )  # fmt: skip
    text = msgspec.json.encode(record)
    before = text.replace(b'"untimed":null,', b"")
    assert before != text
    journal = Journal(tmp_path / "results.jsonl")
    journal.path.write_bytes(before + b"\n")
    assert [one.untimed for one in journal.records()] == [Untimed(kind="not-yet")]
    assert journal.records()[0].latency_reason == "not measured yet"
    # A value counts, whatever the words beside it are.
    now = msgspec.structs.replace(record, untimed=Untimed(kind="lossy-form"))
    journal.replace([now, msgspec.structs.replace(record, latency_reason="", target="there")])
    assert [one.untimed for one in journal.records()] == [Untimed(kind="lossy-form"), None]


@pytest.mark.parametrize(
    ("reason", "said", "waits"),
    [
        (ON_THE_WAY, False, True),  # a stage.json of before
        (ON_THE_WAY, True, True),
        ("PyTorch does not export it to ONNX: no", False, False),
        ("", False, False),
    ],
)
def test_a_stage_of_before_says_as_a_value_that_its_onnx_form_waits(reason, said, waits):
    stage = Derived(
        exported="model.pt2", onnx=None, onnx_reason=reason, operators={}, parameters=1, about="",
        onnx_waits=said,
    )  # fmt: skip
    assert old_stages.with_value(stage).onnx_waits is waits
