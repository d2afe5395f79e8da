"""The trained detector, pruned and quantized: how small at a point of mAP, and the same on a Pi?

    python -m benchmarks.tasks.pruned [--place FOLDER] [--epochs N] [--step SHARE] [--fps 30]
        [--max-drop 1%] [--images N] [--out FILE]

`edgeopt optimize --prune` of `digits-detector.pt2` for this machine, trained on the training images
without their labels, judged on held-out ones. Then the choice is asked for frames at a rate
(`edgeopt bench --fps`). Then the pruned network is a source of its own for an emulated Raspberry Pi
4: each of its forms answers the same images there and here, and boxes above 0.3 are matched at an
overlap of 0.95. Where no pruned form is chosen, that is done with the whole network; a larger
--max-drop has a pruned one chosen. FILE is written after each part; the run and the models stay in
FOLDER.
Needs `apt-get install qemu-user-static`, and the network once.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import edgeopt
from benchmarks.integers import usual_here
from benchmarks.tasks.models.prepared import Prepared
from benchmarks.tasks.models.table import MODELS
from edgeopt import cli_optimize
from edgeopt.api_measure import measure_open_loop
from edgeopt.cli_optimize import call_of
from edgeopt.decoding import boxes
from edgeopt.devices.emulated import Emulated
from edgeopt.domain.model import content_id
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.domain.task import TaskAsked
from edgeopt.harness.answering import answer
from edgeopt.harness.feed import Feed
from edgeopt.pipeline import run_context
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.intake import take_in
from edgeopt.pipeline.optimize import optimize
from edgeopt.pipeline.placement import Placement
from edgeopt.pipeline.run_environment import environment, local_machine
from edgeopt.pipeline.source_model import output_shapes
from edgeopt.pipeline.target_run import at_work
from edgeopt.report.progress import Progress
from edgeopt.search.space import Space
from edgeopt.store import run_folder
from edgeopt.tasks.boxed import DetectionSet
from edgeopt.tasks.detection import Detection

SURE, OVERLAP, LIMIT_S = 0.3, 0.95, 3600.0
FORMS = (("onnxruntime", "fp32"), ("litert", "fp32"), ("litert", "int8-static"))


def small(
    prepared: Prepared, place: Path, epochs: int, step: float, max_drop: str, say: Progress
) -> Run:
    """The run that prunes; what an interrupted call has found is used again."""
    assert prepared.program is not None
    command = [str(prepared.program), "--target", "this-machine", "--data", str(prepared.data)]
    command += ["--confirm", str(prepared.confirm), "--train", str(prepared.train), "--quick"]
    command += ["--prune", "--pruning", f"step={step}", "--epochs", str(epochs)]
    command += ["--max-drop", max_drop, "--step-timeout", str(LIMIT_S)]
    command += ["--out", str(place / "runs" / f"pruned-{max_drop}")]
    return optimize(call_of(cli_optimize.optimize.make_context("optimize", command).params), say)


def told(run: Run) -> dict[str, Any]:
    """The choice beside the source's own fp32 form in ONNX Runtime."""
    choice = run.choices[0]
    chosen = run.record(choice.target, choice.recipe_id)
    base = run.record(choice.target, choice.baseline_id)
    assert base is not None
    found: dict[str, Any] = {"why": choice.why, "baseline_bytes": base.size_bytes}
    if chosen is None:
        return found
    return found | {
        "recipe": str(chosen.recipe),
        "size_bytes": chosen.size_bytes,
        "smaller": 1 - (chosen.size_bytes or 0) / (base.size_bytes or 1),
        "score": msgspec.to_builtins(chosen.confirm_score),
        "drop": msgspec.to_builtins(chosen.confirm_drop),
        "versus_baseline": msgspec.to_builtins(chosen.versus_baseline),
        "steps": [f"{step.title}: {step.why}" for step in choice.compression],
    }


def at_rate(run: Run, fps: float) -> Any:
    """Frames at a rate, on this machine."""
    bundle = Path(run.folder) / str(run.choices[0].bundle)
    artifact = json.loads((bundle / "manifest.json").read_text())["artifact"]
    return msgspec.to_builtins(measure_open_loop(bundle / artifact, fps).data())


