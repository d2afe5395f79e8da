"""`bench --end-to-end`: bundles from a photo to its answer, in one schedule."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from edgeopt.benchmarking.side_by_side import bench
from edgeopt.cli import cli
from edgeopt.decoding.preparation import Preparation
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskFacts
from edgeopt.harness.budget import SCREEN
from edgeopt.report import bench_table
from tests.bundle.task_net import bundle
from tests.decoding import made

SIZE = made.SIZE
RNG = np.random.default_rng(0)


def detector(folder, head):
    preparation = Preparation(way="letterbox", size=SIZE, scale=(1 / 255,) * 3).record()
    task = TaskFacts(name="detection", head=head, size=SIZE, preparation=preparation)
    return bundle(folder, task, {"images": ("float32", (1, 3, *SIZE))}, made.outputs(head))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two bundles, the file of one outside of it, and photos of two sizes."""
    folder = tmp_path_factory.mktemp("end-to-end")
    for head in ("yolo", "yolo-end2end"):
        detector(folder / head, head)
    (folder / "plain").mkdir()
    shutil.copyfile(folder / "yolo" / "m.onnx", folder / "plain" / "m.onnx")
    (folder / "photos").mkdir()
    for name, size in (("a", (90, 160)), ("b", (200, 120))):
        pixels = RNG.integers(0, 255, (*size, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "photos" / f"{name}.png")
    return folder


@pytest.mark.slow
def test_bundles_and_a_plain_file_are_timed_in_one_schedule(folder):
    paths = [
        folder / "yolo" / "bundle",
        folder / "yolo-end2end" / "bundle",
        folder / "plain/m.onnx",
    ]
    table = bench(paths, (), folder / "photos", budget=SCREEN, whole=True)
    assert [row.reason for row in table.rows] == ["", "", ""]
    assert [row.threads for row in table.rows] == [1, 1, 1]
    for row in table.rows:
        parts = row.parts
        assert min(parts.prepare_ms, parts.infer_ms, parts.decode_ms) > 0
        assert parts.suppress_ms <= parts.decode_ms
    yolo, end2end, _ = (row.parts for row in table.rows)
    assert (yolo.suppress_ms > 0, end2end.suppress_ms) == (True, 0)
    assert table.inputs.startswith("2 photos of ")
    blocks = [b for t in table.raw["timed"].values() for n in t["launches"] for b in n["blocks"]]
    assert blocks
    assert all(sum(block["parts_ns"][:3]) <= sum(block["t_ns"]) for block in blocks)
    from rich.console import Console

    console = Console(width=80, record=True)
    console.print(bench_table.render(table))
    shown = console.export_text()
    assert "(NMS " in shown
    assert "from a photo to its answer" in shown


@pytest.mark.slow
def test_no_bundle_among_the_files_is_said(folder):
    with pytest.raises(BadInput, match="none of the artifacts is one"):
        bench([folder / "plain" / "m.onnx"], (), folder / "photos", whole=True)


def test_a_bundle_without_a_task_is_said(folder, tmp_path):
    shutil.copytree(folder / "yolo" / "bundle", tmp_path / "old")
    manifest = json.loads((tmp_path / "old" / "manifest.json").read_text())
    del manifest["task"]
    (tmp_path / "old" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BadInput, match="none of the artifacts is one"):
        bench([tmp_path / "old"], (), folder / "photos", whole=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"files": {"m.onnx": "a", "../../made/x": "a"}}, "names a file outside of its folder"),
        ({"files": {"m.onnx": "a", "/tmp/x": "a"}}, "names a file outside of its folder"),
        ({"files": {"": "a"}}, "names a file outside of its folder"),
        ({"artifact": "../plain/m.onnx"}, "its artifact is none of its own files"),
        ({"artifact": ""}, "its artifact is none of its own files"),
    ],
)
def test_a_manifest_names_no_file_outside_of_its_bundle(folder, tmp_path, change, said):
    shutil.copytree(folder / "yolo" / "bundle", tmp_path / "b" / "bundle")
    manifest = tmp_path / "b" / "bundle" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))
    with pytest.raises(BadInput, match=said):
        bench([manifest.parent], (), folder / "photos", whole=True)
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_photos_are_needed(folder, tmp_path):
    bundled = [folder / "yolo" / "bundle"]
    with pytest.raises(BadInput, match="--end-to-end needs photos"):
        bench(bundled, (), None, whole=True)
    with pytest.raises(BadInput, match="no such image"):
        bench(bundled, (), tmp_path / "gone.jpg", whole=True)
    with pytest.raises(BadInput, match="no images lie there"):
        bench(bundled, (), tmp_path, whole=True)


@pytest.mark.slow
def test_a_bundle_that_was_changed_is_not_opened(folder, tmp_path):
    shutil.copytree(folder / "yolo" / "bundle", tmp_path / "b")
    with (tmp_path / "b" / "m.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(BadInput, match=r"is not opened: m\.onnx is not what the run made"):
        bench([tmp_path / "b"], (), folder / "photos", whole=True)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--fps", "30"), "--fps does not go with --end-to-end"),
        (("--load-time",), "--load-time does not go with --end-to-end"),
        (("--streams", "2"), "--streams does not go with --end-to-end"),
        (("--sustained", "1m"), "--sustained does not go with --end-to-end"),
        (("--shape", "x=1x2"), "--shape does not go with --end-to-end"),
    ],
)
def test_what_does_not_go_with_it(folder, option, said):
    asked = ["bench", str(folder / "yolo" / "bundle"), "--end-to-end", *option]
    result = CliRunner().invoke(cli, asked)
    assert result.exit_code != 0
    assert said in str(result.output) + str(result.exception)
