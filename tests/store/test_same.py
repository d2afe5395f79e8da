"""One call, however its places are spelled."""

from __future__ import annotations

import msgspec
import pytest

from edgeopt.domain.compression import Compression
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked
from edgeopt.store.run_folder import create
from edgeopt.store.same import as_asked_before
from tests.store.test_run_folder import request as asked
from tests.store.test_run_folder import run


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with m.onnx, a link to it, and eval.npz; the current one."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "m.onnx").touch()
    (tmp_path / "eval.npz").touch()
    (tmp_path / "deep" / "link.onnx").symlink_to("../m.onnx")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


SPELLINGS = ["m.onnx", "./m.onnx", "deep/../m.onnx", "deep/link.onnx", "~/m.onnx", "HERE/m.onnx"]


@pytest.mark.parametrize("before", SPELLINGS)
@pytest.mark.parametrize("now", SPELLINGS)
def test_spellings_of_one_file(here, before, now):
    before, now = (name.replace("HERE", str(here)) for name in (before, now))
    folder, _ = create(here / "run", asked(before))
    folder.write_run(run(asked(before)))
    _, earlier = create(here / "run", asked(now))
    assert earlier is not None
    assert earlier.request.source == before


def test_a_relative_path_of_another_folder(here, monkeypatch):
    """Runs that are older, called from elsewhere: the contents are equal, the names end alike."""
    before = asked("deep/m.onnx")
    monkeypatch.chdir("/")
    now = asked(str(here / "deep" / "m.onnx"))
    assert as_asked_before(before, now) == before
    assert as_asked_before(now, before) == now


@pytest.mark.parametrize(
    ("before", "now"), [("m.onnx", "n.onnx"), ("a/m.onnx", "b/m.onnx"), ("m", "module:m")]
)
def test_other_names_are_another_call(here, before, now):
    assert as_asked_before(asked(before), asked(now)).source == now


def test_all_places_of_a_call(here):
    names = ("source", "data", "calibration", "confirm")
    training = Compression(methods=("prune",), train="eval.npz")
    before = asked(**dict.fromkeys(names, "eval.npz"), compression=training)
    there = str(here / "eval.npz")
    now = asked(
        **dict.fromkeys(names, there), compression=msgspec.structs.replace(training, train=there)
    )
    assert as_asked_before(before, now) == before
    assert as_asked_before(asked(), asked(calibration=there)).calibration == there


def test_what_is_said_of_a_task_by_places(here):
    names = ("images", "masks", "alphabet", "candidates", "pairs", "confirm_pairs")
    (here / "m").mkdir()
    before = asked(task=TaskAsked(task="ctc", **dict.fromkeys(names, "m")))
    now = asked(task=TaskAsked(task="ctc", **dict.fromkeys(names, str(here / "m"))))
    assert as_asked_before(before, now) == before
    unsaid = asked(task=TaskAsked(task="ctc"))
    assert as_asked_before(unsaid, asked(task=TaskAsked(task="ctc", images="."))) != unsaid


def test_the_contents_decide(here):
    folder, _ = create(here / "run", asked())
    folder.write_run(run(asked()))
    with pytest.raises(BadInput, match="holds another run"):
        create(here / "run", asked(str(here / "m.onnx"), source_sha256="c" * 64))


def test_other_limits_with_another_spelling(here):
    folder, _ = create(here / "run", asked())
    folder.write_run(run(asked(), state="finished"))
    from edgeopt.domain.run import Constraints

    _, earlier = create(here / "run", asked("./m.onnx", constraints=Constraints(max_drop=0.05)))
    assert earlier is not None
    assert earlier.request == asked(constraints=Constraints(max_drop=0.05))
