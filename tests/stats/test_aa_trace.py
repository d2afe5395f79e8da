"""The harness's promises, held on a recorded trace of a noisy machine by the command itself."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(__file__).parents[2] / "benchmarks" / "harness" / "aa_trace.py"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def budgets(tmp_path_factory):
    out = tmp_path_factory.mktemp("aa") / "aa_trace.json"
    arguments = ["--trials", "20", "--budget", "standard", "--out", str(out)]
    effects = ["--effect", "0", "--effect", "0.02", "--effect", "0.05"]
    subprocess.run([sys.executable, str(COMMAND), *arguments, *effects], check=True)
    return {budget["name"]: budget["designs"] for budget in json.loads(out.read_text())["budgets"]}


def test_one_arm_after_the_other_finds_differences_that_are_not_there(budgets):
    for design in ("sequential, Welch", "sequential, Mann-Whitney"):
        assert budgets["standard"][design]["0%"]["false_differences"] > 0.5


def test_the_schedules_own_verdicts_do_not(budgets):
    assert budgets["standard"]["interleaved"]["0%"]["false_differences"] <= 0.05


@pytest.mark.parametrize(("effect", "least"), [("2%", 0.70), ("5%", 0.95)])
def test_and_find_those_that_are(budgets, effect, least):
    assert budgets["standard"]["interleaved"][effect]["detected"] >= least


def test_the_result_says_what_it_rests_on(budgets):
    found = budgets["standard"]["interleaved"]["0%"]
    assert sum(found["words"].values()) == 20
    assert set(found["launches"]) <= {"3", "5", "8"}
