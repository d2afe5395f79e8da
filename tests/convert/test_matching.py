"""Tensors whose names and shapes do not tell, with sessions that say what they were asked."""

import numpy as np
import pytest
from msgspec.structs import replace

from edgeopt.convert import matching, routes, with_fallbacks
from edgeopt.convert.job import Job, Made
from edgeopt.convert.library_errors import CannotLoad
from edgeopt.domain.errors import EdgeoptError, OwnFault
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.tensor import TensorSpec
from tests.convert import tiny_nets
from tests.convert.test_converters import SOURCE


class Session:
    closed = False

    """Answers p = relu(first) - 2 second and q = first + second, under names that tell nothing."""

    def __init__(self, swapped_in=False, swapped_out=False, broken=False):
        self.inputs = [spec("u", 1, 4), spec("v", 1, 4)]
        self.outputs = [spec("Identity", 1, 4), spec("other", 1, 4)]
        self._swapped = swapped_in, swapped_out
        self._broken = broken

    def close(self):
        self.closed = True

    def run(self, arrays):
        if self._broken:
            raise RuntimeError("no kernel")
        first, second = arrays[:: -1 if self._swapped[0] else 1]
        results = [np.maximum(first, 0) - 2 * second, first + second]
        return results[:: -1 if self._swapped[1] else 1]


def spec(name, *shape):
    return {"name": name, "dtype": "float32", "shape": list(shape)}


def tensors(*names):
    return tuple(TensorSpec(name=name, dtype="float32", shape=(1, 4)) for name in names)


@pytest.fixture
def job(tmp_path):
    """A source p = relu(a) - 2 b, q = a + b, whose names none of the sessions has."""
    path = tiny_nets.two_by_two(tmp_path / "m.onnx")
    source = replace(
        SOURCE,
        inputs=tensors("a", "b"),
        outputs=tensors("p", "q"),
        onnx=str(path),
        reference_path=str(path),
    )
    return Job(
        recipe=Recipe(runtime="onnxruntime", precision="fp32"),
        source=source,
        calibration={},
        base=None,
        folder=str(tmp_path),
    )


@pytest.mark.parametrize("outputs", [False, True])
@pytest.mark.parametrize("inputs", [False, True])
def test_values_tell(job, inputs, outputs):
    ins, outs = matching.bound(job, Session(inputs, outputs), {})
    assert [(b.source, b.index) for b in ins] == [("a", int(inputs)), ("b", 1 - inputs)]
    assert [(b.source, b.index) for b in outs] == [("p", int(outputs)), ("q", 1 - outputs)]


def test_the_calibrating_samples_are_asked_where_there_are_any(job, tmp_path):
    files = {}
    for name in ("a", "b"):
        files[name] = str(tmp_path / f"{name}.npy")
        np.save(files[name], np.random.default_rng(ord(name)).normal(size=(3, 1, 4)))
    ins, _ = matching.bound(replace(job, calibration=files), Session(True), {})
    assert [b.index for b in ins] == [1, 0]


def test_an_order_that_the_session_refuses_is_not_the_last(job):
    """Integers that are places in tables of unlike length: the other order does not run at all."""

    class Picky(Session):
        def run(self, arrays):
            if arrays[0].max() > 10:
                raise RuntimeError("index out of range")
            return super().run(arrays)

    made = Made(main="m")
    files = {name: np.full((2, 1, 4), value, np.float32) for name, value in (("a", 50), ("b", 2))}
    for name, array in files.items():
        np.save(f"{job.folder}/{name}.npy", array)
    job = replace(job, calibration={name: f"{job.folder}/{name}.npy" for name in files})
    ins, _ = matching.bound(job, Picky(True), {})
    assert [b.index for b in ins] == [1, 0]
    with_fallbacks._answers(Picky(True), job, made)  # so that no fallback is looked for
    with pytest.raises(CannotLoad, match="no kernel"):
        with_fallbacks._answers(Session(broken=True), job, made)


def test_without_answers_the_order_stands(job, capsys):
    ins, outs = matching.bound(job, Session(True, True, broken=True), {})
    assert [b.index for b in (*ins, *outs)] == [0, 1, 0, 1]
    assert "RuntimeError: no kernel" in capsys.readouterr().out


