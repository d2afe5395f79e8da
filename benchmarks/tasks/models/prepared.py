"""What a model of the zoo is, ready for a call of edgeopt, and how its float form is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import metrics

from edgeopt.datasets.annotations import upright
from edgeopt.datasets.annotations.annotated import Annotated
from edgeopt.decoding import rolling
from edgeopt.decoding.preparation import Preparation

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Held:
    """Samples that nothing has seen, with their truths.

    Attributes:
        inputs: name -> [n, ...]. contexts: n, what the task must know of each sample.
        truths: as `task.judged` takes them. task: of `edgeopt.tasks`.
    """

    inputs: Arrays
    contexts: Sequence[Any]
    truths: Any
    task: Any


@dataclass(frozen=True)
class Prepared:
    """A model with data of its task, as files.

    Attributes:
        model: the file of the float model. data: for `--data`.
        options: what else the command is given: ("--head", "yolox", ...).
        measures: of the task, the judged one first.
        held: the samples that judge, read when they are called for; `confirm`: for `--confirm`.
        program: the same network as a PyTorch program (.pt2), the source that is pruned; or None.
        train: data of the same format to train on, or None.
        preparation: from an image to the input; None: no images.
        states: output -> input, of a model with a memory. facts: what else there is to know.
    """

    model: Path
    data: Path
    options: tuple[str, ...]
    measures: tuple[str, ...]
    held: Callable[[], Held]
    confirm: Path | None = None
    program: Path | None = None
    train: Path | None = None
    preparation: Preparation | None = None
    states: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


def images(annotated: Annotated, preparation: Preparation) -> tuple[np.ndarray, list[Any]]:
    """The inputs [n, ...] of annotated images, and the placement of each."""
    pixels, placements = [], []
    for path in annotated.images:
        values, placement = preparation.apply(upright.open_image(path).convert("RGB"))
        pixels.append(values)
        placements.append(placement)
    return np.stack(pixels), placements


def by_agreement(
    model: Path,
    data: Path,
    options: tuple[str, ...],
    measures: tuple[str, ...],
    way: Preparation,
    name: str,
    task: Any,
    standard: Path | None = None,
) -> Prepared:
    """A model judged on the photos in `data`/val and test by its own float answers to them.

    Args:
        way: as `options` say it. name: of the input. task: whose answers they are.
        standard: the same model as every LiteRT runs it, where the file itself is none such.
    """  # fmt: skip
    facts = {"agreement": True, **({"standard": standard} if standard else {})}

    def held() -> Held:
        files = tuple(sorted((data / "test").glob("*.jpg")))
        pixels, placements = images(Annotated(files, upright.sizes_of(files)), way)
        inputs = {name: pixels}
        answers = task.answers(outputs(one, inputs), placements)
        return Held(inputs, placements, task.truths_of(answers), task)

    one = Prepared(
        model=model, data=data / "val", confirm=data / "test", options=options,
        measures=measures, held=held, preparation=way, facts=facts,
    )  # fmt: skip
    return one


def outputs(prepared: Prepared, inputs: Arrays) -> dict[str, Any]:
    """All outputs of the float model, [n, ...] by name; sequences are rolled step by step."""
    model = prepared.facts.get("standard", prepared.model)
    run = (_lite if model.suffix == ".tflite" else _onnx)(model)
    found: dict[str, list[np.ndarray]] = {}
    for i in range(len(next(iter(inputs.values())))):
        one = {name: values[i] for name, values in inputs.items()}
        answer = _rolled(run, one, prepared) if prepared.states else run(_batched(one))
        for name, value in answer.items():
            found.setdefault(name, []).append(value if prepared.states else value[0])
    return {name: _stacked(values) for name, values in found.items()}


def _batched(sample: Arrays) -> dict[str, np.ndarray]:
    """Scalars stay what they are: a rate, for example."""
    return {name: value[None] if np.ndim(value) else value for name, value in sample.items()}


def _rolled(
    run: Callable[[Arrays], dict[str, np.ndarray]], sequence: Arrays, prepared: Prepared
) -> dict[str, np.ndarray]:
    steps = len(next(iter(sequence.values())))
    each = (_batched({k: np.asarray(v[t]) for k, v in sequence.items()}) for t in range(steps))
    first = {name: np.zeros(shape, np.float32) for name, shape in prepared.facts["state"].items()}
    found: dict[str, np.ndarray] = rolling.roll(run, each, dict(prepared.states), first)[0]
    return found


def _stacked(values: list[np.ndarray]) -> Any:
    return np.stack(values) if len({v.shape for v in values}) == 1 else values


def _onnx(model: Path) -> Callable[[Arrays], dict[str, np.ndarray]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(model), options, ["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs()]
    return lambda feed: dict(zip(names, session.run(None, dict(feed)), strict=True))


def _lite(model: Path) -> Callable[[Arrays], dict[str, np.ndarray]]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(model))
    interpreter.allocate_tensors()

    def run(feed: Arrays) -> dict[str, np.ndarray]:
        for one in interpreter.get_input_details():
            interpreter.set_tensor(one["index"], feed[one["name"]])
        interpreter.invoke()
        details = interpreter.get_output_details()
        return {one["name"]: interpreter.get_tensor(one["index"]).copy() for one in details}

    return run


def figures(prepared: Prepared, found: Mapping[str, Any], held: Held) -> dict[str, float]:
    """Each measure of outputs of the held samples, whatever runtime gave them."""
    if held.task is None:  # a score of each step
        return {name: _of_steps(name, found, held.truths) for name in prepared.measures}
    judged = held.task.judged(held.task.answers(found, held.contexts), held.truths)
    return {name: float(judged.contributions(name).value()) for name in prepared.measures}


def _of_steps(name: str, found: Mapping[str, Any], labels: np.ndarray) -> float:
    """The area under the curve over all steps of all sequences, of the only output."""
    [scores] = found.values()
    return float({"roc-auc": metrics.roc_auc_score}[name](labels.ravel(), np.ravel(scores)))
