"""Sixty cases of `benchmarks/faults/fuzz`, drawn by class: the whole of it takes an hour."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.faults.fuzz import judge, kinds, mutate, stock, zips
from benchmarks.faults.fuzz.case import Case, nothing

ROOT = Path(__file__).parents[1]
SEED, COUNT = 7, 60


@pytest.fixture(scope="module")
def light(tmp_path_factory):
    """The good files that need no heavy library."""
    folder = tmp_path_factory.mktemp("stock")
    stock.light(folder)
    return folder


@pytest.mark.slow
def test_sixty_cases_drawn_by_class(light):
    cases = kinds.drawn(SEED, light, COUNT)
    assert len(cases) == COUNT
    assert {case.kind for case in cases} == set(kinds.names())
    words = [sys.executable, "-m", "benchmarks.faults.fuzz.lane", "--stock", str(light)]
    done = subprocess.run(
        [*words, "--seed", str(SEED)],
        input="".join(f"{case.id}\n" for case in cases),
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == COUNT, done.stderr[-2000:]
    wrong = {line["id"]: (line["faults"], line["said"][-500:]) for line in lines if line["faults"]}
    assert not wrong


def case(right="refused", **more) -> Case:
    return Case("kind", "name", nothing, ("optimize",), right=right, **more)


REFUSAL = "error: odd.npz is broken.\n  Copy it again.\n"


@pytest.mark.parametrize(
    ("deed", "fault"),
    [
        (judge.Deed(2, REFUSAL), ""),
        (judge.Deed(3, REFUSAL), ""),
        (judge.Deed(0, "done"), "accepted"),
        (judge.Deed(1, "nothing qualified"), "accepted"),
        (judge.Deed(1, "Traceback (most recent call last):\nKeyError: 'x'\n"), "traceback"),
        (judge.Deed(70, "error: edgeopt itself failed (edgeopt/x.py:1)\n"), "traceback"),
        (judge.Deed(-11, ""), "traceback"),
        (judge.Deed(None, ""), "hang"),
        (judge.Deed(2, REFUSAL, written=("work/run",)), "written"),
        (judge.Deed(2, REFUSAL, written=("-work/data.npz",)), "written"),
        (judge.Deed(2, "no.\n"), "sentence"),
        (judge.Deed(2, REFUSAL * 2), "sentence"),
        (judge.Deed(2, "error: it is broken.\n"), "sentence"),
        (judge.Deed(2, "error: odd.npz" + "x" * 2000), "sentence"),
        (judge.Deed(2, "error: odd.npz \x1b[31m\n"), "raw"),
        (judge.Deed(2, REFUSAL, peak_mib=99999.0), "memory"),
        (judge.Deed(2, REFUSAL, left=1), "left"),
    ],
)
def test_the_judge_tells_each_kind_of_fault(deed, fault):
    found = [text.partition(":")[0] for text in judge.faults(case(says=("odd.npz",)), deed)]
    assert found == ([fault] if fault else [])
    assert set(found) <= set(judge.KINDS)


def test_an_orderly_case_may_run():
    assert judge.faults(case("orderly"), judge.Deed(0, "done")) == []
    assert judge.faults(case("orderly"), judge.Deed(1, "nothing qualified")) == []


@pytest.mark.slow
def test_cases_are_the_same_for_a_seed_and_others_for_another(light):
    once = [one.id for one in kinds.cases(1, light, "npz_files")]
    assert once == [one.id for one in kinds.cases(1, light, "npz_files")]
    assert once != [one.id for one in kinds.cases(2, light, "npz_files")]
    assert len(set(once)) == len(once)


@pytest.mark.slow
def test_every_option_of_every_command_is_tried(light):
    from edgeopt.cli import cli

    tried = {one.name.split("-'")[0] for one in kinds.cases(0, light, "options")}
    there = {
        f"{command}-{max(param.opts, key=len)[2:]}"
        for command in ("optimize", "bench", "compare", "explain", "doctor")
        for param in cli.commands[command].params
        if param.param_type_name == "option" and not getattr(param, "is_flag", False)
    }
    assert len(there) >= 40
    assert there - tried == set()


@pytest.mark.slow
def test_a_damaged_archive_is_damaged(light):
    import random

    whole = (light / "data.npz").read_bytes()
    broken = list(zips.broken(whole, random.Random(0)))
    assert len(broken) >= 8
    assert [what for what, damaged in broken if damaged == whole] == []
    flipped = list(mutate.flip(whole, random.Random(0), 20))
    assert len(flipped) == 20
    for what, damaged in flipped:
        assert sum(a != b for a, b in zip(whole, damaged, strict=True)) == 1, what
