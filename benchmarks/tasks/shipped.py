"""The score of what a bundle's run.py answers to raw images, in an environment of its own.

The environment holds numpy, Pillow and the runtime, in the versions of the run, and nothing
of edgeopt. The answers are read from run.py's output and files, and judged outside.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from PIL import Image

from edgeopt import runtimes
from edgeopt.datasets.by_task import HELD_OUT, Trial
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.domain.run import Choice, Run
from edgeopt.pipeline.evaluation_set import EvaluationSet
from edgeopt.tasks.boxed import DetectionSet
from edgeopt.tasks.keypoints import Poses, answered

#: Of detections: what the scores of a run are of.
LEAST = 0.001
LIMIT_S = 1800.0


def shipped(run: Run, choice: Choice, held_out: EvaluationSet, place: Path) -> dict[str, Any]:
    """The score of run.py's answers beside the record's; {"why": ...} where there is none."""
    record = run.record(choice.target, choice.recipe_id)
    marks, task = held_out.samples.marks, run.data.task
    if record is None or record.confirm_score is None or choice.bundle is None:
        return {"why": "nothing was chosen"}
    if not isinstance(marks, MarkedImages) or task is None:
        return {"why": "its samples are no images"}
    assert held_out.part == HELD_OUT
    python = _environment(place / "environment", record.runtime, run.environment)
    images = place / "images"
    images.mkdir()
    names = []
    for number, path in enumerate(marks.annotated.images):
        names.append(f"{number:05}{path.suffix}")
        (images / names[-1]).symlink_to(path.resolve())
    lines = _asked(python, Path(run.folder) / choice.bundle, images, place / "saved")
    told = [lines[name] for name in names]
    trial: Trial = held_out.judging.trial(held_out.source)  # type: ignore[attr-defined]
    answers = _answers(task.name, told)
    judged = trial.task.judged(answers, trial.truths)
    value = judged.contributions(run.data.metric).value()
    recorded = record.confirm_score.value
    return {"score": value, "recorded": recorded, "off": abs(value - recorded), "n": len(names)}


def _environment(folder: Path, runtime: str, made_with: dict[str, Any]) -> Path:
    """A Python that has numpy, Pillow and a runtime alone."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    versions = made_with["packages"]
    wanted = ["numpy", *runtimes.spec(runtime).packages]
    pins = [f"{name}=={versions[name]}" for name in wanted if versions.get(name)]
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "pillow", *pins]
    subprocess.run(pip, check=True, capture_output=True)
    return folder / "bin" / "python"


def _asked(python: Path, bundle: Path, images: Path, saved: Path) -> dict[str, dict[str, Any]]:
    """What run.py says of each image, by its name; `saved` beside it where that is a picture."""
    own = images.parent / "bundle"
    shutil.copytree(bundle, own)
    command = [str(python), "-I", str(own / "run.py"), str(images)]
    command += ["--score", str(LEAST), "--save", str(saved)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT_S)
    lines = [msgspec.json.decode(line) for line in done.stdout.splitlines()]
    return {line["file"]: line for line in lines}


def _answers(task: str, told: list[dict[str, Any]]) -> Any:
    """As the task judges them."""
    if task == "detection":
        found = [(i, one) for i, line in enumerate(told) for one in line["detections"]]
        return DetectionSet(
            len(told),
            np.array([i for i, _ in found], np.int64),
            np.array([one["box"] for _, one in found], np.float64).reshape(-1, 4),
            np.array([one["class"] for _, one in found], np.int64),
            np.array([one["score"] for _, one in found], np.float64),
        )
    if task == "segmentation":
        return [np.asarray(Image.open(line["saved"])).astype(np.int16) for line in told]
    if task == "ctc":
        return [line["text"] for line in told]
    if task == "pose":
        return [_poses(line["detections"]) for line in told]
    raise ValueError(f"no answers of {task} are read here: {json.dumps(told[0])[:200]}")


def _poses(found: list[dict[str, Any]]) -> Poses:
    points = np.array([one["keypoints"] for one in found], np.float64)
    scores = np.array([one["score"] for one in found], np.float64)
    return answered(points.reshape(len(found), -1, points.shape[-1] if found else 3), scores)
