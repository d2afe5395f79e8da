"""What every runtime promises (edgeopt/runtimes/__init__.py), held on one small net."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from edgeopt import runtimes
from edgeopt.devices.local import Local
from edgeopt.harness.client import Client, RunnerFailed

pytestmark = pytest.mark.slow

#: What opens users' files; the others are held in the tests of their sources.
SPECS = {
    spec.name: spec
    for spec in runtimes.specs()
    if not (spec.reference or spec.elsewhere or spec.stand_in)
}
RUNTIMES = sorted(SPECS)
INTEGERS = sorted(name for name, spec in SPECS.items() if "int8-static" in spec.precisions)

#: What makes a runtime compute fp32 in 32 bits, where it would not by itself.
EXACT = {name: spec.options_for("fp32") for name, spec in SPECS.items()}
#: An option that does not change the answers much.
OPTIONS = {name: spec.harmless for name, spec in SPECS.items() if spec.harmless}


@pytest.fixture(params=RUNTIMES)
def name(request) -> str:
    return request.param


@pytest.fixture
def model(models, name):
    return models[name]


@pytest.fixture
def session(model, name):
    opened = model.open(**EXACT[name])
    yield opened
    opened.close()


def close_to(answers, expected, atol=1e-5) -> bool:
    return all(
        np.allclose(one[name], other[name], atol=atol)
        for one, other in zip(answers, expected, strict=True)
        for name in other
    )


def sqnr_db(answers, expected) -> float:
    """Signal to quantization noise over all outputs and samples, dB."""
    signal = noise = 0.0
    for one, other in zip(answers, expected, strict=True):
        signal += sum(float((other[name] ** 2).sum()) for name in other)
        noise += sum(float(((one[name] - other[name]) ** 2).sum()) for name in other)
    return 10 * np.log10(signal / max(noise, 1e-30))


def test_the_version_is_that_of_the_package(name):
    module = runtimes.load(name)
    installed = metadata.version(module.SPEC.packages[0])
    assert installed.split("+")[0].split("-")[0] in module.version()


def test_reading_and_compiling_are_told_apart_or_the_reason_is(session):
    stages = {"compile_ns": None, "why_null": {"compile_ns": "one step"}}
    stages.update(getattr(session, "stages", {}))
    assert (stages["compile_ns"] is None) == ("compile_ns" in stages["why_null"])
    for name in ("load_ns", "compile_ns"):
        assert stages.get(name) is None or stages[name] > 0


def test_the_answers_are_the_sources(session, model, models):
    assert close_to(model.answers(session, models.samples), models.answers)


def test_the_answers_are_near_without_options_too(model, models):
    session = model.open()
    assert sqnr_db(model.answers(session, models.samples), models.answers) > 40


def test_inputs_and_outputs_are_described(session, model):
    for specs, bindings in ((session.inputs, model.inputs), (session.outputs, model.outputs)):
        assert len(specs) == len(bindings) == 2
        for binding in bindings:
            spec = specs[binding.index]
            assert spec["name"] == binding.name
            assert np.dtype(spec["dtype"]) == np.float32
            assert tuple(spec["shape"]) == binding.shape
            assert all(type(dim) is int for dim in spec["shape"])
            assert "scale" not in spec
    assert json.loads(json.dumps([session.inputs, session.outputs]))


def test_results_are_arrays_as_described(session, model, models):
    results = session.run(model.feed(models.samples[0]))
    assert len(results) == len(session.outputs)
    for result, spec in zip(results, session.outputs, strict=True):
        assert isinstance(result, np.ndarray)
        assert (result.dtype.name, list(result.shape)) == (spec["dtype"], spec["shape"])


def test_results_do_not_alias_those_of_the_next_call(session, model, models):
    first = session.run(model.feed(models.samples[0]))
    before = [np.array(result) for result in first]
    second = session.run(model.feed(models.samples[1]))
    for result, kept, other in zip(first, before, second, strict=True):
        assert np.array_equal(result, kept)
        assert not np.array_equal(result, other)
        assert not np.shares_memory(result, other)


def test_results_can_be_written_to_and_outlive_the_session(model, models, name):
    session = model.open(**EXACT[name])
    results = session.run(model.feed(models.samples[0]))
    session.close()
    assert close_to([model.read(results)], models.answers[:1])
    for result in results:
        result += 1


def test_inputs_are_left_as_they_were(session, model, models):
    arrays = model.feed(models.samples[0])
    before = [array.copy() for array in arrays]
    session.run(arrays)
    for array, kept in zip(arrays, before, strict=True):
        assert np.array_equal(array, kept)


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
def test_read_only_inputs_are_taken(session, model, models):
    arrays = model.feed(models.samples[0])
    for array in arrays:
        array.flags.writeable = False
    assert close_to([model.read(session.run(arrays))], models.answers[:1])


def test_no_call_remembers_the_one_before(session, model, models):
    once = session.run(model.feed(models.samples[0]))
    for sample in models.samples[1:4]:
        session.run(model.feed(sample))
    again = session.run(model.feed(models.samples[0]))
    assert all(np.array_equal(a, b) for a, b in zip(once, again, strict=True))


def test_a_buffer_that_is_filled_anew_is_read_anew(session, model, models):
    arrays = model.feed(models.samples[0])
    session.run(arrays)
    for array, new in zip(arrays, model.feed(models.samples[1]), strict=True):
        array[...] = new
    assert close_to([model.read(session.run(arrays))], models.answers[1:2])


def test_threads_do_not_change_the_answers(model, models, name):
    found = []
    for threads in (1, 2):
        session = model.open(threads, **EXACT[name])
        found.append(model.answers(session, models.samples))
        session.close()
    assert close_to(*found, atol=1e-6)


def test_two_sessions_do_not_disturb_each_other(session, model, models, name):
    other = model.open(**EXACT[name])
    for i in range(4):
        mine = model.read(session.run(model.feed(models.samples[i])))
        theirs = model.read(other.run(model.feed(models.samples[-1 - i])))
        assert close_to([mine, theirs], [models.answers[i], models.answers[-1 - i]])


@pytest.mark.parametrize("name", sorted(OPTIONS), indirect=True)
def test_a_known_option_is_taken(model, models, name):
    session = model.open(**OPTIONS[name])
    assert sqnr_db(model.answers(session, models.samples), models.answers) > 40
    ((key, value),) = OPTIONS[name].items()
    assert value in session.facts()["options"][key]


@pytest.mark.parametrize("name", sorted(OPTIONS), indirect=True)
def test_an_option_cannot_have_every_value(model, name):
    key = next(iter(OPTIONS[name]))
    with pytest.raises((ValueError, RuntimeError), match="NONSENSE"):
        model.open(**{key: "NONSENSE"})


def test_facts_say_what_ran(session, name):
    facts = session.facts()
    assert set(facts) >= {"operators", "precisions", "providers", "options"}
    assert set(facts["precisions"]) == {"fp32"}
    assert facts["operators"]
    assert all(type(n) is int and n > 0 for n in facts["operators"].values())
    assert facts["providers"]
    assert all(isinstance(value, str) for value in facts["options"].values())
    assert json.loads(json.dumps(facts)) == facts


def test_facts_leave_the_session_as_it_was(session, model, models):
    session.facts()
    assert close_to(model.answers(session, models.samples[:2]), models.answers[:2])
    assert session.facts() == session.facts()


def test_closing_twice_is_fine(model):
    session = model.open()
    session.close()
    session.close()
    with pytest.raises((AttributeError, TypeError)):
        session.run([])


@pytest.mark.parametrize("name", INTEGERS, indirect=True)
def test_an_int8_model_says_so(models, name):
    session = models[name, "int8-static"].open()
    facts = session.facts()
    assert set(facts["precisions"]) == {"int8"}
    assert sum(facts["precisions"].values()) == 3  # two convolutions and a matrix


@pytest.mark.parametrize("name", INTEGERS, indirect=True)
def test_an_int8_model_is_near(models, name):
    model = models[name, "int8-static"]
    session = model.open(2)
    assert sqnr_db(model.answers(session, models.samples), models.answers) > 20
    for spec, binding in zip(session.inputs, model.inputs, strict=True):
        assert (spec["dtype"], spec.get("scale")) == (binding.dtype, binding.scale)
        assert ("zero_point" in spec) == (spec["dtype"] == "int8")


# --- what is wrong is told: through a runner, since a runtime may take its process with it


@pytest.fixture
def client(tmp_path):
    with Client(Local(), tmp_path / "runner.log") as opened:
        yield opened


def opening(client, name: str, path: Path):
    return client.request("open", 100, runtime=name, path=str(path), threads=1, options={})


def opens(client, model) -> bool:
    return bool(opening(client, model.runtime, model.path).load_ns)


def test_a_missing_file_is_an_error(client, model, name, tmp_path):
    with pytest.raises(RunnerFailed, match="nothing-here"):
        opening(client, name, tmp_path / f"nothing-here{model.path.suffix}")
    assert opens(client, model)


DAMAGE = {
    "empty": lambda content: b"",
    "text": lambda content: b"this is no model\n" * 100,
    "cut in half": lambda content: content[: len(content) // 2],
    "a tail missing": lambda content: content[:-64],
}


def test_a_corrupt_file_is_an_error_and_no_crash(client, model, name, tmp_path):
    broken = tmp_path / model.path.name
    for file in model.path.parent.glob(f"{model.path.stem}.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    for damage in DAMAGE.values():
        broken.write_bytes(damage(model.path.read_bytes()))
        with pytest.raises(RunnerFailed, match=r"^\w+: (?!Exception from)"):
            opening(client, name, broken)
    assert opens(client, model)


def test_inputs_of_another_shape_are_an_error(client, model, tmp_path):
    opens(client, model)
    files = []
    for binding in model.inputs:
        files.append(str(tmp_path / f"{binding.index}.npy"))
        np.save(files[-1], np.zeros((1, *binding.shape[:-1], binding.shape[-1] + 1), np.float32))
    with pytest.raises(RunnerFailed, match=r"(?i)shape|dimension|guard"):
        client.request("infer", 100, inputs=files, outputs=[], first=0, count=1)


def test_a_runtime_that_is_not_known_is_an_error(client):
    with pytest.raises(RunnerFailed, match="tvm"):
        opening(client, "tvm", Path("model.so"))
