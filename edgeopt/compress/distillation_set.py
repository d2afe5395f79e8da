"""What a model is trained on: samples, labels where there are some, the source's own answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.compress import losses
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


@dataclass(frozen=True, eq=False)
class DistillationSet:
    """Samples on the way to a loss.

    Attributes:
        inputs: [n, ...] each, batch first. labels: [n, ...] or None.
        answers: the source's, of the output that is scored, [n, ...]; logits, where it answers
            with probabilities.
        source: the source itself, for its attention maps.
        output: the position of that output. train, held_out: which samples do what.
    """

    inputs: tuple[torch.Tensor, ...]
    labels: torch.Tensor | None
    answers: torch.Tensor
    probabilities: bool
    task: losses.Task
    source: torch.nn.Module
    output: int
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

    def logits(self, module: torch.nn.Module, rows: np.ndarray) -> torch.Tensor:
        """A module's answers to some samples, as `answers` are."""
        found = flat(module(*self.of(rows)))[self.output]
        return losses.as_logits(found, self.probabilities)

    def loss(self, training: Training, answers: torch.Tensor, rows: np.ndarray) -> torch.Tensor:
        """The weighted sum of the source's and the labels' loss."""
        near = losses.distillation_loss(self.task, training.temperature)
        total = near(answers, self.answers[rows])
        if self.labels is None or training.distillation == 1:
            return total
        own = losses.label_loss(self.task)(answers, self.labels[rows])
        return training.distillation * total + (1 - training.distillation) * own


def read(
    files: list[str], labels: str | None, source: torch.nn.Module, output: int, seed: int
) -> DistillationSet:
    """Read samples and ask the source about all of them.

    Args:
        files: .npy of each input, [n, 1, ...].
        labels: .npy [n, ...]; such as are neither class numbers nor of the answers' size are
            left aside: the source's answers then train alone.

    Raises:
        BadInput: too few samples, or a source that answers one sample otherwise in a batch.
    """
    import torch

    inputs = tuple(_batched(np.load(path)) for path in files)
    count = len(inputs[0])
    if count < FEWEST:
        raise BadInput(
            f"{count} samples are too few to train on; at least {FEWEST} are needed.",
            "Give more with --train DATA.",
        )
    _refuse_mixing(source, inputs)
    with torch.no_grad():
        rows = [slice(i, i + CHUNK) for i in range(0, count, CHUNK)]
        found = [flat(source(*(t[r] for t in inputs)))[output] for r in rows]
    answers = torch.cat(found)
    truths = None if labels is None else torch.from_numpy(np.load(labels))
    task = losses.task_of(answers, truths)
    if truths is not None and not losses.fits(task, answers, truths):
        truths = None
    if truths is not None and task == "values":
        truths = truths.to(answers.dtype)
    probabilities = task == "classes" and losses.are_probabilities(answers)
    order = np.random.default_rng(seed).permutation(count)
    held = min(max(4, round(HELD_OUT * count)), HELD_OUT_MOST)
    return DistillationSet(
        inputs=inputs,
        labels=truths,
        answers=losses.as_logits(answers, probabilities),
        probabilities=probabilities,
        task=task,
        source=source,
        output=output,
        train=order[held:],
        held_out=order[:held],
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
