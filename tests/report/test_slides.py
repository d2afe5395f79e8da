"""Charts for slides: whole SVG files that stand alone."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from edgeopt.domain.errors import BadInput
from edgeopt.report import slides
from edgeopt.report.points import points
from tests.report.sample import INTEL, sample_run

SVG = "{http://www.w3.org/2000/svg}"


def test_each_timed_target_has_a_file_with_all_its_points(tmp_path):
    [path] = slides.write(sample_run(), tmp_path / "new")
    assert path == tmp_path / "new" / f"{INTEL}.svg"
    root = ElementTree.parse(path).getroot()
    told = [title.text for title in root.iter(f"{SVG}title")][1:]
    assert sorted(told) == sorted(point.tooltip for point in points(sample_run(), INTEL))


def test_nothing_is_needed_beside_it():
    [(_, text)] = slides.charts(sample_run())
    assert not re.search(r"<(style|script|image|use|link)\b|\bclass=|url\(|\bhref=", text)


def test_the_legend_stays_within_the_picture():
    [(_, text)] = slides.charts(sample_run())
    width = float(re.search(r'viewBox="0 0 (\S+) ', text)[1])
    signs = slides._placed(points(sample_run(), INTEL))
    assert len({(sign.x, sign.y) for sign in signs}) == len(signs)
    assert all(sign.x < width - slides.FRAME.left - 100 for sign in signs)


def test_a_hostile_name_is_text():
    run = sample_run()
    run = replace(run, source=replace(run.source, path="<script>alert(1)</script>.onnx"))
    [(_, text)] = slides.charts(run)
    assert "<script" not in text
    ElementTree.fromstring(text)


def test_a_run_without_points_says_why(tmp_path):
    with pytest.raises(BadInput, match="there is no chart"):
        slides.write(replace(sample_run(), records=()), tmp_path)
