"""edgeopt show: the file that is meant, and what is said where nothing can be opened."""

from __future__ import annotations

import sys
import types

import msgspec
import pytest
from click.testing import CliRunner

from edgeopt.cli import cli
from edgeopt.cli_show import has_display
from edgeopt.store.journal import Journal
from edgeopt.store.run_folder import RunFolder
from tests.report.sample import sample_run


@pytest.fixture
def folder(tmp_path):
    """The sample run, whose chosen file and the source's baseline are there."""
    run = msgspec.structs.replace(sample_run(), folder=str(tmp_path))
    RunFolder(tmp_path).write_run(run)
    for number, record in enumerate(run.records):
        place = tmp_path / "artifacts" / str(number)
        place.mkdir(parents=True)
        (place / "model.onnx").touch()
        path = f"artifacts/{number}/model.onnx" if record.recipe else None
        Journal(tmp_path / "results.jsonl").append(msgspec.structs.replace(record, artifact=path))
    return tmp_path


def file_of(folder, words):
    """The place of the sample's record of a title."""
    [number] = [i for i, r in enumerate(sample_run().records) if r.title == words]
    return str(folder / "artifacts" / str(number) / "model.onnx")


def ask(*arguments):
    return CliRunner().invoke(cli, ["show", *map(str, arguments)])


def test_the_chosen_and_a_named_candidate(folder):
    chosen = ask(folder, "--path")
    assert (chosen.exit_code, chosen.stdout.strip()) == (
        0,
        file_of(folder, sample_run().chosen.title),
    )
    other = ask(folder, "openvino fp32", "--path")
    assert other.stdout.strip() == file_of(folder, "openvino fp32 threads=2")


@pytest.mark.parametrize(
    ("given", "words"),
    [(("--target", "pixel-8"), "no target"), (("tensorrt",), "no candidate")],
)
def test_what_is_not_there_is_said(folder, given, words):
    done = ask(folder, *given)
    assert done.exit_code == 2
    assert words in done.stderr


def test_without_a_display_the_path_is_all(folder, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    done = ask(folder)
    assert done.exit_code == 0
    assert done.stdout.strip().endswith("model.onnx")
    assert "no display" in done.stderr


def test_with_a_display_netron_shows_it_or_the_line_that_installs_it(folder, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setitem(sys.modules, "netron", None)
    missing = ask(folder)
    assert missing.exit_code == 3
    assert "pip install netron" in missing.stderr
    opened = []
    netron = types.SimpleNamespace(start=opened.append, wait=lambda: opened.append("waited"))
    monkeypatch.setitem(sys.modules, "netron", netron)
    assert ask(folder).exit_code == 0
    assert opened == [file_of(folder, sample_run().chosen.title), "waited"]


def test_displays():
    assert has_display({"WAYLAND_DISPLAY": "wayland-0"}, "linux")
    assert not has_display({}, "linux")
    assert has_display({}, "darwin")
