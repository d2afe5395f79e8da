"""Core ML: a package is made and read back here; it runs on Apple machines only."""

import sys

import msgspec
import pytest

from edgeopt import runtimes
from edgeopt.convert.job import Converted, Job
from edgeopt.domain.recipe import Recipe
from edgeopt.jobs import child

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(models, tmp_path_factory):
    """(what was converted, the package)."""
    folder = tmp_path_factory.mktemp("core-ml")
    recipe = Recipe(runtime="coreml", precision="fp16")
    job = Job(recipe=recipe, source=models.source, calibration={}, base=None, folder=str(folder))
    log = folder.with_suffix(".log")
    reply = child.run("edgeopt.convert.worker:make", msgspec.to_builtins(job), log, 300)
    converted = msgspec.convert(reply, Converted)
    return converted, folder / converted.main


def test_a_package_has_the_sources_inputs_and_outputs(models, made):
    converted, path = made
    session = runtimes.load("coreml").open_session(str(path), 1, {})
    both = (models.source.inputs, session.inputs), (models.source.outputs, session.outputs)
    for specs, found in both:
        assert [(s["name"], s["dtype"], tuple(s["shape"])) for s in found] == [
            (spec.name, spec.dtype, spec.shape) for spec in specs
        ]
    assert {b.permute for b in (*converted.inputs, *converted.outputs)} == {None}
    assert {"coremltools", "torch"} <= converted.tools.keys()


def test_its_facts_say_what_it_is_made_of(made):
    session = runtimes.load("coreml").open_session(str(made[1]), 1, {})
    facts = session.facts()
    assert (facts["operators"]["conv"], facts["operators"]["linear"]) == (2, 1)
    assert facts["total"] == sum(facts["operators"].values())
    assert "decides where" in facts["why_null"]["precisions"]


@pytest.mark.skipif(sys.platform == "darwin", reason="it runs there")
def test_it_does_not_run_here(made):
    session = runtimes.load("coreml").open_session(str(made[1]), 1, {})
    with pytest.raises(RuntimeError, match="Apple machines only"):
        session.run([])


def test_what_is_no_package_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no Core ML package"):
        runtimes.load("coreml").open_session(str(tmp_path / "nothing.mlpackage"), 1, {})
