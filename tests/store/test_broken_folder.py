"""A run's folder that was damaged, edited or put together: one sentence, whoever reads it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import msgspec
import pytest

from edgeopt import targets
from edgeopt.benchmarking import explaining
from edgeopt.domain.errors import BadInput
from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.run import Choice
from edgeopt.pipeline import comparing, outputs
from edgeopt.report import brief, compare_table, terminal
from edgeopt.store import run_folder, stored
from edgeopt.targets import published
from tests.store.test_run_folder import record, request, run

LATENCY = Latency(
    p50=2.0, p50_low=1.9, p50_high=2.1, p90=2.5, n=100, launches=2, stage="final", budget="quick"
)
TARGET = "this-machine"


def timed(threads: int, **changes):
    recipe = msgspec.structs.replace(record().recipe, threads=threads)
    verdict = Verdict(
        word="FASTER", ratio=2.0, low=1.9, high=2.1, over="x", pairs=9, launches=2, margin=0.02
    )
    one = msgspec.structs.replace(
        record(), recipe=recipe, recipe_id=recipe.id, kind="measured", latency_ms=LATENCY,
        speedup=verdict, size_bytes=10, sha256="a" * 64,
    )  # fmt: skip
    return msgspec.structs.replace(one, **changes)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A finished run with two candidates and a profile."""
    place = tmp_path_factory.mktemp("whole") / "run"
    folder, _ = run_folder.create(place, request())
    a, b = timed(1), timed(2)
    for one in (a, b):
        folder.journal.append(one)
    choice = Choice(
        target=TARGET, recipe_id=a.recipe_id, basis="measured", why="It is.",
        baseline_id=b.recipe_id, front=(str(a.recipe_id),),
    )  # fmt: skip
    folder.write_run(msgspec.structs.replace(run(request(), "finished"), choices=(choice,)))
    (folder.path / "targets").mkdir()
    profile = msgspec.json.encode(targets.load(TARGET))
    (folder.path / "targets" / f"{TARGET}.json").write_bytes(profile)
    return folder.path


@pytest.fixture
def folder(whole, tmp_path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "run"))


def read_all(folder: Path) -> None:
    """What `report`, `compare`, `explain` and the same call do with a folder."""
    found = run_folder.read(folder)
    outputs.write_report(found)
    terminal.summary(found, run_folder.profiles(folder), published.rows())
    brief.brief(found)
    compare_table.render(comparing.compare(found))
    asked = explaining.Question()
    records = list(found.records)
    for one in explaining.chosen_pair(found, TARGET, records, asked):
        explaining._runs(one)
    explaining.inputs_of(found, asked)
    run_folder.create(folder, request())


def refusal(folder: Path) -> str:
    with pytest.raises(BadInput) as caught:
        read_all(folder)
    said = str(caught.value)
    assert said.count("\n") <= 1
    assert len(said) < 1000
    assert said.isprintable() or said.replace("\n", "").isprintable()
    return caught.value.args[0].replace(str(folder), "RUN")


@pytest.mark.slow
def test_a_whole_one(folder):
    read_all(folder)


FILES = ("run.json", "results.jsonl", f"targets/{TARGET}.json")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("what", ["folder", "link to itself", "device", "binary", "cut", "deep"])
def test_a_file_that_is_none(folder, name, what):
    path = folder / name
    content = path.read_bytes()
    path.unlink()
    if what == "folder":
        path.mkdir()
    elif what == "link to itself":
        path.symlink_to(path.name)
    elif what == "device":
        path.symlink_to("/dev/zero")
    else:
        made = {
            "binary": os.urandom(999) + b"\n\n",
            "cut": content[:99] + b"\n",
            "deep": b"[" * 99999,
        }
        path.write_bytes(made[what] + b"\n{}\n")
    assert refusal(folder).startswith(f"RUN/{name}")


