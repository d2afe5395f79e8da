"""A first look: a model alone, on this machine, in about a minute. It reuses `optimize`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from edgeopt.convert import onnx2tf
from edgeopt.datasets import random_inputs
from edgeopt.domain.inspection import ModelKind
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.run import Run
from edgeopt.harness.budget import GLANCE
from edgeopt.jobs import on_disk
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.inspecting import Question, command_of
from edgeopt.pipeline.optimize import optimize
from edgeopt.runner.sensors import machine
from edgeopt.store import run_folder
from edgeopt.store.reopened import reopen

TARGET = "this-machine"
#: One form may take so long to make or to answer, at most.
STEP_S = 60.0


@dataclass(frozen=True)
class FirstLook:
    """What is asked. `shapes`: of inputs whose axes are open. `again`: measure anew."""

    model: Path
    out: Path
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    trust: bool = False
    again: bool = False


@dataclass(frozen=True)
class Tried:
    """What came of it.

    Attributes:
        command: the `optimize` line to go on with. cores: of this machine.
    """

    run: Run
    command: str
    cores: int


def out_of(model: Path) -> Path:
    """Where a first look goes: beside the folder that `optimize` takes."""
    return Path("runs") / f"{model.stem or model.resolve().stem}-try"


def look_at(asked: FirstLook, progress: Listener = silent) -> Tried:
    """Time what can be made in half a minute; the same call again shows it.

    Raises:
        BadInput: the model cannot be used, or edgeopt is not for it.
        NotInstalled: its format needs a package that is missing.
    """
    later = () if onnx2tf.is_ready() else ("litert",)
    _reopen(asked, later)
    call = Call(
        model=asked.model,
        targets=(TARGET,),
        data=random_inputs.WORD,
        out=asked.out,
        shapes=dict(asked.shapes),
        trust=asked.trust,
        budget=GLANCE.name,
        step_timeout_s=STEP_S,
        pictures=False,
        glance=True,
        later=later,
        fresh=asked.again,
    )
    run = optimize(call, progress)
    kind = run.data.seems or ModelKind(name="unknown")
    question = Question(asked.model, TARGET, asked.shapes, asked.trust)
    return Tried(run, command_of(question, kind), int(machine()["cores"]))


def _reopen(asked: FirstLook, later: tuple[str, ...]) -> None:
    """Let a look that is over go on, where it is asked for or where what it left out is there.

    Artifacts stay; what was left out is tried, and all is timed together once more.
    """
    if on_disk.kind(asked.out / "run.json") != "file":
        return
    with run_folder.locked(asked.out):
        run = run_folder.read(asked.out)
        if run.request.budget != GLANCE.name or not (asked.again or run.request.later != later):
            return
        request = msgspec.structs.replace(run.request, later=later)
        reopen(run_folder.RunFolder(asked.out), run, request)
