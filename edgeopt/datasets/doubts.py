"""What makes a score say little: an answer that never changes, one class, a score near chance.

Warnings about the source's own answers. What a candidate does to them is `fidelity`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeopt.datasets import answers, chance, scores
from edgeopt.datasets.advice import Advice
from edgeopt.datasets.certainty import read
from edgeopt.datasets.chance import FEWEST
from edgeopt.datasets.fidelity import is_noise
from edgeopt.datasets.function import is_reference
from edgeopt.datasets.metric import Metric
from edgeopt.datasets.places import finite, masked, without_masks
from edgeopt.datasets.resolution import EIGHT_BITS, moves, span

#: Of an output's peak: what varies less is the same answer.
SAME = 1e-6

#: Metrics of class scores.
OF_CLASSES = ("accuracy", "top5", "f1", "roc-auc")

_NAMED = 12  # numbers of samples that are written out


def doubts(
    judge: Metric, output: str, outputs: np.ndarray, labels: np.ndarray | None
) -> tuple[Advice, ...]:
    """Why the scores of a run may say nothing, the worst first.

    Args:
        outputs: the source's to one part, [n, *shape]. labels: of that part or None.
    """
    n = len(outputs)
    if n < 2:
        return ()
    if same_for_all(outputs):
        return (
            Advice(
                f"The source gives the same answer for all {n} samples in output {output!r}: "
                "its score says nothing, and neither does any candidate's",
                "Check the model's weights and the preparation of the data.",
            ),
        )
    found = [_one_class(judge, output, outputs, labels), _near_chance(judge, outputs, labels)]
    return tuple(advice for advice in found if advice is not None)


def same_for_all(outputs: np.ndarray) -> bool:
    """Whether [n, *shape] hold one answer n times."""
    if outputs.dtype.kind != "f":
        return bool((outputs == outputs[:1]).all())
    values = without_masks(outputs, outputs, masked(outputs))
    if not np.isfinite(values).any():
        return False
    spread = np.abs(values - values[:1])
    return float(np.nanmax(spread, initial=0.0)) <= SAME * float(np.nanmax(np.abs(values)))


def faint(output: str, outputs: np.ndarray) -> tuple[Advice, ...]:
    """A warning where an output moves by less than integers could follow.

    Args:
        outputs: the source's to one part, [n, *shape].
    """
    if outputs.dtype.kind != "f" or len(outputs) < 2:
        return ()
    mask = masked(outputs)
    moved, range_ = moves(outputs), span(outputs, mask)
    step = EIGHT_BITS.step * range_
    if not SAME * range_ < moved < step or is_noise(finite(outputs[:FEWEST]), 0.0):
        return ()
    return (
        Advice(
            f"In output {output!r} the source's answers differ by {moved:.2g} at most from sample "
            f"to sample, less than a step of 8 bits ({step:.2g}): these {len(outputs)} samples do "
            "not tell whether integers follow it",
            "Give samples that it answers otherwise, such as some with speech or an object.",
        ),
    )


def unanswered_samples(numbers: Sequence[int], total: int) -> tuple[Advice, ...]:
    """A warning that names the samples which the source answers with NaN."""
    if not len(numbers):
        return ()
    named = ", ".join(map(str, numbers[:_NAMED]))
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    return (
        Advice(
            f"The source answers NaN for {len(numbers)} of {total} samples (numbers {named}{more}, "
            "from 0): they are not scored",
            "Leave them out, or mend what makes the model do so, such as a mask of all padding.",
        ),
    )


def _one_class(
    judge: Metric, output: str, outputs: np.ndarray, labels: np.ndarray | None
) -> Advice | None:
    """Where the answers are classes and always the same one."""
    if len(outputs) < FEWEST:
        return None
    found = _classes(judge, outputs, labels)
    if found is None or len(np.unique(found)) > 1:
        return None
    return Advice(
        f"The source answers class {int(found[0])} for all {len(outputs)} samples in output "
        f"{output!r}: a candidate that always does so would score the same",
        "Give samples of several classes.",
    )


def _classes(judge: Metric, outputs: np.ndarray, labels: np.ndarray | None) -> np.ndarray | None:
    """int[n], where the answers are certain to be classes."""
    if outputs.dtype.kind in "biu":
        flat = outputs.reshape(len(outputs), -1)
        return flat[:, 0] if flat.shape[1] == 1 else None
    if not answers.is_row(outputs) or np.isnan(outputs).any():
        return None
    rows = outputs.reshape(len(outputs), -1)
    asked = judge.name in OF_CLASSES
    if rows.shape[1] == 1 and not asked:
        return None
    if not asked and not read(outputs, labels).classes:
        return None
    return answers.predicted(rows, answers.threshold(rows))


def _near_chance(judge: Metric, outputs: np.ndarray, labels: np.ndarray | None) -> Advice | None:
    """Where the source itself scores no better than an answer that ignores the input."""
    if labels is None or judge.against == "source" or len(outputs) < FEWEST:
        return None
    if is_reference(judge.name):  # the user's own function may take seconds a call
        return None
    truths = judge.truths(labels, outputs)
    asked = chance.Judge(
        judge.name,
        judge.value(outputs, truths),
        judge.higher_is_better,
        judge.counting,
        lambda one: judge.value(one.answers[""], truths),
        lambda one: scores.drop(judge, one.answers[""], outputs, labels, None, 0.0).bounds[0],
    )
    level, what = _chance(judge.name, labels)
    if level is None:
        return chance.doubt(asked, {"": outputs})
    errors = 2 * np.sqrt(0.25 / len(outputs))  # two standard errors, at most
    return chance.near(asked, level, what, lambda: asked.score - level - errors)


def _chance(name: str, labels: np.ndarray) -> tuple[float | None, str]:
    """(what an answer that ignores the input would score, what that answer is)."""
    if name == "roc-auc":
        return 0.5, "any order"
    if name not in ("accuracy", "top5", "exact-match") or labels.size != len(labels):
        return None, ""
    _, counts = np.unique(labels, return_counts=True)
    most = np.sort(counts)[::-1][: 5 if name == "top5" else 1].sum()
    words = (
        "the five commonest classes" if name == "top5" else "the commonest class for every sample"
    )
    return float(most) / len(labels), words