def test_a_file_that_no_run_writes_is_not_read(folder, monkeypatch):
    with (folder / "results.jsonl").open("r+b") as file:
        file.truncate(1 << 40)
    assert "1,099,511,627,776 bytes: no run writes so much" in refusal(folder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"recipe": None}, "a recipe without an identity"),
        ({"recipe": None, "recipe_id": None}, "is 'ok' without a recipe"),
        ({"runtime": "openvino"}, "has a recipe of 'onnxruntime'"),
        ({"latency_ms": {**msgspec.to_builtins(LATENCY), "p50": 0}}, "not above zero"),
        ({"latency_ms": {**msgspec.to_builtins(LATENCY), "p50_low": -1}}, "not above zero"),
        ({"latency_ms": {**msgspec.to_builtins(LATENCY), "p90": 1e300}}, "number that cannot be"),
        ({"latency_ms": {**msgspec.to_builtins(LATENCY), "n": 0}}, "a latency of no sample"),
        ({"size_bytes": 10**18}, "number that cannot be (1e+18)"),
        ({"status": "fine"}, "is no record: Invalid enum value"),
        ({"target": 7}, "is no record"),
        ({"latency_ms": "\x1b[31m"}, "is no record"),
    ],
    ids=str,
)
def test_a_record_that_cannot_be(folder, changes, words):
    path = folder / "results.jsonl"
    first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps({**json.loads(first), **changes}), *rest, ""]))
    assert words in refusal(folder)


@pytest.mark.parametrize(
    ("where", "value", "words"),
    [
        (("choices", 0, "recipe_id"), "ffff", "'ffff' was chosen, and no record is of it"),
        (("choices", 0, "baseline_id"), "ffff", "'ffff' was chosen, and no record is of it"),
        (("choices", 0, "target"), "moon", "'moon' was chosen for, and not asked for"),
        (("request", "targets"), [], "it has no target"),
        (("source", "inputs", 0, "dtype"), "colour", "'x' is of a type 'colour', which is none"),
        (("source", "inputs", 0, "shape"), [10**9, 10**9], "has a shape of 1000000000x1000000000"),
        (("source", "inputs", 0, "shape"), [-4], "has a shape of -4"),
        (("seconds",), 1e300, "number that cannot be"),
        (("started",), None, "Expected `str`, got `null`"),
        (("state",), "x\x1b[31m\ny", "Invalid enum value"),
    ],
    ids=str,
)
def test_a_run_that_cannot_be(folder, where, value, words):
    path = folder / "run.json"
    content = json.loads(path.read_text())
    inner = content
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    path.write_text(json.dumps(content))
    said = refusal(folder)
    assert words in said
    assert said.startswith("RUN/run.json")


def test_a_running_run_is_read(folder):
    """As `report` and `compare` find it: nothing chosen, no profiles, a record half written."""
    content = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**content, "state": "running", "choices": []}))
    shutil.rmtree(folder / "targets")
    with (folder / "results.jsonl").open("ab") as file:
        file.write(b'{"v": 2, "target": "this')
    found = run_folder.read(folder)
    assert len(found.records) == 2
    outputs.write_report(found)
    terminal.summary(found, run_folder.profiles(folder), published.rows())
    brief.brief(found)
    compare_table.render(comparing.compare(found))


@pytest.mark.parametrize("name", ["a", "a/b", "file", "file/x", "n" * 300, "d/" * 3000, "x\0y", ""])
def test_places_where_no_run_can_be(tmp_path, name):
    (tmp_path / "a").symlink_to("a")
    (tmp_path / "file").touch()
    with pytest.raises(BadInput) as caught:
        run_folder.read(tmp_path / name)
    assert len(caught.value.args[0]) < 200
    assert caught.value.hint == "Give the --out of a run."


@pytest.mark.parametrize("name", [*stored.FILES, *stored.FOLDERS])
@pytest.mark.parametrize("call", [run_folder.read, lambda f: run_folder.create(f, request())])
def test_a_folder_in_a_files_place_and_the_other_way_round(folder, name, call):
    path = folder / name
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    if name in stored.FILES:
        path.mkdir()
    else:
        path.touch()
    with pytest.raises(BadInput, match="and a run has one there"):
        call(folder)


def test_a_file_in_the_place_of_a_bundle(folder):
    (folder / TARGET).touch()
    with pytest.raises(BadInput, match="is not a folder"):
        run_folder.create(folder, request())


def test_what_a_killed_call_left_half_done_is_cleared(folder):
    """Of files that are written beside and renamed, of ranges that were sought, of a bundle."""
    left = [
        folder / "measurements" / ".a.json.77.part",
        folder / f".{TARGET}.part" / "run.py",
        folder / "calibrated" / "edgeopt-x1" / "new.npz",
        folder / "work" / "convert" / "a",
    ]
    kept = [folder / "measurements" / "a.json", folder / "artifacts" / "a.part" / "model.onnx"]
    for path in (*left, *kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    run_folder.RunFolder(folder).clear_work()
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in kept)
