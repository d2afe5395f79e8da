"""Where the time of an inference goes: what every runtime's profile promises."""

from __future__ import annotations

import json
import re

import msgspec
import pytest

from edgeopt import runtimes
from edgeopt.attribution.kinds import computes, kind
from edgeopt.attribution.layers import named
from edgeopt.harness.profiling import summed
from edgeopt.harness.replies import ProfileAccount
from edgeopt.sources import layer_names

pytestmark = pytest.mark.slow

SERVED = [
    spec for spec in runtimes.specs() if spec.offers and not (spec.elsewhere or spec.stand_in)
]
PROFILED = sorted(spec.name for spec in SERVED if not spec.no_profiler)
#: Their packages for Python have no profiler.
WITHOUT = {spec.name: spec.no_profiler for spec in SERVED if spec.no_profiler}
#: The mean over two axes, which XNNPACK's partitioner for ExecuTorch does not take.
LEFT = {"executorch": 1}
#: Those that have integers: what they run elsewhere shows there.
NO_DELEGATE = {"ncnn": "ncnn", "mnn": "MNN"}
DELEGATING = sorted(
    spec.name
    for spec in SERVED
    if "int8-static" in spec.precisions and spec.name not in NO_DELEGATE
)
ARITHMETIC = {"fp32": "fp32", "int8-static": "int8"}
PRODUCTS_AS_CONVOLUTIONS = ("mnn",)
RUNS = 40
#: OpenVINO's counters are means in whole microseconds: what took none may come out below 0.
RESOLUTION_NS = 10_000


@pytest.fixture(scope="module", params=PROFILED)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def raw(models, name):
    """precision -> what the runner would send."""
    found = {}
    for precision in ("fp32", "int8-static"):
        if precision not in runtimes.spec(name).precisions:
            continue
        model = models[name, precision]
        session = model.open(**runtimes.spec(name).options_for("fp32"))
        inputs = [model.feed(sample) for sample in models.samples[:4]]
        found[precision] = json.loads(json.dumps(session.profile(inputs, RUNS)))
        session.close()
    return found


@pytest.fixture
def profiles(raw, name):
    return {
        precision: summed(name, [msgspec.convert(found, ProfileAccount)])
        for precision, found in raw.items()
    }


def test_every_run_has_a_time_for_every_operator(raw):
    assert [len(found["operators"]) >= 3 for found in raw.values()] == [True, True]
    for found in raw.values():
        assert len(found["total_ns"]) == len(found["plain_ns"]) == RUNS
        assert found["how"]
        for op in found["operators"]:
            assert len(op["t_ns"]) == RUNS
            assert all(type(t) is int for t in op["t_ns"])
            assert sum(op["t_ns"]) > -RUNS * RESOLUTION_NS


def test_operators_account_for_an_inference(raw):
    """A wrong unit or a lost operator would show; how large the rest is, is the machine's affair.

    The call and the profiler's own work are the rest, and for a model as small as this one they are
    the larger part on some machines (LiteRT: operators held 25 % of a run on one, 60 % on another).
    """
    for found in raw.values():
        within = [sum(op["t_ns"][i] for op in found["operators"]) for i in range(RUNS)]
        shares = [ns / total for ns, total in zip(within, found["total_ns"], strict=True)]
        assert max(shares) > 0.05
        assert sum(within) < 1.05 * sum(found["total_ns"])


def test_what_computes_is_there_in_its_order_and_precision(profiles, name):
    assert "fp32" in profiles
    for precision, found in profiles.items():
        computing = [op for op in found.operators if kind(op) == "compute"]
        assert [op.precision for op in computing] == [ARITHMETIC[precision]] * 3
        words = [op.type.lower() for op in computing]
        assert ["conv" in word for word in words] == [True, True, name in PRODUCTS_AS_CONVOLUTIONS]
        assert not any(op.fallback for op in computing)
        assert all(op.ns > 0 for op in computing[:2])


def test_names_survive_as_stated(profiles, name, models):
    source = layer_names.read(models["onnxruntime"].path)
    wanted = [node for node, kind_of in source.types.items() if computes(kind_of)]
    assert len(wanted) == 3
    assert len(profiles) == 2
    for found in profiles.values():
        traced = named(found, source)
        assert traced.layers_by == runtimes.spec(name).layers_by
        computing = [op.layers for op in traced.operators if kind(op) == "compute"]
        assert [next(n for n in layers if n in wanted) for layers in computing] == wanted


def test_a_profile_leaves_the_session_as_it_was(models, name):
    model = models[name]
    session = model.open(**runtimes.spec(name).options_for("fp32"))
    before = session.run(model.feed(models.samples[0]))
    session.profile([model.feed(models.samples[1])], 4)
    after = session.run(model.feed(models.samples[0]))
    assert all((x == y).all() for x, y in zip(before, after, strict=True))


@pytest.mark.parametrize("name", DELEGATING)
def test_facts_say_how_many_operators_ran_where_they_are_meant_to(models, name):
    facts = models[name, "int8-static"].open().facts()
    assert facts["total"] >= 5
    assert facts["delegated"] == facts["total"] - LEFT.get(name, 0)


def test_the_source_itself_is_not_profiled(models):
    session = models["torch"].open()
    with pytest.raises(ValueError, match="not profiled"):
        session.profile([models["torch"].feed(models.samples[0])], 4)


@pytest.mark.parametrize(("runtime", "why"), WITHOUT.items())
def test_a_runtime_without_a_profiler_says_why(models, runtime, why):
    model = models[runtime]
    session = model.open()
    with pytest.raises(ValueError, match=re.escape(why)):
        session.profile([model.feed(models.samples[0])], 4)


@pytest.mark.parametrize(("runtime", "title"), NO_DELEGATE.items())
def test_it_is_said_that_nothing_is_delegated(models, runtime, title):
    facts = models[runtime].open().facts()
    assert facts["total"] >= 5
    assert facts["delegated"] is None
    assert facts["why_null"]["delegated"] == f"{title} has no delegate"
