import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.domain.errors import BadInput
from edgeopt.domain.recipe import Quantization, Recipe
from edgeopt.domain.record import RECORD_VERSION, Record
from edgeopt.store import journal as journal_module
from edgeopt.store.journal import Journal

V1 = Path(__file__).with_name("v1.jsonl")


def record(threads=1, reason="", target="here"):
    recipe = Recipe(
        runtime="openvino",
        precision="int8-static",
        quantization=Quantization(library="nncf", calibration="min-max"),
        threads=threads,
        options={"HINT": "f32"},
    )
    return Record(
        target=target,
        device="local",
        runtime=recipe.runtime,
        precision=recipe.precision,
        recipe_id=recipe.id,
        recipe=recipe,
        status="ok",
        step=None,
        reason=reason,
    )


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "results.jsonl")


def refusal(journal):
    with pytest.raises(BadInput) as caught:
        journal.records()
    return caught.value.args[0].replace(str(journal.path), "FILE"), caught.value.hint


def test_no_file_no_records(journal):
    assert journal.records() == []
    assert not journal.path.exists()


def test_what_was_appended_is_read(journal):
    records = [record(1, "größer"), record(2), record(1, target="there")]
    for each in records:
        journal.append(each)
    assert journal.records() == records
    assert journal.path.read_bytes().count(b"\n") == 3


def test_a_later_line_replaces_an_earlier_one_of_its_key(journal):
    for each in (record(1, "first"), record(2), record(1, "second")):
        journal.append(each)
    assert journal.records() == [record(1, "second"), record(2)]
    assert journal.path.read_bytes().count(b"\n") == 3  # nothing is ever erased


def test_a_record_is_on_the_disk_before_the_next_step(journal, monkeypatch):
    synced = []

    def fsync(descriptor):
        synced.append(journal.path.read_bytes())

    monkeypatch.setattr(journal_module.os, "fsync", fsync)
    journal.append(record())
    assert synced == [msgspec.json.encode(record()) + b"\n"]


@given(st.data())
def test_a_torn_last_line_is_read_over_and_replaced(tmp_path_factory, data):
    """Wherever the line was torn: the records before it are there, the next one takes its place."""
    journal = Journal(tmp_path_factory.mktemp("journal") / "results.jsonl")
    before = [record(1), record(2)][: data.draw(st.integers(0, 2))]
    for each in before:
        journal.append(each)
    line = msgspec.json.encode(record(3, "größer"))
    torn = line[: data.draw(st.integers(0, len(line) - 1))]
    with journal.path.open("ab") as file:
        file.write(torn)
    assert journal.records() == before
    journal.append(record(4))
    assert journal.records() == [*before, record(4)]
    assert torn not in journal.path.read_bytes().splitlines() or not torn


def test_a_line_torn_just_before_its_end_is_whole(journal):
    journal.append(record(1))
    journal.path.write_bytes(journal.path.read_bytes()[:-1])
    assert journal.records() == [record(1)]
    journal.append(record(2))
    assert journal.records() == [record(1), record(2)]


@pytest.mark.parametrize("tail", [b"\x00" * 100, b"\xff\xfe", b"{"])
def test_a_last_line_of_rubbish_is_torn(journal, tail):
    journal.append(record(1))
    with journal.path.open("ab") as file:
        file.write(tail)
    assert journal.records() == [record(1)]
    journal.append(record(2))
    assert journal.records() == [record(1), record(2)]


def test_blank_lines_are_nothing(journal):
    journal.append(record(1))
    with journal.path.open("ab") as file:
        file.write(b"\n  \n")
    journal.append(record(2))
    assert journal.records() == [record(1), record(2)]


def damaged(**changes):
    return json.dumps({**json.loads(msgspec.json.encode(record(2))), **changes}).encode()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"not json", "JSON is malformed"),
        (msgspec.json.encode(record(2))[:50], "Input data was truncated"),
        (b"[1]", "Expected `object`, got `array`"),
        (b'{"v": 1, "reason": "\xff"}', "'utf-8' codec can't decode byte 0xff in position 0"),
        (damaged(status="fine"), "Invalid enum value 'fine' - at `$.status`"),
        (damaged(colour="red"), "Object contains unknown field `colour`"),
        (damaged(v="one"), "Expected `int`, got `str` - at `$.v`"),
    ],
    ids=["text", "cut", "list", "bytes", "value", "field", "version"],
)
@pytest.mark.parametrize("last", [False, True], ids=["in the middle", "at the end"])
def test_a_broken_line_is_refused(journal, line, expected, last):
    journal.append(record(1))
    with journal.path.open("ab") as file:
        file.write(line + b"\n")
    if not last:
        journal.append(record(3))
    said, hint = refusal(journal)
    assert said.startswith(f"FILE, line 2 is no record: {expected}")
    assert hint == "The file was damaged or edited; without that line the rest can be read."
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join(lines[:1] + lines[2:]))
    assert journal.records() == [record(1), *([] if last else [record(3)])]


@pytest.mark.parametrize("more", [{}, {"colour": "red"}])
def test_a_newer_version_is_refused(journal, more):
    journal.path.write_bytes(damaged(v=RECORD_VERSION + 1, **more) + b"\n")
    said, hint = refusal(journal)
    assert said == (
        f"FILE, line 1: format {RECORD_VERSION + 1} is newer than this version of edgeopt "
        f"understands ({RECORD_VERSION})."
    )
    assert hint == "Update edgeopt."


def test_version_1_is_read_for_ever():
    records = {
        (r.runtime, r.precision, r.recipe and r.recipe.threads): r for r in Journal(V1).records()
    }
    assert [(r.status, r.step) for r in records.values()] == [
        ("skipped", "space"),
        ("ok", None),
        ("ok", None),
        ("failed-parity", "parity"),
        ("timeout", "convert"),
    ]
    chosen = records["openvino", "int8-static", 1]
    assert chosen.recipe.options["DYNAMIC_QUANTIZATION_GROUP_SIZE"] == 32
    assert chosen.recipe.quantization == Quantization(library="nncf", calibration="min-max")
    assert (chosen.latency_ms.p50, chosen.latency_ms.stage) == (3.25, "final")
    assert (chosen.speedup.word, chosen.speedup.ratio) == ("FASTER", 1.8)
    assert (chosen.confirm_score.groups, chosen.confirm_drop.relative) == (25, 0.013)
    assert chosen.parity.sqnr_db is None
    assert chosen.executed.peak_rss_bytes == 123456789
    assert chosen.notes == ("größer als sonst",)


def test_identities_of_version_1_have_not_changed():
    """A run is taken up by the content of its recipes: the same words must hash the same."""
    for each in Journal(V1).records():
        assert each.recipe is None or each.recipe.id == each.recipe_id


def test_no_half_line_is_left_where_there_is_no_room(journal, monkeypatch):
    """The write itself is refused in the middle; and so are the bytes to be synced."""
    journal.append(record(1))
    before = journal.path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal_module.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        journal.append(record(2))
    assert journal.path.read_bytes() == before
    monkeypatch.undo()
    journal.append(record(2))
    assert journal.records() == [record(1), record(2)]
