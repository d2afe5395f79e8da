"""ON THE DEVICE AND HOST. CTC: steps of class probabilities -> text (Graves, ICML 2006)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.decoding.outputs import softmax

#: Classes of a step that a beam looks at: the likeliest.
MOST_CLASSES = 40


class WrongAlphabet(ValueError):
    """An alphabet that is not the model's: how many letters it has, and how many are wanted."""


@dataclass(frozen=True)
class Alphabet:
    """What each class stands for.

    Attributes:
        letters: a text for each class, "" for the blank. blank: its number.
    """

    letters: Any
    blank: int

    def text(self, classes):
        """What class numbers say, blanks left out."""
        return "".join(self.letters[i] for i in classes if i != self.blank)


def alphabet(letters, classes, blank_first=True):
    """The alphabet of a model with so many classes.

    A space behind the letters is added where the model has one class more, as PaddleOCR does with
    `use_space_char`.

    Args:
        letters: those of the alphabet's file, without the blank. classes: of the model's output.
        blank_first: where the blank stands: class 0, or the last one (`is_blank_first`).

    Raises:
        WrongAlphabet: there are too many or too few.
    """
    letters = tuple(letters)
    if len(letters) == classes - 2 and " " not in letters:
        letters += (" ",)
    if len(letters) != classes - 1:
        raise WrongAlphabet(
            f"an alphabet of {len(letters)} letters for a model of {classes} classes: it has "
            f"{classes - 1} letters and the blank"
        )
    if blank_first:
        return Alphabet(("", *letters), 0)
    return Alphabet((*letters, ""), len(letters))


def is_blank_first(samples):
    """Whether the blank is class 0 and not the last: which of them is the best class more often.

    Args:
        samples: steps [t, classes] of some sequences.
    """
    best = np.concatenate([np.asarray(one).argmax(axis=-1) for one in samples])
    last = np.shape(samples[0])[-1] - 1
    return bool((best == 0).sum() >= (best == last).sum())


def steps(output, classes=None):
    """float64[t, classes] of one sample's output: axes of 1 left out, probabilities.

    Steps past the end of a sample that is shorter than the others are left out.

    Args:
        output: [1, t, classes], [t, 1, classes], [t, classes], or with the classes before the
            steps where `classes` says how many there are.

    Raises:
        ValueError: it has other axes, or a value that is not finite.
    """
    array = np.asarray(output, np.float64)
    array = array.reshape([d for d in array.shape if d != 1] or [1])
    if array.ndim == 1:  # one step
        array = array[None]
    if array.ndim != 2:
        raise ValueError(f"steps of classes wanted, got an output {list(np.shape(output))}")
    if classes is not None and array.shape[1] != classes and array.shape[0] == classes:
        array = array.T
    array = array[: _length(array)]
    if not np.isfinite(array).all():
        raise ValueError("an output that is not finite")
    return _probabilities(array)


def _length(array):
    """Steps before the end: what is past it, where an axis is open, is +infinity in all classes."""
    past = np.isposinf(array).all(axis=1)
    return int(past.argmax()) if past.any() and past[past.argmax() :].all() else len(array)


def _probabilities(array):
    """Probabilities stay; logarithms of some are exponentiated, anything else goes to softmax."""
    if (array >= 0).all() and np.allclose(array.sum(axis=1), 1, atol=1e-2):
        return array
    if (array <= 0).all() and np.allclose(np.exp(array).sum(axis=1), 1, atol=1e-2):
        return np.exp(array)
    return softmax(array)


def greedy(probabilities, letters):
    """The text of the best class of each step: repeats are one, blanks are none.

    Args:
        probabilities: [t, classes]. letters: the `Alphabet`.
    """
    best = np.asarray(probabilities).argmax(axis=1)
    new = np.concatenate([[True], best[1:] != best[:-1]])
    return letters.text(best[new])


def prefix_beam(probabilities, letters, beam=16):
    """The likeliest text, added up over all ways to align it (Hannun 2014, without a word list).

    Args:
        beam: prefixes kept at each step; with as many as there can be the answer is exact.

    Returns:
        (text, natural logarithm of its probability among the prefixes that were kept).
    """
    with np.errstate(divide="ignore"):
        logs = np.log(np.asarray(probabilities, np.float64))
    beams = {(): (0.0, -np.inf)}  # prefix -> log probability of ending in a blank, and not
    for step in logs:
        likely = np.argsort(-step, kind="stable")[:MOST_CLASSES]
        beams = _extended(beams, step, [int(c) for c in likely if step[c] > -np.inf], letters.blank)
        ranked = sorted(beams.items(), key=lambda item: -np.logaddexp(*item[1]))
        beams = dict(ranked[:beam])
    best, (blank, other) = next(iter(beams.items()))
    return letters.text(best), float(np.logaddexp(blank, other))


def _extended(beams, step, likely, blank):
    found = {}

    def add(prefix, in_blank, log):
        old = found.get(prefix, (-np.inf, -np.inf))
        found[prefix] = (
            (np.logaddexp(old[0], log), old[1]) if in_blank else (old[0], np.logaddexp(old[1], log))
        )

    for prefix, (ended, going) in beams.items():
        both = np.logaddexp(ended, going)
        for c in likely:
            if c == blank:
                add(prefix, True, both + step[c])
            elif prefix and prefix[-1] == c:
                add(prefix, False, going + step[c])  # one letter, held
                add((*prefix, c), False, ended + step[c])  # twice, a blank between
            else:
                add((*prefix, c), False, both + step[c])
    return found
