"""Text that was read or heard: CER, WER and exact match, as jiwer defines them.

Edits are the fewest insertions, deletions and substitutions; the rate is all edits by the length of
all true texts, and may be above 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeopt.domain.errors import BadInput
from edgeopt.tasks.contributions import Sums
from edgeopt.tasks.counted import mean, ratio


def cer(answers: Sequence[str], truths: Sequence[str]) -> Sums:
    """Character error rate: edits of characters by the truths' characters, lower is better.

    Spaces at either end do not count, as in jiwer.

    Raises:
        BadInput: the truths hold no character.
    """
    return _rate([list(one.strip()) for one in answers], [list(one.strip()) for one in truths])


def wer(answers: Sequence[str], truths: Sequence[str]) -> Sums:
    """Word error rate: edits of words, which spaces divide, by the truths' words.

    Raises:
        BadInput: the truths hold no word.
    """
    return _rate([one.split() for one in answers], [one.split() for one in truths])


def exact(answers: Sequence[str], truths: Sequence[str]) -> Sums:
    """The share of texts that are right to the last character, spaces at either end aside."""
    pairs = zip(answers, truths, strict=True)
    return mean(np.array([found.strip() == wanted.strip() for found, wanted in pairs], np.float64))


def _rate(answers: list[list[str]], truths: list[list[str]]) -> Sums:
    lengths = np.array([len(one) for one in truths], np.float64)
    if lengths.sum() == 0:
        raise BadInput("the texts of the data are empty.", "Give what is written in each sample.")
    edits = np.array([distance(a, t) for a, t in zip(answers, truths, strict=True)], np.float64)
    return ratio(edits, lengths)


def distance(found: Sequence[str], wanted: Sequence[str]) -> int:
    """Levenshtein's distance of two sequences, row by row (Wagner and Fischer, 1974)."""
    if not len(found) or not len(wanted):
        return max(len(found), len(wanted))
    numbers = {one: i for i, one in enumerate({*found, *wanted})}
    first, second = (np.array([numbers[one] for one in text]) for text in (found, wanted))
    steps = np.arange(len(second) + 1)
    row = steps.copy()
    for i, one in enumerate(first):
        better = np.minimum(row[1:] + 1, row[:-1] + (second != one))
        # An insertion costs 1 a step to the right: the least of all that stand to the left.
        row = np.minimum.accumulate(np.concatenate([[i + 1], better]) - steps) + steps
    return int(row[-1])
