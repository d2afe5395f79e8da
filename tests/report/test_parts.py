"""Facts and method: what the page says in words."""

import subprocess
import sys

from msgspec.structs import replace

from edgeopt.domain.target import Fact, Gpu
from edgeopt.report.facts import FactRow, facts
from edgeopt.report.method import method, untimed_reason
from tests.report.sample import INTEL, PI, sample_run
from tests.report.sample_profiles import sample_profiles


def test_every_fact_has_its_basis_and_source():
    found = {row.name: row for row in facts(sample_profiles()[PI])}
    assert found["Cores"] == FactRow(
        "Cores", "4 × cortex-a76 at 2.4 GHz", "verified", "bcm2712.adoc"
    )
    assert found["Peak fp32"].value == "153.6 GFLOP/s"
    assert found["Peak fp32"].basis == "derived"
    assert found["Memory"].basis == "recalled"
    assert found["Not supported"].value == "i8mm, sve"
    assert found["Chip"].value == "BCM2712"


def test_what_a_profile_does_not_know_has_no_row():
    names = [row.name for row in facts(sample_profiles()[INTEL])]
    assert names == ["System", "Cores", "Instructions", "Not supported", "L2 cache", "L3 cache"]


def test_bare_profiles_and_graphics_processors():
    profile = sample_profiles()[INTEL]
    little = replace(profile.cores[0], role="little")
    gpu = Gpu(model="Ampere", fp16_gflops=Fact(value=472, basis="verified", source="table"))
    isa = replace(profile.isa, features=(), absent=())
    found = facts(replace(profile, cores=(little,), gpu=gpu, isa=isa))
    assert [row.name for row in found[:3]] == ["System", "Cores, little", "GPU"]
    assert found[-1] == FactRow("GPU peak fp16", "472 GFLOP/s", "verified", "table")


def test_the_method_is_told_from_the_records():
    told = method(sample_run(), INTEL)
    assert told[0] == "Timed on local: steady state, host to host, batch 1."
    assert told[1] == (
        "8 candidates screened, to rank them: 1 fresh process each, 48 to 96 samples."
    )
    assert told[2].startswith("3 candidates measured in full, to choose: 5 fresh processes each")
    assert "No p90 where the samples are too few for it (64 are needed)." in told
    assert "Rivals ran in interleaved blocks, 40 pairs from 5 launches to a verdict." in told
    assert "A difference below 3.0 % counts as none: EQUIVALENT." in told
    assert "Scores on 512 choosing samples: 95 % interval by Wilson." in told


def test_the_batch_is_the_one_that_was_timed():
    run = sample_run()

    def batched(*counts):
        records = [r for r in run.records if r.target == INTEL and r.measured]
        made = tuple(
            replace(r, recipe=replace(r.recipe, batch=count))
            for r, count in zip(records, counts, strict=False)
        )
        return method(replace(run, records=made), INTEL)[0]

    assert batched(4, 4).endswith(" batch 4.")
    assert batched(1, 8, 4, 1).endswith(" batch 1 or 4 or 8.")


def test_what_was_not_timed_has_no_sentences_on_timing():
    told = " ".join(method(sample_run(), PI))
    assert "imed" not in told
    assert "interleaved" not in told
    assert "paired bootstrap" in told


def test_why_nothing_was_timed():
    run = sample_run()
    assert untimed_reason(run, INTEL) == ""
    assert "at hand" in untimed_reason(run, PI)
    silent = tuple(replace(r, latency_reason="") for r in run.records if r.target == PI)
    assert untimed_reason(replace(run, records=silent), PI) == (
        "no device of this target was measured"
    )
    assert untimed_reason(replace(run, records=()), PI) == ""


def test_importing_the_room_brings_in_neither_rich_nor_jinja2():
    code = (
        "import sys, edgeopt.report.html, edgeopt.report.terminal;"
        "print([m for m in ('rich', 'jinja2') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
