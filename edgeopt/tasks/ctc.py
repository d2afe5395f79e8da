"""CTC: readers of text and recognizers of speech, judged by errors of characters and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgeopt.decoding import ctc
from edgeopt.domain.errors import BadInput
from edgeopt.tasks import text
from edgeopt.tasks.contributions import Contributions, Table
from edgeopt.tasks.task import Measure, Outputs

METRICS = {"cer": text.cer, "wer": text.wer, "exact-match": text.exact}
MEASURES = (
    Measure("cer", "character error rate", higher_is_better=False),
    Measure("wer", "word error rate", higher_is_better=False),
    Measure("exact-match", "texts that are right to the last character", counting=True),
)


@dataclass(frozen=True)
class Ctc:
    """A model whose output is, at each step, a score of each letter and of the blank.

    Attributes:
        output: its name. alphabet: what its classes stand for.
        beam: prefixes that are kept; 0: the best class of each step is taken (greedy).
    """

    output: str
    alphabet: ctc.Alphabet
    beam: int = 0
    name: str = field(default="ctc", init=False)
    measures: tuple[Measure, ...] = field(default=MEASURES, init=False)

    def answers(self, outputs: Outputs, contexts: Sequence[object] = ()) -> list[str]:
        """What each sample says.

        Raises:
            BadInput: the output is missing, or holds no steps of the alphabet's classes.
        """
        if self.output not in outputs:
            raise BadInput(
                f"the model has no output {self.output}.", f"It has {', '.join(outputs)}."
            )
        return [self._read(one) for one in outputs[self.output]]

    def _read(self, array: np.ndarray) -> str:
        classes = len(self.alphabet.letters)
        try:
            steps = ctc.steps(array, classes)
        except ValueError as error:
            raise BadInput(f"the output {self.output}: {error}.", "Name another one.") from error
        if steps.shape[1] != classes:
            raise BadInput(
                f"the output {self.output} has {steps.shape[1]} classes, and the alphabet stands "
                f"for {classes} with the blank.",
                "Give the alphabet that the model was trained with.",
            )
        if self.beam:
            return str(ctc.prefix_beam(steps, self.alphabet, self.beam)[0])
        return str(ctc.greedy(steps, self.alphabet))

    def truths_of(self, answers: Sequence[str]) -> Sequence[str]:
        """What the source read."""
        return answers

    def blind(self, truths: Sequence[str]) -> dict[str, list[str]]:
        """See `task.Blind`: whoever reads nothing misses each letter, and adds none."""
        return {"no text at all": [""] * len(truths)}

    def judged(self, answers: Sequence[str], truths: Sequence[str]) -> JudgedTexts:
        """Compare each text with what is written there.

        Raises:
            ValueError: they are of different numbers of samples.
        """
        if len(answers) != len(truths):
            raise ValueError(f"{len(truths)} samples have texts, {len(answers)} were read")
        return JudgedTexts(answers, truths)


@dataclass(frozen=True)
class JudgedTexts:
    """Texts beside the true ones."""

    answers: Sequence[str]
    truths: Sequence[str]

    def contributions(self, measure: str) -> Contributions:
        """What each text adds to a measure. Raises KeyError, BadInput."""
        return METRICS[measure](self.answers, self.truths)

    def slices(self, measure: str) -> Mapping[str, Table]:
        """None: a text has no parts."""
        return {}


def alphabet_of(letters: Sequence[str], samples: Sequence[np.ndarray], origin: str) -> ctc.Alphabet:
    """The alphabet of a model, its blank where the source's answers have it.

    Args:
        letters: of the file. samples: the output of some samples, as the source gives it.

    Raises:
        BadInput: the alphabet has another length than the model wants.
    """
    wanted = {len(letters) + 1, len(letters) + (1 if " " in letters else 2)}
    try:
        known = wanted.intersection(samples[0].shape)
        last = samples[0].shape[-1]
        classes = last if last in known else next(iter(known), None)
        steps = [ctc.steps(one, classes) for one in samples]
        return ctc.alphabet(letters, steps[0].shape[1], ctc.is_blank_first(steps))
    except ctc.WrongAlphabet as error:
        raise BadInput(
            f"{origin}: {error}.", "Give the alphabet that the model was trained with."
        ) from error
    except ValueError as error:
        raise BadInput(f"the output that is read: {error}.", "Name another one.") from error
