"""A detector from the command line: judged by mAP, sliced, drawn, and answering by itself."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import edgeopt
from edgeopt.datasets.annotations import truths, yolo
from edgeopt.domain.fold import Fold, FoldedInput
from edgeopt.tasks.boxed import DetectionSet
from edgeopt.tasks.detection import Detection
from tests.pipeline import squares

TARGET = str(Path(__file__).with_name("one-runtime.toml"))
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    place = tmp_path_factory.mktemp("detector")
    data = squares.write(place / "data", 160)
    model = squares.model(str(place / "m.onnx"))
    return edgeopt.optimize(model, target=TARGET, data=str(data), out=place / "run", budget="quick")


def chosen(run):
    choice = run.choices[0]
    return run.record(choice.target, choice.recipe_id)


def test_the_task_is_recognized_and_said(run):
    task = run.data.task
    assert (task.name, task.head, task.names) == ("detection", "yolo", squares.NAMES)
    assert (run.data.metric, run.data.labels) == ("map", True)
    assert task.preparation["way"] == "letterbox"


def test_what_is_chosen_is_scored_by_boxes_and_sliced_by_class_and_size(run):
    record = chosen(run)
    assert record.confirm_score.metric == "map"
    assert record.confirm_score.value > 0.99
    assert {slices.by for slices in record.confirm_slices} == {"class", "size"}
    tried = {(r.precision, r.score.metric) for r in run.records if r.score}
    assert tried == {("fp32", "map"), ("int8-static", "map")}


def test_the_bundle_answers_images_with_the_recorded_score(run):
    bundle = Path(run.folder) / run.choices[0].bundle
    data = Path(run.folder).parent / "data"
    command = [sys.executable, str(bundle / "run.py"), str(data / "images/val")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [json.loads(line) for line in told.splitlines()]
    marked = yolo.read(data / "data.yaml", "val")
    assert [line["file"] for line in lines] == [path.name for path in marked.images]
    detection = Detection("yolo", (squares.SIDE, squares.SIDE), squares.NAMES)
    judged = detection.judged(_answers(lines), truths.boxes(marked, squares.NAMES))
    value = judged.contributions("recall-1fp").value()
    assert value > 0.99


def _answers(lines):
    found = [(i, one) for i, line in enumerate(lines) for one in line["detections"]]
    return DetectionSet(
        len(lines),
        np.array([i for i, _ in found]),
        np.array([one["box"] for _, one in found], np.float64),
        np.array([one["class"] for _, one in found]),
        np.array([one["score"] for _, one in found]),
    )


def test_the_report_shows_the_task(run):
    page = (Path(run.folder) / "report.html").read_text("utf-8")
    assert "average precision" in page
    assert "by class, worst first" in page


def test_the_same_call_again_measures_nothing(run):
    data = Path(run.folder).parent / "data/data.yaml"
    again = edgeopt.optimize(
        Path(run.folder).parent / "m.onnx", target=TARGET, data=str(data), out=run.folder,
        budget="quick",
    )  # fmt: skip
    assert again.seconds == run.seconds


def test_uint8_frames_in(run, tmp_path):
    place = Path(run.folder).parent
    fold = Fold(input=FoldedInput(scale=(1 / 255,), layout="nhwc"))
    folded = edgeopt.optimize(
        place / "m.onnx", target=TARGET, data=str(place / "data/data.yaml"), out=tmp_path / "run",
        budget="quick", fold=fold,
    )  # fmt: skip
    task = folded.data.task
    assert (task.preparation["dtype"], task.preparation["layout"]) == ("uint8", "nhwc")
    assert chosen(folded).confirm_score.value > 0.99
    bundle = tmp_path / "run" / folded.choices[0].bundle
    image = sorted((place / "data/images/val").iterdir())[0]
    command = [sys.executable, str(bundle / "run.py"), str(image)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    [line] = told.splitlines()
    assert json.loads(line)["detections"]
