"""What a model's answers are, as asked for and as settled."""

from __future__ import annotations

from typing import Any

from edgeopt.domain.model import Value


class TaskAsked(Value, kw_only=True, frozen=True):
    """What a call says of its task. "" or (): nothing.

    Attributes:
        task: a word of `tasks.known`, or `module:Class`. head: of `decoding.HEADS`.
        images: the folder that annotations' file names start from. masks: of PNGs.
        alphabet: a file of letters. candidates, pairs: a table of samples (.csv or .npz).
        confirm_pairs: the same of the samples of a file that confirms.
        states: "OUTPUT=INPUT" of a model with a memory.
    """

    task: str = ""
    head: str = ""
    images: str = ""
    masks: str = ""
    alphabet: str = ""
    candidates: str = ""
    pairs: str = ""
    confirm_pairs: str = ""
    states: tuple[str, ...] = ()


class TaskFacts(Value, kw_only=True, frozen=True):
    """The settled task of a model: enough to read its outputs elsewhere.

    Attributes:
        name: a word of `tasks.known`, or `module:Class`; `regression` where a metric judges one
            output of a model with a memory. why: what it was recognized by.
        head: of `decoding.HEADS`; "" where the task has none.
        size: (height, width) of the model's input; () where it takes no images.
        names: of the classes or key points, in the order of the model's numbers.
        output: the one that is read; "" where all are.
        preparation: the fields of `decoding.preparation.Preparation`; {}: no images.
        extra: what one task alone needs: `alphabet` (letters, the blank among them), `blank`,
            `beam`; `first`, `threshold`; `form`, `sigmas`; `low`, `high`, `channels_first`;
            `rate` of sounds, values a second; `overlap` of the steps of a memory.
        states: output -> input, of a model with a memory.
    """

    name: str
    why: str = ""
    head: str = ""
    size: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    output: str = ""
    preparation: dict[str, Any] = {}  # noqa: RUF012 (msgspec copies it)
    extra: dict[str, Any] = {}  # noqa: RUF012
    states: dict[str, str] = {}  # noqa: RUF012
