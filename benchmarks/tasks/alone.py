"""run.py of each task on raw images, where numpy, Pillow and the runtime are all there is.

    python -m benchmarks.tasks.alone [TASK ...]

The answers that it prints are scored here, outside of the run; the figure must be the record's. The
models need no training: they look at colours. The images are noisy, so that no score is 1.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

import edgeopt
from edgeopt.datasets.annotations import coco, masks, truths, yolo
from edgeopt.datasets.preparation_asked import PreparationAsked
from edgeopt.domain.task import TaskAsked
from edgeopt.tasks import keypoints, text
from edgeopt.tasks.boxed import DetectionSet
from edgeopt.tasks.detection import Detection
from edgeopt.tasks.pose import Pose
from edgeopt.tasks.segmentation import Segmentation
from tests.bundle import alone
from tests.pipeline import squares

TARGET = Path(__file__).parents[2] / "tests" / "pipeline" / "one-runtime.toml"
SIDE, COUNT = 64, 120
STRETCH = "way=stretch,mean=0,scale=0.00392156862745098"
LETTERS = ("r", "g")
PARTS = ("data", "confirm")


@dataclass(frozen=True)
class Case:
    """One task: its files, the call, and how printed answers are scored.

    Attributes:
        score: (folder, lines of run.py, the bundle's folder) -> the figure.
        arguments: of run.py, behind the folder of images.
    """

    write: Callable[[Path], dict[str, Any]]
    score: Callable[[Path, list[dict[str, Any]], Path], float]
    images: str
    arguments: tuple[str, ...] = ()


def coloured(rng: np.random.Generator, cells: int, rows: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """(uint8[8 * rows, 8 * cells, 3], int[rows, cells]): dim, red and green cells, in noise."""
    numbers = rng.choice(3, (rows, cells), p=(0.6, 0.2, 0.2))
    image = rng.normal(40, 30, (rows, cells, 3))
    image[numbers == 1, 0] += 60
    image[numbers == 2, 1] += 60
    wide = np.kron(image, np.ones((8, 8, 1))) + rng.normal(0, 20, (8 * rows, 8 * cells, 3))
    return np.clip(wide, 0, 255).astype(np.uint8), numbers


def model(path: Path, planes: int, last: list[onnx.NodeProto], out: list[int], size: int) -> Path:
    """red minus the others, green minus the others, behind a plane of 0.15 where there are three;
    means of 8 x 8, then `last` of "cells"."""
    weights = np.zeros((planes, 3, 1, 1), np.float32)
    weights[-2, :, 0, 0], weights[-1, :, 0, 0] = (1, -0.5, -0.5), (-0.5, 1, -0.5)
    bias = np.zeros(planes, np.float32)
    bias[: planes - 2] = 0.15
    nodes = [
        helper.make_node("AveragePool", ["x"], ["means"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Conv", ["means", "w", "b"], ["cells"]),
        *last,
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "g",
        [value("x", TensorProto.FLOAT, [1, 3, size, SIDE])],
        [value("y", TensorProto.FLOAT, out)],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(bias, "b")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, str(path))
    return path


def write_boxes(folder: Path) -> dict[str, Any]:
    for seed, part in enumerate(PARTS):
        table = squares.write(folder / part, COUNT, seed)
        table.write_text(table.read_text("utf-8") + "test: images/val\n", "utf-8")
        for path in (folder / part / "images/val").iterdir():
            noisy(path)
    data, confirm = (str(folder / part / "data.yaml") for part in PARTS)
    return {"model": squares.model(str(folder / "m.onnx")), "data": data, "confirm": confirm}


def noisy(path: Path) -> None:
    """Noise of cells: that of pixels would be averaged out."""
    pixels = np.asarray(Image.open(path), np.float64)
    rng = np.random.default_rng(int(pixels.sum()))
    found = pixels + np.kron(rng.normal(0, 50, (8, 8, 3)), np.ones((8, 8, 1)))
    Image.fromarray(np.clip(found, 0, 255).astype(np.uint8)).save(path)


def score_boxes(folder: Path, lines: list[dict[str, Any]], bundle: Path) -> float:
    marked = yolo.read(folder / "confirm/data.yaml", "val")
    found = [(i, one) for i, line in enumerate(lines) for one in line["detections"]]
    answers = DetectionSet(
        len(lines),
        np.array([i for i, _ in found]),
        np.array([one["box"] for _, one in found]).reshape(-1, 4),
        np.array([one["class"] for _, one in found]),
        np.array([one["score"] for _, one in found]),
    )
    task = Detection("yolo", (SIDE, SIDE), squares.NAMES)
    judged = task.judged(answers, truths.boxes(marked, squares.NAMES))
    return judged.contributions("map").value()


def write_masks(folder: Path) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    for name in (*PARTS, "masks"):
        (folder / name).mkdir()
    for i in range(2 * COUNT):
        image, numbers = coloured(rng, 8)
        Image.fromarray(image).save(folder / PARTS[i % 2] / f"{i:03}.png")
        wide = np.kron(numbers, np.ones((8, 8))).astype(np.uint8)
        Image.fromarray(wide).save(folder / f"masks/{i:03}.png")
    last = [helper.make_node("Identity", ["cells"], ["y"])]
    return {
        "model": model(folder / "m.onnx", 3, last, [1, 3, 8, 8], SIDE),
        "data": str(folder / "data"), "confirm": str(folder / "confirm"),
        "task": TaskAsked(masks=str(folder / "masks")),
        "preprocessing": PreparationAsked.parse(STRETCH),
    }  # fmt: skip


def score_masks(folder: Path, lines: list[dict[str, Any]], bundle: Path) -> float:
    marked = masks.read(folder / "confirm", folder / "masks")
    answers = [np.asarray(Image.open(folder / line["saved"])).astype(np.int16) for line in lines]
    task = json.loads((bundle / "manifest.json").read_text())["task"]
    names, first = tuple(task["names"]), task["extra"]["first"]
    judged = Segmentation((SIDE, SIDE), names, first).judged(
        answers, truths.maps(marked, len(names))
    )
    return judged.contributions("miou").value()


def write_lines(folder: Path) -> dict[str, Any]:
    rng = np.random.default_rng(2)
    rows: dict[str, list[str]] = {part: [] for part in PARTS}
    for part in PARTS:
        (folder / part).mkdir()
    for i in range(2 * COUNT):
        image, numbers = coloured(rng, 8, 1)
        said = [n for n, after in itertools.pairwise([*numbers[0], 0]) if n and n != after]
        part = PARTS[i % 2]
        if said:
            Image.fromarray(image).save(folder / part / f"{i:03}.png")
            rows[part].append(f"{part}/{i:03}.png\t{''.join(LETTERS[n - 1] for n in said)}")
    for part in PARTS:
        (folder / f"{part}.tsv").write_text("\n".join(rows[part]) + "\n", "utf-8")
    (folder / "alphabet.txt").write_text("\n".join(LETTERS) + "\n", "utf-8")
    last = [
        helper.make_node("ReduceMean", ["cells"], ["row"], axes=[2], keepdims=0),
        helper.make_node("Transpose", ["row"], ["y"], perm=[0, 2, 1]),
    ]
    return {
        "model": model(folder / "m.onnx", 3, last, [1, 8, 3], 8),
        "data": str(folder / "data.tsv"), "confirm": str(folder / "confirm.tsv"),
        "task": TaskAsked(images=str(folder), alphabet=str(folder / "alphabet.txt")),
        "preprocessing": PreparationAsked.parse(STRETCH),
    }  # fmt: skip


def score_lines(folder: Path, lines: list[dict[str, Any]], bundle: Path) -> float:
    rows = (folder / "confirm.tsv").read_text("utf-8").splitlines()
    wanted = dict(row.removeprefix("confirm/").split("\t") for row in rows)
    return text.cer(
        [line["text"] for line in lines], [wanted[line["file"]] for line in lines]
    ).value()


def write_points(folder: Path) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    kind = {"id": 1, "name": "pair", "keypoints": ["red", "green"], "skeleton": []}
    for part in PARTS:
        (folder / part).mkdir()
        table = {**points_of(folder / part, rng), "categories": [kind]}
        (folder / f"{part}.json").write_text(json.dumps(table), "utf-8")
    last = [helper.make_node("Identity", ["cells"], ["y"])]
    return {
        "model": model(folder / "m.onnx", 2, last, [1, 2, 8, 8], SIDE),
        "data": str(folder / "data.json"), "confirm": str(folder / "confirm.json"),
        "metric": "pck",
        "task": TaskAsked(task="pose", head="heatmaps", images=str(folder)),
        "preprocessing": PreparationAsked.parse(STRETCH),
    }  # fmt: skip


def points_of(folder: Path, rng: np.random.Generator) -> dict[str, list[dict[str, Any]]]:
    images: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for i in range(COUNT):
        cells = rng.choice(64, 2, replace=False)
        image = rng.normal(60, 30, (8, 8, 3))
        for channel, cell in enumerate(cells):
            image[(*divmod(int(cell), 8), channel)] += 80
        wide = np.kron(image, np.ones((8, 8, 1)))
        path = f"{i:03}.png"
        Image.fromarray(np.clip(wide, 0, 255).astype(np.uint8)).save(folder / path)
        images.append(
            {"id": i, "file_name": f"{folder.name}/{path}", "width": SIDE, "height": SIDE}
        )
        places = [(8 * (cell % 8) + 4, 8 * (cell // 8) + 4) for cell in cells.tolist()]
        found.append({
            "id": i, "image_id": i, "category_id": 1, "iscrowd": 0, "num_keypoints": 2,
            "keypoints": [value for x, y in places for value in (x, y, 2)],
            "bbox": [0, 0, SIDE, SIDE], "area": SIDE * SIDE,
        })  # fmt: skip
    return {"images": images, "annotations": found}


def score_points(folder: Path, lines: list[dict[str, Any]], bundle: Path) -> float:
    marked = coco.read(folder / "confirm.json", folder)
    answers = [
        keypoints.answered(
            np.array([one["keypoints"] for one in line["detections"]]),
            np.array([one["score"] for one in line["detections"]]),
        )
        for line in lines
    ]
    task = Pose("heatmaps", (SIDE, SIDE), marked.keypoint_names)
    return task.judged(answers, truths.poses(marked)).contributions("pck").value()


CASES = {
    "detection": Case(write_boxes, score_boxes, "confirm/images/val", ("--score", "0")),
    "segmentation": Case(write_masks, score_masks, "confirm", ("--save", ".")),
    "ctc": Case(write_lines, score_lines, "confirm"),
    "pose": Case(write_points, score_points, "confirm", ("--score", "0")),
}


def main(names: list[str]) -> int:
    wrong = 0
    for name in names or list(CASES):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            case = CASES[name]
            run = edgeopt.optimize(
                target=str(TARGET), out=folder / "run", budget="quick", max_drop=0.5,
                **case.write(folder),
            )  # fmt: skip
            choice = run.choices[0]
            record = run.record(choice.target, choice.recipe_id)
            python = alone.environment(folder / "env", ("numpy", "pillow", "onnxruntime"))
            bundle = folder / "run" / choice.bundle
            command = [python, "-I", bundle / "run.py", folder / case.images, *case.arguments]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            found, wanted = case.score(folder, lines, bundle), record.confirm_score
            same = abs(found - wanted.value) < 1e-6
            wrong += not same
            print(
                f"{name}: {record.recipe}: {wanted.metric} {wanted.value:.6f} of the record (n = "
                f"{wanted.n}), {found:.6f} outside: {'the same' if same else 'ANOTHER'}"
            )
            print(f"    {done.stderr.splitlines()[-1]}")
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
