"""What a model is trained on: samples, labels where there are some, the source's own answers.

All outputs of floats train. The one that is scored may be a classifier's, and may have labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.compress import losses
from edgeopt.compress.closeness import Closeness, closeness
from edgeopt.domain.compression import Training
from edgeopt.domain.errors import BadInput
from edgeopt.runtimes.torch import flat

if TYPE_CHECKING:
    import torch

#: Share of the samples that training does not see: they tell when to stop.
HELD_OUT = 0.15
HELD_OUT_MOST = 1000
FEWEST = 16
CHUNK = 64

Answers = tuple["torch.Tensor", ...]


@dataclass(frozen=True, eq=False)
class DistillationSet:
    """Samples on the way to a loss.

    Attributes:
        inputs: [n, ...] each, batch first. labels: [n, ...] of the scored output, or None.
        answers: the source's, of each output that trains, [n, ...]; of a classifier's scored one
            logits, where it answers with `probabilities`.
        task: of the scored output.
        source: the source itself, for its attention maps.
        outputs: the positions of `answers` in what a module gives. scored: position in `answers`.
        near: how far each part of the other outputs is, and of the scored one of no classifier.
        train, held_out: which samples do what.
    """

    inputs: tuple[torch.Tensor, ...]
    labels: torch.Tensor | None
    answers: tuple[torch.Tensor, ...]
    probabilities: bool
    task: losses.Task
    source: torch.nn.Module
    outputs: tuple[int, ...]
    scored: int
    near: tuple[Closeness, ...]
    train: np.ndarray
    held_out: np.ndarray

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """The training samples in random order; a last batch of one joins the one before.

        Batch norm has no variance of one sample.
        """
        order = rng.permutation(self.train)
        cuts = list(range(size, len(order), size))
        if cuts and len(order) - cuts[-1] < 2:
            cuts.pop()
        yield from np.split(order, cuts)

    def of(self, rows: np.ndarray) -> tuple[torch.Tensor, ...]:
        """Inputs of some samples."""
        return tuple(tensor[rows] for tensor in self.inputs)

    def asked(self, module: torch.nn.Module, rows: np.ndarray) -> Answers:
        """A module's answers to some samples, as `answers` are."""
        found = flat(module(*self.of(rows)))
        answers = [found[i] for i in self.outputs]
        answers[self.scored] = losses.as_logits(answers[self.scored], self.probabilities)
        return tuple(answers)

    def loss(self, training: Training, answers: Answers, rows: np.ndarray) -> torch.Tensor:
        """The weighted sum of the source's and the labels' loss."""
        total = self._distance(training, answers, rows)
        if self.labels is None or training.distillation == 1:
            return total
        own = losses.label_loss(self.task)(answers[self.scored], self.labels[rows])
        return training.distillation * total + (1 - training.distillation) * own

    def right(self, answers: Answers, rows: np.ndarray) -> float | None:
        """The share that agrees with the labels, else with the source; None for values."""
        if self.task != "classes":
            return None
        source, own = self.answers[self.scored], answers[self.scored]
        truths = source.argmax(1) if self.labels is None else self.labels
        return float((own.argmax(1) == truths[rows]).float().mean())

    def _distance(self, training: Training, answers: Answers, rows: np.ndarray) -> torch.Tensor:
        """From the source's answers: the mean over the parts of all outputs."""
        import torch

        found = [
            one.distance(answers[one.output], self.answers[one.output][rows], rows)
            for one in self.near
        ]
        if self.task == "classes":
            own, source = answers[self.scored], self.answers[self.scored][rows]
            found.append(losses.soft_targets(own, source, training.temperature))
        return torch.stack(found).mean()