def test_names_that_tell_ask_nothing(job):
    named = Session(broken=True)
    named.inputs, named.outputs = [spec("b", 1, 4), spec("a", 1, 4)], named.outputs[:1]
    one = replace(job, source=replace(job.source, outputs=tensors("p")))
    ins, _ = matching.bound(one, named, {})
    assert [b.index for b in ins] == [1, 0]


@pytest.mark.parametrize(
    ("own", "theirs", "near"),
    [
        ([1.0, 2.0], [1.0, 2.0], True),
        ([1.0, np.nan], [1.0, np.nan], True),
        ([1.0, 0.0], [1.0, np.nan], False),
        ([-np.inf, 2.0], [1.0, 2.0], False),
        ([1e-8, -1e-8], [-1e-8, 1e-8], True),  # rounding noise
        ([0.0, 0.0], [1.0, 2.0], False),
        ([1.0, 2.0, 3.0], [1.0, 2.0], False),
    ],
)
def test_distance(own, theirs, near):
    far = matching.distance({"y": np.array(own)}, {"y": np.array(theirs)})
    assert (far < routes.LEAST) == near


def test_a_source_is_opened_once_for_a_conversion_and_closed(job, monkeypatch):
    """Matching, the check of a route and the look at layouts each compare with it."""
    opened = []

    def open_session(path, threads, options):
        opened.append(Session())
        return opened[-1]

    own = replace(job.source, onnx="", reference_path="sessions of this test", reference_options={})
    job = replace(job, source=own)
    monkeypatch.setattr(matching.runtimes.load("onnxruntime"), "open_session", open_session)
    for folder in ("one", "two"):
        matching.bound(replace(job, folder=folder), Session(True), {})
    routes.check(job, "artifact", {})
    assert len(opened) == 2  # the source, and the artifact of the route
    assert all(session.closed for session in opened)
    matching.bound(replace(job, calibration={"a": "other"}), Session(True), {})
    assert len(opened) == 2  # its samples cannot be read, and so nothing was asked


# --- routes


def failing(text):
    def make():
        raise EdgeoptError(text, f"hint of {text}")

    return make


def test_the_first_way_that_succeeds_is_told_of_only_where_another_failed():
    done = routes.first([routes.Route("direct", lambda: 1), routes.Route("other", lambda: 2)])
    assert (done.result, done.notes) == (1, ())
    done = routes.first([routes.Route("direct", failing("no")), routes.Route("by ONNX", lambda: 2)])
    assert done.result == 2
    assert done.notes == ("made by by ONNX; another route failed (direct: no)",)


def test_a_way_that_computes_something_else_is_left():
    def check():
        raise EdgeoptError("output 'y' of what it made is 3.0 dB from the source's")

    done = routes.first([routes.Route("direct", lambda: 1), routes.Route("ONNX", lambda: 2)], check)
    assert done.result == 2  # the last one is parity's to judge
    assert "3.0 dB" in done.notes[0]


def test_no_way_says_why_of_each():
    with pytest.raises(EdgeoptError) as caught:
        routes.first(
            [routes.Route("direct", failing("no")), routes.Route("ONNX", failing("never"))]
        )
    assert (caught.value.args[0], caught.value.hint) == ("direct: no; ONNX: never", "hint of no")


def test_one_way_alone_fails_by_itself():
    with pytest.raises(EdgeoptError, match=r"^no\n"):
        routes.first([routes.Route("direct", failing("no"))])


def test_a_mistake_of_our_own_is_told_as_one():
    def make():
        matching.distance({}, {"y": np.zeros(1)})

    done = routes.first([routes.Route("direct", make), routes.Route("ONNX", lambda: 2)])
    assert "edgeopt itself failed" in done.notes[0]
    assert OwnFault.exit_code == 70


def test_check(job, tmp_path):
    path = tiny_nets.two_by_two(tmp_path / "same.onnx")
    routes.check(job, path, {})
    other = tiny_nets.two_by_two(tmp_path / "other.onnx", factor=3.0)
    with pytest.raises(EdgeoptError, match=r"output 'p' of what it made is \d+\.\d dB from"):
        routes.check(job, other, {})
