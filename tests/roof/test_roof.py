"""What a device can do at most: the network's files, how it is measured, and what is kept."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from edgeopt import runtimes
from edgeopt.convert.roof import network
from edgeopt.devices.local import Local
from edgeopt.domain.errors import BadInput
from edgeopt.domain.finding import Finding
from edgeopt.domain.roof import Roof
from edgeopt.harness.bandwidth_reply import Bandwidth, Cache
from edgeopt.harness.bandwidth_reply import Level as Told
from edgeopt.harness.plausible import CHECKS
from edgeopt.roof import kept, measure
from edgeopt.roof.kernels import KERNELS

MACHINE = {"cpu_model": "made up", "cores": 2}


def kernels(*runtimes):
    return [kernel for kernel in KERNELS if kernel.runtime in runtimes and kernel.asked != "fp16"]


def answer(x, quantized):
    """The network in numpy: [rows, channels]."""
    for weight in network.weights():
        if quantized:
            step = network.ACTIVATION_SCALE
            x = np.clip(np.round(x / step), 0, 255) * step
            weight = network.integers(weight) * np.float32(network.WEIGHT_SCALE)
        x = np.maximum(x @ weight.T, 0)
    return x


@pytest.mark.slow
@pytest.mark.parametrize(
    "kernel",
    [k for k in kernels("onnxruntime", "openvino", "ncnn") if k.asked != "bf16"]
    + [k for k in kernels("litert") if k.asked == "fp32"],
    ids=lambda k: k.title,
)
def test_every_file_computes_the_network(kernel, tmp_path):
    """So its multiply-adds are done, and none is left out by a graph that ends elsewhere."""
    path = tmp_path / kernel.name
    kernel.write(path)
    module = runtimes.load(kernel.runtime)
    session = module.open_session(str(path), 1, dict(kernel.options))
    [spec] = session.inputs
    x = network.inputs(tuple(spec["shape"]), spec["dtype"])[0]
    found = session.run([x])[0].squeeze()
    rows = x.squeeze()
    channels_first = kernel.kind == "convolution" and kernel.runtime != "litert"
    if channels_first:
        rows, found = np.moveaxis(rows, 0, -1), np.moveaxis(found, 0, -1)
    wanted = answer(rows.reshape(-1, network.FIRST), kernel.asked == "int8")
    error = found.reshape(wanted.shape) - wanted
    limit = 0.1 if kernel.asked == "int8" else 1e-3
    assert np.linalg.norm(error) < limit * np.linalg.norm(wanted)
    assert session.facts()["precisions"].keys() == {kernel.asked}


def test_multiply_adds_are_those_of_the_weights():
    assert network.ROWS * sum(w.size for w in network.weights()) == network.MULTIPLY_ADDS


@pytest.fixture
def few(monkeypatch, tmp_path):
    """One kernel, a little of memory, and a cache of the test's own."""
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(measure, "KERNELS", [k for k in KERNELS if k.title == _ONE])
    monkeypatch.setattr(measure, "RUNTIMES", ("onnxruntime",))
    monkeypatch.setattr(measure, "LEVELS_S", 0.0)
    monkeypatch.setattr(measure, "WATCH_S", 0.05)
    return tmp_path


_ONE = "onnxruntime fp32 product"


@pytest.mark.slow
def test_a_roof_is_measured_once(few, monkeypatch):
    device, told = Local(), []

    def progress(what, done=0, total=0):
        told.append(what)

    first = measure.roof(device, 1, few, progress, 0.02)
    [peak] = first.peaks
    assert (peak.arithmetic, peak.runtime, peak.kernel) == ("fp32", "onnxruntime", "product")
    assert peak.multiply_adds_per_s > 1e8
    assert [level.name for level in first.levels][:1] in (["L1"], ["memory"])
    assert len(told) == 3  # the machine is watched, a kernel is timed, and the caches
    assert measure.roof(device, 1, few, progress, 0.02) == first
    assert len(told) == 3
    monkeypatch.setattr(measure, "_installed", lambda runtime: "another")
    again = measure.roof(device, 1, few, progress, 0.02)
    assert len(told) == 5  # the machine and its peaks, and not the caches
    assert (again.asked, again.levels) == ({"onnxruntime": "another"}, first.levels)
    device.close()


