"""A model with a memory, from intake to candidates that are rolled over whole sequences."""

import msgspec
import numpy as np
import pytest

from benchmarks.integers import usual_here
from edgeopt.datasets.check import check
from edgeopt.datasets.samples import from_arrays
from edgeopt.domain.errors import BadInput
from edgeopt.domain.fold import Fold
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.task import TaskAsked
from edgeopt.domain.tensor import TensorSpec
from edgeopt.pipeline import folding, memory, real_steps
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.recorded_task import recorded
from edgeopt.pipeline.source_model import output_shapes
from edgeopt.sources.source import Inspected, OpenSpec, Source
from tests.pipeline.opened_run import opened
from tests.runner import recurrent

N, STEPS = 40, 60
X = recurrent.sequences(N, STEPS)
#: What the network finds, with doubt.
VOICED = (
    recurrent.rolled(X)[0][:, :, 0] + np.random.default_rng(5).normal(0, 0.15, (N, STEPS)) > 0.5
)


def call_of(folder, data):
    model = recurrent.save(folder / "model.onnx")
    return Call(
        model=model,
        targets=("this-machine",),
        data=data,
        out=folder / "run",
        metric="roc-auc",
        task=TaskAsked(states=("stateN=state",)),
    )


def sequences(**more):
    given = {"x": X, "labels": VOICED.astype(int), **more}
    return {name: array for name, array in given.items() if array is not None}


def source_of(names):
    given, following = names
    inputs = [TensorSpec(name="x", dtype="float32", shape=(1, 4)),
              TensorSpec(name=given, dtype="float32", shape=(1, 8))]  # fmt: skip
    outputs = [TensorSpec(name="y", dtype="float32", shape=(1, 1)),
               TensorSpec(name=following, dtype="float32", shape=(1, 8))]  # fmt: skip
    return Source(
        path="m.onnx", format="onnx", sha256="", size_bytes=1, inputs=tuple(inputs),
        outputs=tuple(outputs), operators={}, onnx=None, reference_runtime="onnxruntime",
        reference_path="m.onnx",
    )  # fmt: skip


def settled(data, states=(), names=("state", "stateN")):
    """The samples as the model takes them, and the source with its states."""
    source = source_of(names)
    open_specs = [OpenSpec(name=s.name, dtype=s.dtype, shape=s.shape) for s in source.inputs]
    inspected = Inspected(path="m.onnx", format="onnx", inputs=tuple(open_specs))
    samples = from_arrays(data, [s.name for s in source.inputs], "clips.npz")
    expected = memory.expected(states, inspected, samples)
    single = expected.single(samples)
    assert len(single) == N
    source = msgspec.structs.replace(source, states=expected.settled(source, samples))
    return check(samples, source.inputs, "clips.npz", states=source.states.values()), source


@pytest.mark.parametrize("states", [(), ("stateN=state",)])
def test_a_memory_is_recognized_or_told(states):
    samples, source = settled(sequences(), states)
    assert source.states == {"stateN": "state"}
    assert output_shapes(source) == {"y": (1, 1)}
    assert (samples.steps, len(samples)) == (STEPS, N)
    [advice] = memory.advice(source, samples)
    assert advice.text.startswith("The model has a memory (stateN into state)")


def test_states_are_recorded_with_a_task_or_without():
    samples, source = settled(sequences())
    alone = recorded(None, source, samples)
    assert (alone.name, alone.states) == ("regression", {"stateN": "state"})
    assert recorded(None, source_of(("state", "stateN")), samples) is None


def test_names_that_say_nothing_are_asked_about():
    with pytest.raises(BadInput, match="input 'in_2' missing") as caught:
        settled(sequences(), names=("in_2", "out_2"))
    assert caught.value.hint.endswith("by their shapes these can be: out_2=in_2.")


def test_a_misspelt_input_is_no_memory():
    data = {"x": X, "inn_2": np.zeros((N, 8), np.float32)}
    with pytest.raises(BadInput, match="no input of the model is called 'inn_2'; did you mean"):
        settled(data, names=("in_2", "out_2"))


def test_names_that_say_nothing_are_told():
    _, source = settled(sequences(), ("out_2=in_2",), names=("in_2", "out_2"))
    assert source.states == {"out_2": "in_2"}


def test_data_of_single_steps_is_as_before_with_a_warning():
    state = np.random.default_rng(0).normal(size=(N, recurrent.HIDDEN)).astype(np.float32)
    data = {"x": X[:, 0], "state": state, "labels": VOICED[:, 0].astype(int)}
    samples, source = settled(data)
    assert (source.states, samples.steps) == ({}, 0)
    [advice] = memory.advice(source, samples)
    assert advice.text.startswith("The model seems to have a memory (stateN into state)")