def read(
    files: list[str],
    labels: str | None,
    source: torch.nn.Module,
    output: int,
    seed: int,
    classifier: bool = True,
) -> DistillationSet:
    """Read samples and ask the source about all of them.

    Args:
        files: .npy of each input, [n, 1, ...].
        labels: .npy [n, ...]; such as are neither class numbers nor of the answers' size are
            left aside: the source's answers then train alone.
        output: the position of the output that is scored; one of whole numbers trains nothing.
        classifier: whether that output may be one's; if not, it is of values.

    Raises:
        BadInput: too few samples, a source that answers one sample otherwise in a batch, or one
            whose outputs are all of whole numbers.
    """
    import torch

    # Copied on write: what is only read stays in the file until it is wanted.
    inputs = tuple(_batched(np.load(path, mmap_mode="c")) for path in files)
    count = len(inputs[0])
    if count < FEWEST:
        raise BadInput(
            f"{count} samples are too few to train on; at least {FEWEST} are needed.",
            "Give more with --train DATA.",
        )
    _refuse_mixing(source, inputs)
    outputs, found = _answers(source, inputs)
    scored = outputs.index(output) if output in outputs else 0
    answers = found[scored]
    own = labels is not None and outputs[scored] == output
    truths = torch.from_numpy(np.load(str(labels))) if own else None
    task: losses.Task = losses.task_of(answers, truths) if classifier else "values"
    if truths is not None and not losses.fits(task, answers, truths):
        truths = None
    if truths is not None and task == "values":
        truths = truths.to(answers.dtype)
    probabilities = task == "classes" and losses.are_probabilities(answers)
    found[scored] = losses.as_logits(answers, probabilities)
    order = np.random.default_rng(seed).permutation(count)
    held = min(max(4, round(HELD_OUT * count)), HELD_OUT_MOST)
    return DistillationSet(
        inputs=inputs,
        labels=truths,
        answers=tuple(found),
        probabilities=probabilities,
        task=task,
        source=source,
        outputs=outputs,
        scored=scored,
        near=_near(found, scored if task == "classes" else None),
        train=order[held:],
        held_out=order[:held],
    )


def _answers(
    source: torch.nn.Module, inputs: tuple[torch.Tensor, ...]
) -> tuple[tuple[int, ...], list[torch.Tensor]]:
    """Which outputs train, and the source's answers in them.

    Raises:
        BadInput: none does.
    """
    import torch

    with torch.no_grad():
        rows = [slice(i, i + CHUNK) for i in range(0, len(inputs[0]), CHUNK)]
        chunks = [flat(source(*(tensor[r] for tensor in inputs))) for r in rows]
    outputs = tuple(i for i, each in enumerate(chunks[0]) if each.is_floating_point())
    if not outputs:
        raise BadInput(
            "its outputs are whole numbers, which nothing can be trained towards.",
            "Export it with what they are made from: scores, logits or boxes.",
        )
    return outputs, [torch.cat([chunk[i] for chunk in chunks]) for i in outputs]


def _near(answers: list[torch.Tensor], classifier: int | None) -> tuple[Closeness, ...]:
    return tuple(
        one
        for i, each in enumerate(answers)
        if i != classifier
        for one in closeness(i, f"output {i}", each)
    )


def _batched(array: np.ndarray) -> torch.Tensor:
    """[n, 1, ...] -> [n, ...]: the model's own batch dimension.

    Raises:
        BadInput: it has none.
    """
    import torch

    if array.ndim < 2 or array.shape[1] != 1:
        raise BadInput(
            f"an input of shape {list(array.shape[1:])} has no batch dimension of 1 to train by.",
            "Export it with batch 1 as the first dimension of every input.",
        )
    return torch.from_numpy(np.ascontiguousarray(array.reshape(len(array), *array.shape[2:])))


def _refuse_mixing(source: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
    """Training needs batches; a graph exported for one sample may not take two.

    Raises:
        BadInput: it does not, or answers otherwise.
    """
    import torch

    from edgeopt.jobs.child import first_line
    from edgeopt.jobs.told import told

    hint = "Export it with a batch dimension that is free, without shapes written down."
    with torch.no_grad():
        try:
            both = flat(source(*(tensor[:2] for tensor in inputs)))
            alone = [flat(source(*(tensor[i : i + 1] for tensor in inputs))) for i in (0, 1)]
        except Exception as error:
            otherwise = BadInput(f"it takes one sample at a time: {first_line(error)}", hint)
            raise told(error, otherwise) from error
    for i, together in enumerate(both):
        apart = torch.cat([alone[0][i], alone[1][i]])
        if apart.shape != together.shape or not torch.allclose(
            apart, together, rtol=1e-3, atol=1e-4
        ):
            raise BadInput("it answers a sample otherwise in a batch than alone.", hint)