@pytest.mark.slow
def test_a_warning_is_kept_with_the_figures_until_they_are_measured_again(few, monkeypatch):
    device, busy = Local(), Finding(check="load", state="warning", found="90 % busy")
    quiet = Finding(check="load", state="ok", found="2 % busy")
    monkeypatch.setattr(measure, "check_machine", lambda *_: (busy, quiet))
    assert measure.roof(device, 1, few, seconds=0.02).findings == (busy,)
    monkeypatch.setattr(measure, "check_machine", lambda *_: (quiet,))
    assert measure.roof(device, 1, few, seconds=0.02).findings == (busy,)
    assert measure.roof(device, 1, few, seconds=0.02, again=True).findings == ()
    device.close()


@pytest.mark.slow
def test_a_runtime_that_refuses_is_a_reason(few, monkeypatch):
    broken = replace_write(KERNELS[0])
    monkeypatch.setattr(measure, "KERNELS", [broken])
    found = measure.roof(Local(), 1, few, seconds=0.02)
    assert found.peaks == ()
    assert broken.title in found.why_null


def replace_write(kernel):
    import dataclasses

    return dataclasses.replace(kernel, write=lambda path: path.write_bytes(b"no model"))


def test_an_emulated_device_has_none(tmp_path):
    class Emulated(Local):
        name, kind = "pi", "emulated"

    with pytest.raises(BadInput, match="pi is emulated"):
        measure.roof(Emulated(), 1, tmp_path)


def roof(**changes):
    usual = Roof(device="local", machine=MACHINE, threads=2, asked={}, measured="2026-01-01")
    return replace(usual, **changes)


def test_what_is_kept_is_of_one_machine_state_and_number_of_threads(monkeypatch, tmp_path):
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path))
    kept.write(roof())
    assert kept.read(MACHINE, 2) == roof()
    assert kept.read(MACHINE, 1) is None
    assert kept.read({**MACHINE, "governor": "powersave"}, 2) is None


def test_a_damaged_file_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path))
    kept.write(roof())
    [path] = (tmp_path / "roof").glob("*.json")
    path.write_text("{")
    assert kept.read(MACHINE, 2) is None


@pytest.mark.parametrize(
    ("field", "value", "same"),
    [("uptime_s", 5.0, True), ("load_1m", 3.0, True), ("governor", "powersave", False)],
)
def test_what_changes_by_itself_is_no_state(field, value, same):
    one = {"arch": "x", "cores": 2, "governor": "performance", "uptime_s": 1.0}
    assert (measure.state_of(one) == measure.state_of({**one, field: value})) is same


def told_level(name="L1", row_bytes=8):
    return Told(level=name, row_bytes=row_bytes, read_bytes_per_s=1.0, copy_bytes_per_s=2.0)


def test_caches_hold_what_the_threads_can_have():
    cache = Cache(level=1, least_bytes=10, most_bytes=20, instances=2)
    told = Bandwidth(caches=[cache], levels=[told_level(), told_level("memory")], why_null={})
    assert [level.bytes for level in measure.levels_of(told, 1)] == [20, None]
    assert [level.bytes for level in measure.levels_of(told, 4)] == [40, None]


@pytest.mark.parametrize(
    ("levels", "wrong"),
    [
        ([told_level()], ""),
        ([told_level(), told_level()], "one level twice"),
        ([told_level(row_bytes=0)], "bytes of no row"),
    ],
)
def test_a_bandwidth_that_cannot_be_is_no_answer(levels, wrong):
    reply = Bandwidth(caches=[], levels=levels, why_null={})
    assert CHECKS[Bandwidth](None, reply) == wrong