@pytest.mark.parametrize(
    ("data", "states", "words"),
    [
        (sequences(x=X[:, :, :3]), (), r"'x' has shape \[40, 60, 3\], but the model takes"),
        (sequences(x=X[:, 0, :3]), (), r"3 values .* takes 4: they are shorter than a step"),
        (sequences(x=X[:, 0]), (), "holds single steps"),
        (sequences(x=X[:, :0]), (), "have no steps"),
        (sequences(state=np.zeros((N, 5))), ("stateN=state",), r"'state' has shape \[40, 5\]"),
        (sequences(), ("stateN=nothing",), "--state stateN=nothing is no output and input"),
        (sequences(), ("y=state",), r"--state y=state: .* cannot be the next"),
        (sequences(), ("state=stateN",), "the wrong way round"),
    ],
)
def test_what_does_not_fit_is_said(data, states, words):
    with pytest.raises(BadInput, match=words):
        settled(data, states)


def test_a_model_of_states_alone_has_nothing_to_score():
    source = source_of(("state", "stateN"))
    source = msgspec.structs.replace(source, outputs=source.outputs[1:])
    expected = memory.Expected(("stateN=state",), ("state",), {"x": (1, 4), "state": (1, 8)})
    with pytest.raises(BadInput, match="all 1 outputs are states"):
        expected.settled(source, from_arrays({"x": X}, ["x", "state"], "clips.npz"))


def test_nothing_is_folded_into_a_memory(tmp_path):
    samples, source = settled(sequences())
    with pytest.raises(BadInput, match="nothing can be folded into a model with a memory"):
        folding.fold(Fold(output="argmax"), source, "y", (samples,), tmp_path, tmp_path / "log", 9)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    call = call_of(tmp_path_factory.mktemp("memory"), sequences())
    with opened(call) as at_work:
        yield at_work


@pytest.mark.slow
def test_the_source_answers_whole_sequences(run):
    choose = run.evaluator.choose
    wanted, _ = recurrent.rolled(choose.samples.inputs["x"][:, :, 0])
    np.testing.assert_allclose(choose.source["y"][:, :, 0], wanted, atol=1e-5)
    score, drop = choose.marks(choose.source)
    assert (score.n, score.groups, drop.value) == (16 * STEPS, 16, 0)
    assert 0.8 < score.value < 1
    assert [one.by for one in choose.slices(choose.source)] == ["position"]


def states_met(samples):
    """Of single steps: how far each state is from one that the network has after that start."""
    _, before = recurrent.rolled(X)
    known = before.reshape(-1, recurrent.HIDDEN)
    found = samples.inputs["state"].reshape(-1, 1, recurrent.HIDDEN)
    return np.abs(found - known[None]).max(axis=2).min(axis=1)


@pytest.mark.slow
def test_what_calibrates_are_single_steps_with_states_of_the_source(run):
    steps = run.evaluator.conversions.calibration
    assert steps.steps == 0
    assert {name: array.shape for name, array in steps.inputs.items()} == {
        "x": (296, 1, 4), "state": (296, 1, 8),
    }  # fmt: skip
    assert states_met(steps).max() < 1e-5
    assert len(np.unique(steps.groups)) == 8
    assert (np.abs(steps.inputs["state"]).max(axis=(1, 2)) > 0.05).all()
    following, _ = recurrent.rolled(steps.inputs["x"], steps.inputs["state"][:, 0])
    agree = (following[:, 0, 0] > 0.5) == steps.labels
    assert agree.mean() > 0.7


@pytest.mark.slow
def test_what_is_timed_are_steps_with_states_late_and_early(run):
    timed = run.evaluator.choose.feed.timed()
    inputs = {name: timed._inputs[name] for name in ("x", "state")}
    assert len(timed) == 8
    assert (np.abs(inputs["state"]).max(axis=(1, 2)) > 0.05).all()
    samples = run.evaluator.choose.samples
    places = [
        (samples.inputs["x"][i] == inputs["x"][i]).all(axis=(1, 2)).argmax() for i in range(8)
    ]
    assert min(places) < STEPS / 2 < max(places)


@pytest.mark.parametrize(
    ("n", "steps", "most", "wanted"), [(4, 60, 8, (4, 2)), (3, 1, 8, (3, 1)), (2, 3, 300, (2, 2))]
)
def test_places_are_spread_along_each_sequence(n, steps, most, wanted):
    places = real_steps._places(n, steps, most // n)
    assert places.shape == wanted
    assert (np.diff(places, axis=1) > 0).all()
    assert places.max() < steps
    assert (places.min() > 0) == (steps > 1)


FORMS = [
    (runtime, precision)
    for runtime in ("onnxruntime", "openvino", "litert")
    for precision in ("fp32", "int8-static")
]


@pytest.mark.slow
@pytest.mark.parametrize(("runtime", "precision"), FORMS)
def test_candidates_are_rolled(run, runtime, precision):
    how = usual_here(runtime, precision)
    options = {"INFERENCE_PRECISION_HINT": "f32"} if runtime == "openvino" else {}
    recipe = Recipe(runtime=runtime, precision=precision, quantization=how, options=options)
    [record] = run.evaluated([recipe])
    assert record.status == "ok", record.reason
    assert (record.score.n, record.score.groups) == (16 * STEPS, 16)
    least_db, most_lost = (100, 1e-4) if precision == "fp32" else (20, 0.02)
    if (runtime, precision) == ("onnxruntime", "fp32"):  # the source itself: equal to the bit
        assert record.parity.sqnr_db is None
    else:
        assert record.parity.sqnr_db > least_db
    assert abs(record.drop.value) < most_lost
