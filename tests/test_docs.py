"""The pages in docs/ name what there is: fields, commands, targets, metrics, runtimes."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
import msgspec
import numpy as np
import pytest

from benchmarks.formats import matrix
from benchmarks.formats.models import MODELS
from edgeopt import runtimes, targets
from edgeopt.bundle.write import manifest_of
from edgeopt.cli import cli
from edgeopt.datasets import own_metric
from edgeopt.datasets.metric import Resampling
from edgeopt.datasets.metrics import METRICS, metric
from edgeopt.datasets.scores import smallest_resolvable
from edgeopt.devices.resolve import LINKS
from edgeopt.domain import (
    artifact,
    card,
    comparison,
    compression,
    effects,
    emulation,
    energy,
    explanation,
    finding,
    latency,
    layers,
    load_time,
    mean_latency,
    nearness,
    open_loop,
    published,
    recipe,
    record,
    roof,
    run,
    schedule,
    score,
    suggestion,
    sustained,
    task,
    tensor,
    throughput,
    time_profile,
)
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.target import Profile
from edgeopt.harness import gates, preflight, surroundings, timed
from edgeopt.harness.budget import BUDGETS
from edgeopt.report import explain_table
from edgeopt.runner import health, machine
from edgeopt.runner.commands import Runner
from edgeopt.runner.glance import Glance
from edgeopt.runner.idle import Idle
from edgeopt.runner.keeper import Keeper
from edgeopt.runner.root import Root
from edgeopt.sources.formats import SUFFIXES
from tests.pages import DOCS, ROOT, blocks, named, page, section

VALUES = [
    record.Record, latency.Latency, latency.Verdict, score.Score, score.Drop, record.Parity,
    record.Executed, recipe.Recipe, recipe.Quantization, run.Run, run.Request, run.Constraints,
    run.Choice, run.Miss, run.SourceFacts, run.DataFacts, tensor.TensorSpec, artifact.Artifact,
    tensor.Binding, finding.Finding, energy.Energy, comparison.Comparison, comparison.Column,
    comparison.Line, comparison.Cell, comparison.Single, comparison.Share, published.Predicted,
    effects.Slices, effects.SliceEffect, effects.CorruptionEffect, mean_latency.MeanLatency,
    emulation.Emulation, emulation.OutputDifference,
    layers.Refinement, layers.TriedForm, layers.Price, layers.Group, layers.LayerSensitivity,
    layers.GroupSensitivity, compression.CompressionStep, schedule.Asked, task.TaskFacts,
    suggestion.Suggestion, suggestion.Network, suggestion.Expected, suggestion.Evidence,
]  # fmt: skip
EXPLAINED = [
    explanation.Explanation, explanation.Side, explanation.Cost, explanation.LayerCost,
    time_profile.TimeProfile, time_profile.OperatorTime,
]  # fmt: skip
RAW = [timed.Measurement, timed.Timed, timed.Launch, timed.Block]


@pytest.mark.parametrize("value", VALUES, ids=lambda v: v.__name__)
def test_every_field_of_what_is_stored_is_explained(value: Any) -> None:
    below = named(section(page("records.md"), f"`{value.__name__}`"))
    assert set(value.__struct_fields__) - below == set()


@pytest.mark.parametrize("value", RAW, ids=lambda v: v.__name__)
def test_every_field_of_what_is_measured_is_explained(value: Any) -> None:
    below = named(section(page("records.md"), f"`{value.__name__}`"))
    assert {field.name for field in dataclasses.fields(value)} - below == set()


MODES = [
    load_time.LoadTime, load_time.Stages, load_time.Spread, throughput.Throughput,
    open_loop.OpenLoop, sustained.Sustained, sustained.Minute, sustained.Ranking,
]  # fmt: skip


@pytest.mark.parametrize("value", MODES, ids=lambda v: v.__name__)
def test_every_field_of_the_modes_is_explained(value: Any) -> None:
    text = page("modes.md")
    below = named(section(text, f"`{value.__name__}`")) | named(section(text, "`Case`"))
    assert set(value.__struct_fields__) - below == set()


@pytest.mark.parametrize("value", EXPLAINED, ids=lambda v: v.__name__)
def test_every_field_of_an_explanation_is_explained(value: Any) -> None:
    below = named(section(page("explain.md"), f"`{value.__name__}`"))
    assert set(value.__struct_fields__) - below == set()


@pytest.mark.parametrize(
    "value",
    [
        roof.Roof, roof.Peak, roof.Level, nearness.Nearness, nearness.WholeNearness,
        nearness.LayerNearness,
    ],
    ids=lambda v: v.__name__,
)  # fmt: skip
def test_every_field_of_a_roof_is_explained(value: Any) -> None:
    below = named(section(page("roof.md"), f"`{value.__name__}`"))
    assert set(value.__struct_fields__) - below == set()


def test_every_reason_without_a_share_is_explained() -> None:
    text = page("roof.md")
    named_there = named(section(text, "`WholeNearness`")) | named(section(text, "`LayerNearness`"))
    assert set(get_args(nearness.NoShare)) - named_there == set()


def test_every_field_of_a_card_is_explained() -> None:
    below = named(section(page("records.md"), "`Card`"))
    assert set(card.Card.__struct_fields__) - below == set()


def test_every_kind_of_operators_is_explained() -> None:
    text = page("explain.md")
    assert set(get_args(explanation.Kind)) - named(section(text, "`Cost`")) == set()
    for words in explain_table.KINDS.values():
        assert f"| {words} |" in section(text, "Kinds")


def test_every_field_of_the_manifest_is_explained() -> None:
    line = msgspec.json.decode(blocks(page("records.md"), "json")[0], type=record.Record)
    assert line.recipe is not None
    made = artifact.Artifact(
        recipe=line.recipe, path="a/b", files={}, sha256="", size_bytes=0, inputs=(), outputs=(),
        source_sha256="", tools={}, convert_s=0.0,
    )  # fmt: skip
    source = run.SourceFacts(
        path="", format="", sha256="", size_bytes=0, inputs=(), outputs=(), operators={}
    )
    fields = manifest_of(line, made, source, {})
    below = named(section(page("records.md"), "`TARGET/manifest.json`"))
    assert {*fields, *fields["measured"]} - below == set()


STAGES = [
    compression.Compression, compression.Training, compression.Prune, compression.LowRank,
    compression.Sparsify, compression.Resize, compression.Recover, compression.QuantizationAware,
]  # fmt: skip


@pytest.mark.parametrize("value", STAGES, ids=lambda v: v.__name__)
def test_every_setting_of_a_compression_is_explained(value: Any) -> None:
    below = named(section(page("pruning.md"), f"`{value.__name__}`"))
    assert set(value.__struct_fields__) - below == set()


def test_the_example_is_a_record_of_this_version() -> None:
    (text,) = blocks(page("records.md"), "json")
    assert json.loads(text)["v"] == record.RECORD_VERSION
    line = msgspec.json.decode(text, type=record.Record)
    assert line.recipe is not None
    assert line.recipe_id == line.recipe.id


@pytest.mark.parametrize("words", [record.Status, record.RecordStep, recipe.Precision])
def test_every_status_step_and_precision_is_explained(words: Any) -> None:
    assert set(get_args(words)) - named(section(page("records.md"), "`Record`")) == set()


def commands(
    command: click.Command, path: tuple[str, ...] = ("edgeopt",)
) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(path), command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))


COMMANDS = dict(commands(cli))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_section_with_its_options_and_an_example(name: str) -> None:
    text = section(page("cli.md"), f"`{name}`")
    for parameter in COMMANDS[name].params:
        if isinstance(parameter, click.Argument):
            assert parameter.human_readable_name.upper() in named(text)
        else:
            assert set(parameter.opts) - named(text) == set()
    assert name == "edgeopt" or re.search(rf"^    {name}\b", text, re.MULTILINE)


def test_no_option_is_explained_that_is_not_there() -> None:
    there = {opt for c in COMMANDS.values() for p in c.params for opt in p.opts}
    rows = re.findall(r"^\| `(--[\w-]+)` \|", page("cli.md"), re.MULTILINE)
    assert rows
    assert set(rows) - there == set()


def test_every_exit_code_is_in_the_table() -> None:
    text = section(page("cli.md"), "Exit codes and streams")
    assert re.findall(r"^\| (\d+) \|", text, re.MULTILINE) == ["0", "1", "2", "3", "70", "130"]


def test_the_table_of_targets_is_what_its_script_prints() -> None:
    text = page("targets.md")
    script = next(block for block in blocks(text, "python") if "targets.names()" in block)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(script, {})
    rows = printed.getvalue().splitlines()
    assert [row.split("`")[1] for row in rows] == targets.names()
    assert printed.getvalue() in text


def test_every_field_of_a_profile_is_explained() -> None:
    text = section(page("targets.md"), "A profile of your own")
    assert set(Profile.__struct_fields__) - named(text) == set()


def test_the_example_of_a_profile_is_one(tmp_path: Path) -> None:
    (text,) = blocks(page("targets.md"), "toml")
    (tmp_path / "our-board.toml").write_text(text)
    assert targets.load(str(tmp_path / "our-board.toml")).name == "our-board"


def test_every_runtime_is_named_with_what_it_opens_and_offers() -> None:
    rows = section(page("targets.md"), "Runtimes").splitlines()
    for suffix, name in runtimes.suffixes().items():
        row = next(row for row in rows if row.startswith(f"| `{name}` |"))
        assert f"`{suffix}`" in row
        offered = ", ".join(targets.offers().get(name, ()))
        assert offered in row
    for name in (spec.name for spec in runtimes.specs() if spec.reference):
        assert any(row.startswith(f"| `{name}` |") for row in rows)


def test_every_metric_is_in_the_table() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \|", section(page("data.md"), "Metrics"), re.MULTILINE)
    assert rows[: len(METRICS)] == list(METRICS)


def test_the_metrics_of_ones_own_run_as_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = blocks(section(page("data.md"), "A metric of your own"), "python")
    (tmp_path / "mine.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 4
    scores = (np.eye(4)[labels] + 0.1 * rng.normal(size=(40, 4)))[:, None]
    errors = labels[:, None, None] + rng.normal(size=(40, 1, 1))
    for name, outputs in (("hits", scores), ("recall_at_1", scores), ("median_error", errors)):
        judge = metric(f"mine:{name}", labels, outputs, batch_axis=0)
        assert judge.advice == ()
        assert judge.higher_is_better == (name != "median_error")
        value = judge.value(outputs, labels)
        assert value == 1 if name != "median_error" else 0.2 < value < 1.5


def test_the_attributes_of_a_metric_are_those_that_are_read() -> None:
    text = section(page("data.md"), "A metric of your own")
    said = set(re.findall(r"^\| `(\w+) = ", text, re.MULTILINE))
    source = Path(str(own_metric.__file__)).read_text("utf-8")
    assert said == set(re.findall(r'getattr\(judge, "(\w+)"', source))
    values = set(re.findall(r'^\| `resampling = "(\w+)"', text, re.MULTILINE))
    assert values == set(get_args(Resampling))


def test_the_samples_that_are_needed() -> None:
    outputs, labels = np.eye(10), np.arange(10)
    judges = [metric(name, labels, outputs) for name in ("accuracy", "agreement")]
    judges.append(metric("mae", outputs, outputs))
    text = section(page("data.md"), "How many samples")
    for drop in (0.01, 0.02, 0.04, 0.05):
        needed = " | ".join(str(smallest_resolvable(judge, drop)) for judge in judges)
        assert f"| {100 * drop:g} % | {needed} |" in text


@pytest.mark.parametrize("budget", BUDGETS.values(), ids=BUDGETS)
def test_the_numbers_of_every_schedule(budget) -> None:
    text = section(page("measuring.md"), "The schedule")
    (row,) = re.findall(rf"^\| {budget.name} \|.*$", text, re.MULTILINE)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert [int(number) for number in re.findall(r"\d+", cells[2])] == list(budget.looks)
    assert cells[3].split(",")[0] == str(budget.rounds)
    assert cells[4] == f"{budget.warmup_runs}, {budget.warmup_s:g} s"
    assert cells[5] == f"{budget.block_runs}, {budget.block_s:g} s"
    assert cells[6] == f"{budget.block_most_s:g} s"


def test_the_rates_on_the_recorded_trace() -> None:
    text = section(page("measuring.md"), "How often this errs, on a recorded trace")
    rows = re.findall(r"^\| (.+?) \| ([\d,]+) \| ([\d.]+) % \| ([\d.]+) % \| ", text, re.MULTILINE)
    found = json.loads((ROOT / "benchmarks" / "harness" / "aa_trace.json").read_text("utf-8"))
    by_calls = {f"{budget['calls']:,}": budget["designs"] for budget in found["budgets"]}
    assert len(rows) == 6
    for words, calls, wrong, right in rows:
        name = {"i": "interleaved", "W": "sequential, Welch", "M": "sequential, Mann-Whitney"}
        design = by_calls[calls][name[words.removeprefix("one after the other, ")[0]]]
        assert float(wrong) == pytest.approx(100 * design["0%"]["false_differences"])
        assert float(right) == pytest.approx(100 * design["2%"]["detected"])


def test_every_command_of_the_runner_is_explained_with_its_fields() -> None:
    text = page("runner-protocol.md")
    for name in [*(n.removeprefix("do_") for n in vars(Runner) if n.startswith("do_")), "quit"]:
        below = section(text, f"`{name}`")
        method = getattr(Runner, f"do_{name}", None)
        fields = method.__code__.co_varnames[1 : method.__code__.co_argcount] if method else ()
        assert set(fields) - named(below) == set()


def test_every_reading_of_the_runner_is_explained() -> None:
    text = page("runner-protocol.md")
    assert machine.ACCOUNT.keys() - named(section(text, "`hello`")) == set()
    told = health.health(Root(), 0)
    assert told.keys() - {"why_null"} - named(section(text, "`health`")) == set()
    block = {*Glance(Root()).told(), *Idle().told()}
    assert block - named(section(text, "`block`")) == set()


def test_every_check_of_a_machine_and_of_a_schedule_is_explained() -> None:
    text = page("doctor.md")
    for room, title in ((preflight, "Before"), (surroundings, "Before"), (gates, "Afterwards")):
        source = Path(str(room.__file__)).read_text("utf-8")
        checks = set(re.findall(r'check="([\w ]+)"', source))
        assert checks - named(section(text, title)) == set()


def test_every_request_to_the_keeper_is_explained() -> None:
    text = section(page("runner-protocol.md"), "The keeper of files")
    names = {name.removeprefix("do_") for name in vars(Keeper) if name.startswith("do_")}
    rows = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert rows == {*names, "quit"}


def test_every_field_of_the_users_devices_is_explained() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", section(page("devices.md"), "The list"), re.MULTILINE)
    assert rows == list(DeviceEntry.__struct_fields__)


def test_every_link_has_a_page() -> None:
    for scheme in LINKS:
        assert f"`{scheme}://" in page("devices.md")
        assert (DOCS / f"devices-{scheme}.md").exists()


def test_the_exchange_is_json() -> None:
    (text,) = [b for b in blocks(page("runner-protocol.md"), "") if b.startswith("> ")]
    for line in text.splitlines():
        assert isinstance(json.loads(line[2:]), dict)


def test_the_matrix_of_formats_is_that_of_its_results() -> None:
    text = page("formats.md")
    found = json.loads((ROOT / "benchmarks" / "formats" / "matrix.json").read_text("utf-8"))
    assert matrix.table(found) in text
    assert {cell["model"] for cell in found} == set(MODELS)
    assert sum(cell["works"] for cell in found) >= 45
    assert all(cell["works"] or cell["why"] for cell in found)


def test_every_suffix_of_a_source_is_explained() -> None:
    named_there = named(page("formats.md")) & named(section(page("cli.md"), "`edgeopt optimize`"))
    assert set(SUFFIXES) - named_there == set()
