"""Small tables below the candidates, on the page and in the terminal."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from edgeopt.domain.effects import CorruptionEffect, SliceEffect, Slices
from edgeopt.domain.emulation import Emulation, OutputDifference
from edgeopt.domain.mean_latency import MeanLatency
from edgeopt.domain.score import Score
from edgeopt.report.html import render
from edgeopt.report.side_tables import SHOWN, side_tables
from edgeopt.report.terminal import summary
from edgeopt.targets import published
from tests.report.sample import INTEL, PI, drop, sample_run
from tests.report.sample_profiles import sample_profiles


def score(value, n):
    return Score(
        metric="accuracy",
        value=value,
        low=value,
        high=value,
        interval="Wilson",
        n=n,
        part="confirm",
    )


def effect(value, n, lost):
    return SliceEffect(
        value=value, n=n, source=score(0.95, n), score=score(0.95 - lost, n), drop=drop(lost, 0.05)
    )


def with_effects():
    """The run with eight classes of its first choice, the worst of which is small."""
    run = sample_run()
    worst = [effect("3", 6, 0.3), effect("1", 40, 0.08)]
    worst += [effect(str(i), 50, 0.01) for i in range(4, 10)]
    null = SliceEffect(
        value="x", n=3, source=None, score=None, drop=None, why_null="labels of one class"
    )
    spoiled = CorruptionEffect(
        corruption="noise", level="strong", what="Gaussian, 0.3 s.d.",
        n=256, source=score(0.8, 256), score=score(0.7, 256), drop=drop(0.1, 0.03),
    )  # fmt: skip
    chosen = replace(
        run.chosen,
        confirm_slices=(
            Slices(by="class", part="confirm", count=8, worst=tuple(worst)),
            Slices(by="camera", part="confirm", count=1, worst=(null,)),
        ),
        corruptions=(spoiled,),
    )
    records = tuple(chosen if r.key == chosen.key else r for r in run.records)
    return replace(run, records=records)


def mean(**changes):
    fields = {
        "mean_ms": 12.5, "std_ms": 0.4, "min_ms": 12.0, "max_ms": 14.0, "median_ms": None, "n": 50,
        "first_ms": 20.0, "init_ms": 5.0, "warmup_ms": 13.0, "memory_bytes": None, "threads": 4,
        "cores": (4, 5), "arguments": ("--num_threads=4",), "program_sha256": "0" * 64,
        "thermal_before": 0, "thermal_after": 1, "why_null": {},
    }  # fmt: skip
    return MeanLatency(**{**fields, **changes})


def tables(run, target=INTEL, profile=None):
    return {t.title: t for t in side_tables(run, target, profile, published.rows())}


def test_the_worst_slices_are_shown_with_both_scores_and_what_they_mean():
    found = tables(with_effects())
    by_class = found["The chosen by class, worst first"]
    assert len(by_class.rows) == SHOWN
    assert by_class.rows[0][:4] == ("3", "6, too few to reject", "95.0 %", "65.0 %")
    assert by_class.rows[1][1] == "40"
    assert by_class.rows[1][4].startswith("8.0 points (")
    assert "the worst of 8 is partly the unluckiest" in by_class.about
    assert "3 more lose no more" in by_class.about
    by_camera = found["The chosen by camera, worst first"]
    assert by_camera.rows[0][-1] == "labels of one class"
    (noise,) = found["The chosen on corrupted inputs"].rows
    assert noise[0] == "noise, strong: Gaussian, 0.3 s.d."
    assert noise[2:4] == ("80.0 %", "70.0 %")
    assert tables(sample_run()) == {}


def test_what_an_emulated_core_answered_is_shown_once_for_all_threads():
    run = sample_run()
    emulation = Emulation(
        core="cortex-a76", emulator="qemu", note="", runtime_version="2", precision="fp32", n=128,
        score=score(0.95, 128), drop=drop(0.0, 0.01), required_db=40.0, rss_bytes=98_000_000,
        outputs=(OutputDifference(output="y", equal=0.125, max_abs=1.1e-5, sqnr_db=132.4),),
    )  # fmt: skip
    twins = [replace(r, emulation=emulation) for r in run.records if r.target == PI][:1] * 2
    twins.append(
        replace(twins[0], emulation=replace(emulation, drop=None, score=None, why_null="one class"))
    )
    found = tables(replace(run, records=tuple(twins)), PI)["On an emulated cortex-a76"]
    name = f"{twins[0].runtime} {twins[0].precision}"
    first, second = found.rows
    assert first[:3] == (name, "128", "12.5 % equal, 132 dB, ±1.1e-05")
    assert first[3].startswith("0.0 (")
    assert first[4].startswith("98")
    assert second[3] == "one class"


def test_a_loss_without_an_interval_keeps_its_unit():
    run = sample_run()
    lost = replace(drop(0.008, 0.0), low=None, high=None, why_null="too few")
    emulation = Emulation(
        core="cortex-a76", emulator="qemu", note="", runtime_version="2", precision="fp32", n=9,
        score=score(0.95, 9), drop=lost, required_db=40.0, rss_bytes=1,
        outputs=(OutputDifference(output="y", equal=0.1, max_abs=1.0, sqnr_db=132.4),),
    )  # fmt: skip
    records = tuple(replace(r, emulation=emulation) for r in run.records if r.target == PI)
    found = tables(replace(run, records=records), PI)["On an emulated cortex-a76"]
    assert found.rows[0][3] == "0.8 points (no interval)"


@pytest.mark.parametrize(
    ("relative", "most", "cell"), [(None, "5.0 points", "5.02 points"), (0.0502, "5.0 %", "5.02 %")]
)
def test_the_limit_of_a_slice_has_the_unit_of_its_losses(relative, most, cell):
    run = sample_run()
    worst = replace(effect("cat", 100, 0.0502), drop=replace(drop(0.0502, 0.0), relative=relative))
    column = Slices(by="class", part="choose", count=1, worst=(worst,))
    one = replace(run.records[0], slices=(column,))
    limits = replace(run.request.constraints, max_slice_drop=0.05)
    request = replace(run.request, constraints=limits)
    found = tables(replace(run, records=(one,), request=request))["Beyond the limit of a slice"]
    assert found.about.endswith(f"may lose {most} at most.")
    assert found.rows[0][3] == cell


def test_means_of_another_program_have_a_table_of_their_own():
    run = sample_run()
    records = tuple(
        replace(r, device="pixel", benchmark_model=mean())
        if r.target == PI and r.runtime == "litert" and r.status == "ok" and r.recipe
        else r
        for r in run.records
    )
    assert any(r.benchmark_model for r in records)
    found = tables(replace(run, records=records), PI)["By LiteRT's benchmark_model on pixel"]
    assert found.rows[0][1:] == ("12.5 ms", "0.400 ms", "50", "the phone held back for heat")
    assert "rank nothing" in found.about
    # The columns of latency know nothing of it.
    before = render(run, sample_profiles())
    after = render(replace(run, records=records), sample_profiles())
    assert before.count('data-latency="') == after.count('data-latency="')


@pytest.mark.parametrize(
    ("p50", "says"), [(0.5, "faster than expected"), (10.0, "within"), (5000.0, "slower than")]
)
def test_published_latencies_stand_beside_the_fastest_with_their_source(p50, says):
    """MobileNetV2 in fp16 on a Raspberry Pi 5 is published; the sample's model is not."""
    run, profiles = sample_run(), sample_profiles()
    assert tables(run, INTEL, profiles[INTEL]) == {}
    run = replace(run, source=replace(run.source, path="models/mobilenet_v2.onnx"))
    twin = next(r for r in run.records if r.target == INTEL and r.latency_ms)
    timed = replace(twin, target=PI, precision="fp16", latency_ms=replace(twin.latency_ms, p50=p50))
    run = replace(run, records=(*(r for r in run.records if r.target != PI), timed))
    found = tables(run, PI, profiles[PI])["Beside published latencies"]
    (row,) = found.rows
    assert row[0] == "fp16"
    assert says in row[3]
    assert " to " in row[2]
    assert "From " in found.about
    assert "@" in found.about


def test_they_are_on_the_page_and_in_the_terminal():
    run = with_effects()
    page = render(run, sample_profiles(), None, published.rows())
    console = Console(file=io.StringIO(), width=100)
    console.print(summary(run, sample_profiles(), published.rows()))
    text = console.file.getvalue()
    for words in ("The chosen by class, worst first", "too few to reject", "corrupted inputs"):
        assert words in page
        assert words in text
    assert max(map(len, text.splitlines())) <= 100
