"""What training minimizes: the labels' loss, a classifier's soft targets, attention maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

Task = Literal["classes", "values"]


def task_of(answers: torch.Tensor, labels: torch.Tensor | None) -> Task:
    """Whether answers [n, classes, ...] are of a classifier, or values to come near to.

    With labels, class numbers [n] that the answers have room for make it one; without, answers
    [n, classes] of two or more.
    """
    if answers.ndim != 2 or answers.shape[1] < 2:
        return "values"
    if labels is None:
        return "classes"
    whole = labels.ndim == 1 and not labels.is_floating_point()
    fits = whole and int(labels.min()) >= 0 and int(labels.max()) < answers.shape[1]
    return "classes" if fits else "values"


def as_logits(answers: torch.Tensor, probabilities: bool) -> torch.Tensor:
    """Probabilities as the logits that they come from, up to a constant."""
    return answers.clamp_min(1e-9).log() if probabilities else answers


def are_probabilities(answers: torch.Tensor) -> bool:
    """Whether every row of [n, classes] is at least 0 and sums to 1."""
    import torch

    ones = torch.ones(len(answers))
    return bool((answers >= 0).all() and torch.allclose(answers.sum(1), ones, atol=1e-3))


def soft_targets(student: torch.Tensor, source: torch.Tensor, temperature: float) -> torch.Tensor:
    """Divergence of softened distributions, scaled by T^2 as in arXiv:1503.02531, section 2.1.

    Args:
        student, source: logits [n, classes].
    """
    from torch.nn import functional

    divergence = functional.kl_div(
        functional.log_softmax(student / temperature, 1),
        functional.log_softmax(source / temperature, 1),
        reduction="batchmean",
        log_target=True,
    )
    return divergence * temperature**2


def attention(features: torch.Tensor) -> torch.Tensor:
    """The attention map of features [n, channels, ...]: [n, places], of length 1.

    The mean square over channels: it does not ask how many there are (arXiv:1612.03928).
    """
    from torch.nn import functional

    return functional.normalize(features.pow(2).mean(1).flatten(1), dim=1)


def attention_distance(
    student: Sequence[torch.Tensor], source: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Mean squared difference of attention maps, over pairs of layers."""
    import torch

    pairs = [
        (attention(a) - attention(b)).pow(2).mean() for a, b in zip(student, source, strict=True)
    ]
    return torch.stack(pairs).mean()


def label_loss(task: Task) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Cross entropy of logits for classes, mean squared error for values."""
    from torch.nn import functional

    if task == "classes":
        return lambda answers, labels: functional.cross_entropy(answers, labels.long())
    return lambda answers, labels: (answers - labels.reshape(answers.shape)).pow(2).mean()


def fits(task: Task, answers: torch.Tensor, labels: torch.Tensor) -> bool:
    """Whether labels can train: class numbers, or one value for each of the answers'."""
    return task == "classes" or labels.numel() == answers.numel()
