"""Readers of text and recognizers of speech: the alphabet, and what is written there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeopt.datasets.annotations.text_lines import read_alphabet, require_letters
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settled import Given
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskFacts
from edgeopt.tasks.ctc import Ctc, alphabet_of


@dataclass(frozen=True)
class SettledCtc:
    """See `settled.Settled`."""

    facts: TaskFacts
    found: Ctc

    def task(self, samples: Samples) -> Ctc:
        """See the protocol."""
        return self.found

    def contexts(self, samples: Samples) -> Sequence[None]:
        """See the protocol."""
        return [None] * len(samples)

    def truths(self, samples: Samples) -> Sequence[str] | None:
        """See the protocol."""
        return _texts(samples)


def settle(given: Given) -> SettledCtc:
    """The alphabet that is named, its blank where the source's answers have it.

    Raises:
        BadInput: there is no alphabet, or it is not the model's or the texts'.
    """
    path = given.asked.alphabet
    if not path:
        raise BadInput(
            "a reader's classes are letters, and which ones is not said.",
            "Add --alphabet FILE, a letter a line in the order of the model's classes.",
        )
    letters = read_alphabet(Path(path))
    few = [one[given.output] for one in given.few]
    alphabet = alphabet_of(letters, few, path)
    texts = _texts(given.samples)
    if texts is not None:
        require_letters(tuple(texts), letters, given.samples.origin)
    facts = TaskFacts(
        name="ctc",
        why="--alphabet",
        size=() if given.marked is None else given.size,
        output=given.output,
        preparation=given.preparation(),
        extra={"alphabet": list(alphabet.letters), "blank": alphabet.blank, "beam": 0},
    )
    return SettledCtc(facts, Ctc(given.output, alphabet))


def _texts(samples: Samples) -> Sequence[str] | None:
    if isinstance(samples.marks, MarkedImages):
        return samples.marks.annotated.texts
    labels = samples.labels
    if labels is None or labels.dtype.kind != "U":
        return None
    return [str(one) for one in labels.reshape(len(labels))]
