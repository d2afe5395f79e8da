"""README is short, its links lead to files of this repository, its figures are those measured."""

from __future__ import annotations

import json
import re

from edgeopt.sources.formats import SUFFIXES
from tests.pages import ROOT

TEXT = (ROOT / "README.md").read_text("utf-8")
HOME = "https://github.com/edgeopt/edgeopt/blob/main/"


def test_it_is_short():
    assert len(TEXT.splitlines()) < 150


def test_its_links_lead_to_files():
    """Whole addresses: PyPI shows this page, too, and knows no folder that links start from."""
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert len(links) > 10
    assert [link for link in links if "://" not in link] == []
    here = [link.removeprefix(HOME) for link in links if link.startswith(HOME)]
    assert [link for link in here if not (ROOT / link.split("#")[0]).exists()] == []


def test_its_picture_is_there_and_small():
    (name,) = re.findall(r"/main/(docs/images/[\w.-]+)\)", TEXT)
    assert (ROOT / name).stat().st_size < 100_000


def test_the_detectors_figures_are_those_of_the_contest():
    found = json.loads((ROOT / "benchmarks" / "tasks" / "contest.json").read_text("utf-8"))
    (contest,) = [row for row in found["rows"] if row["workload"] == "digits-detector"]
    told = re.findall(r"^\| ([\w ]+?) \| \**([\d.]+)\** \| ([\d.]+) \|$", TEXT, re.MULTILINE)
    assert len(told) == 5
    for name, score, ratio in told:
        entry = contest["entries"][name]
        assert (score, ratio) == (f"{entry['score']:.3f}", f"{entry['with_decode']:.2f}")
    choice = contest["entries"]["edgeopt's choice"]
    assert f"**{choice['score']:.3f}**" in TEXT
    assert f"loses {100 * choice['drop']:.2f} points" in TEXT
    assert f"from {contest['low']:.2f} to {contest['high']:.2f}" in TEXT


def test_every_figure_of_what_it_is_worth_has_its_command():
    below = TEXT.split("## What it is worth")[1].split("##")[0]
    points = below.split("\n- ")[1:]
    assert len(points) == 3
    for point in points:
        (module,) = re.findall(r"`python -m (benchmarks[\w.]+)", point)
        assert (ROOT / f"{module.replace('.', '/')}.py").exists()


def test_the_formats_that_it_names_are_read():
    named = set(re.findall(r"`(\.\w+)`", TEXT))
    assert named
    assert named <= set(SUFFIXES)
