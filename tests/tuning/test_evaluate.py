"""evaluate(): what it tells, what it keeps, and what is null with a reason."""

import numpy as np
import pytest

import edgeopt
from edgeopt.domain.errors import BadInput
from edgeopt.tuning import evaluate as kept_alive
from edgeopt.tuning import known
from edgeopt.tuning.device_limit import DeviceLimit
from tests.tuning import nets


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Two networks of one structure, the data, and the answers about both."""
    folder = tmp_path_factory.mktemp("evaluate")
    data = {name: array[:300] for name, array in nets.judged().items()}
    images, labels = nets.digits()
    _, features = nets.hidden(images[:900], 32)
    readout, *_ = np.linalg.lstsq(features, np.eye(10)[labels[:900]], rcond=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGEOPT_CACHE", str(folder))
        good, bad = nets.save(32, readout), nets.save(32, -readout)
        targets = ["this-machine", "raspberry-pi-4"]
        first = edgeopt.evaluate(good, targets, data, form="onnxruntime fp32")
        second = edgeopt.evaluate(bad, targets, data, form="onnxruntime fp32")
        again = edgeopt.evaluate(good, "this-machine", data)
        yield first, second, again, (good, data, folder)
    kept_alive.close()


@pytest.mark.slow
def test_it_tells_latency_score_drop_and_size(asked):
    (here, there), *_ = asked
    assert here.score > 0.7
    assert here.drop == pytest.approx(0, abs=0.01)
    assert here.allowed
    assert here["size_bytes"] > 32 * 74 * 4
    assert here.outputs == {"logits": (1, 10)}
    latency = here.latency
    assert latency.ms == pytest.approx(latency.ratio * latency.reference_ms, rel=1e-3)
    assert latency.low <= latency.ms <= latency.high
    assert latency.pairs >= 11
    assert here.energy_mj is not None or here.why_null["energy_mj"]
    assert there.score == here.score
    assert there.latency_ms is None
    assert "raspberry-pi-4" in there.why_null["latency_ms"]


@pytest.mark.slow
def test_one_structure_is_timed_once_and_scored_each_time(asked):
    (first, _), (second, _), *_ = asked
    assert second.structure == first.structure
    assert second.latency_ms == first.latency_ms
    assert "latency_ms" in second.cached
    assert second.score < first.score


@pytest.mark.slow
def test_the_fastest_of_several_forms_is_taken_and_the_rest_say_why(asked):
    *_, again, _ = asked
    assert again.form.startswith(("onnxruntime fp32", "openvino fp32"))
    assert [why for form, why in again.tried.items() if form == again.form] == [""]
    assert all(why for form, why in again.tried.items() if form != again.form)


@pytest.mark.slow
def test_the_same_asked_again_comes_from_the_cache_and_damage_is_no_answer(asked):
    *_, (good, data, folder) = asked
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGEOPT_CACHE", str(folder))
        found = edgeopt.evaluate(good, "this-machine", data)
        assert found.cached == ("all",)
        with pytest.raises(BadInput, match="no form of this-machine is called"):
            edgeopt.evaluate(good, "this-machine", data, form="nosuch")


def test_an_entry_that_is_damaged_counts_as_none(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path))
    known.keep("latency", "key", {"ms": 1.5})
    assert known.read("latency", "key", dict[str, float]) == {"ms": 1.5}
    [path] = tmp_path.rglob("key.json")
    for damaged in (path.read_bytes().replace(b"1.5", b"9.5"), b"", b"{", path.read_bytes()[:-9]):
        path.write_bytes(damaged)
        assert known.read("latency", "key", dict[str, float]) is None


def test_data_and_models_are_known_by_content(tmp_path):
    array = {"x": np.arange(6.0)}
    assert known.of_data(array) == known.of_data({"x": np.arange(6.0)})
    assert known.of_data(array) != known.of_data({"x": np.arange(6.0).reshape(2, 3)})
    assert known.of_data("mine:samples") is None
    folder = tmp_path / "saved"
    (folder / "variables").mkdir(parents=True)
    (folder / "variables" / "a").write_bytes(b"1")
    before = known.of_model(folder)
    (folder / "variables" / "a").write_bytes(b"2")
    assert known.of_model(folder) != before


@pytest.mark.slow
@pytest.mark.parametrize("labels", [np.linspace(0, 1, 40), np.tile(["a", "b"], 20)])
def test_what_is_only_timed_needs_no_metric(labels):
    model = nets.save(8, np.zeros((8, 1)), classes=1)
    data = {"image": nets.digits()[0][:40], "labels": labels}
    limit = DeviceLimit("this-machine", data, form="onnxruntime fp32", cache=False)
    assert limit.measured(model).latency_ms > 0
    kept_alive.close()