def on_a_pi(run: Run, prepared: Prepared, images: int, work: Path, say: Progress) -> dict[str, Any]:
    """Each form of the pruned network on an emulated Raspberry Pi 4 beside itself here."""
    choice = run.choices[0]
    chosen = run.record(choice.target, choice.recipe_id)
    assert chosen is not None
    assert chosen.recipe is not None
    network = _network(run, chosen, prepared)
    call = Call(
        model=network, targets=("raspberry-pi-4",), data=str(prepared.data), out=work / "run",
        step_timeout_s=LIMIT_S, source_timeout_s=LIMIT_S, task=TaskAsked(),
    )  # fmt: skip
    (work / "scratch").mkdir()
    intake = take_in(call, work / "scratch", say)
    folder, _ = run_folder.create(call.out, intake.request)
    found: dict[str, Any] = {"network_bytes": network.stat().st_size}
    with run_context.opened(call, intake, folder, say) as context:
        [profile] = intake.profiles
        device = Emulated(profile)
        target = at_work(context, Placement(profile), Space(tuple(_recipes()), ()))
        samples = context.choose.samples.take(np.arange(images))
        feed = Feed(samples.inputs, work / "feed")
        task = context.scoring.settled
        assert task is not None
        for recipe in _recipes():
            name = f"{recipe.runtime} {recipe.precision}"
            subject = replace(target.evaluator.subject(recipe), threads=1)
            both = []
            for where in (device, context.local):
                log, shapes = folder.log("there"), output_shapes(intake.source)
                outputs, _ = answer(where, subject, feed, shapes, log, LIMIT_S)
                detection: Detection = task.task(samples)
                both.append(detection.answers(outputs, task.contexts(samples)))
            found[name] = same_boxes(*both)
            print(name, found[name], flush=True)
        device.close()
    return found


def _network(run: Run, chosen: Record, prepared: Prepared) -> Path:
    """The ONNX form that the chosen artifact was converted from: the model's own if not pruned."""
    assert chosen.recipe is not None
    if not chosen.recipe.compression:
        return prepared.model
    stage = Path(run.folder) / "stages" / content_id(chosen.recipe.compression)
    made = json.loads((stage / "stage.json").read_text())["derived"]["onnx"]
    return stage / str(made)


def _recipes() -> list[Recipe]:
    found = []
    for runtime, precision in FORMS:
        how = usual_here(runtime, precision)
        if how is not None:  # boxes and scores in integers share one scale: nothing is sure then
            how = msgspec.structs.replace(how, tail="float")
        found.append(Recipe(runtime=runtime, precision=precision, quantization=how))
    return found


def same_boxes(there: DetectionSet, here: DetectionSet) -> dict[str, Any]:
    """How many of the boxes here are found there, at the same place and of the same class.

    "share" is None where there is none here.
    """
    sure, found = here.scores >= SURE, 0
    for i in np.flatnonzero(sure):
        alike = (there.image == here.image[i]) & (there.classes == here.classes[i])
        near = boxes.iou(here.boxes[i : i + 1], there.boxes[alike]) if alike.any() else np.zeros(1)
        found += bool(near.max() >= OVERLAP)
    count = int(sure.sum())
    return {"boxes": count, "found": found, "share": found / count if count else None}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--place", type=Path, default=Path("runs/tasks"))
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--step", type=float, default=0.4)
    parser.add_argument("--max-drop", default="1%")
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    options = parser.parse_args()
    prepared = MODELS["digits-detector"](options.place)
    about = {"v": 1, "edgeopt": edgeopt.__version__, "environment": environment(local_machine())}
    with Progress(sys.stderr) as say, tempfile.TemporaryDirectory() as work:
        began = time.monotonic()
        run = small(prepared, options.place, options.epochs, options.step, options.max_drop, say)
        about |= {"optimize_s": round(time.monotonic() - began, 1), "pruned": told(run)}
        _keep(options.out, about)
        about["at_rate"] = at_rate(run, options.fps)
        _keep(options.out, about)
        about["on_a_pi"] = on_a_pi(run, prepared, options.images, Path(work), say)
        _keep(options.out, about)


def _keep(path: Path, found: dict[str, Any]) -> None:
    path.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
