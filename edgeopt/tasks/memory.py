"""Models with a memory: which output goes back into which input at the next step."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from edgeopt.domain.errors import BadInput
from edgeopt.domain.tensor import TensorSpec

#: Words that say on which side of a step a tensor is, or before or after which step.
_SIDES = frozenset(("in", "out", "input", "output", "i", "o"))
_STEPS = frozenset(("next", "new", "prev", "previous", "old", "last", "past", "present"))
#: Words that say that a tensor is a memory.
_MEMORIES = frozenset(
    ("state", "states", "hidden", "cell", "cache", "mem", "memory", "h", "c", "hx", "cx", "lstm",
     "gru", "rnn", "buffer", "context", "carry")
)  # fmt: skip
_HINT = "Say it as --state OUTPUT=INPUT, once for each."


def find(inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> dict[str, str]:
    """The pairs that shapes and names make certain: output -> input; {} where there is no memory.

    Both have one type and shape, their names are the same but for what says the side or the step,
    and the names say that they are a memory: Silero's `state` and `stateN`, `h0` and `hn`,
    `cache_in` and `cache_out`. `input_1` and `output_1` of one shape say nothing.

    Raises:
        BadInput: an input has several such outputs, or an output several inputs, or every input
            would be a memory.
    """
    if len(inputs) < 2:  # it brings what is new
        return {}
    found = {
        one.name: [other.name for other in outputs if _fits(other, one) and _are_one(other, one)]
        for one in inputs
    }
    pairs: dict[str, str] = {}
    for name, fits in found.items():
        if len(fits) > 1:
            raise BadInput(
                f"the input {name} could be any of the outputs {', '.join(fits)} of the step "
                "before.",
                _HINT,
            )
        for one in fits:
            if one in pairs:
                raise BadInput(
                    f"the output {one} could be any of the inputs {pairs[one]}, {name} of the next "
                    "step.",
                    _HINT,
                )
            pairs[one] = name
    if pairs and len(pairs) == len(inputs):
        said = ", ".join(f"{one}={name}" for one, name in pairs.items())
        raise BadInput(
            f"by their names all {len(inputs)} inputs are a memory ({said}), and none brings what "
            "is new.",
            _HINT,
        )
    return pairs


def possible(inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> list[str]:
    """ "OUTPUT=INPUT" of all that shapes allow: what to choose from where names say nothing."""
    return [f"{o.name}={one.name}" for one in inputs for o in outputs if _fits(o, one)]


def told(
    pairs: Sequence[str], inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]
) -> dict[str, str]:
    """The pairs that a user says, "OUTPUT=INPUT" each: output -> input.

    Raises:
        BadInput: a pair is none, names no output or input, joins unlike types or shapes, or one is
            there twice.
    """
    into = {one.name: one for one in inputs}
    out = {one.name: one for one in outputs}
    found: dict[str, str] = {}
    for pair in pairs:
        output, name = _split(pair, into, out)
        if not _fits(out[output], into[name]):
            raise BadInput(
                f"--state {pair}: {out[output]} cannot be the next {into[name]}.",
                "Both have one type and shape.",
            )
        if output in found or name in found.values():
            raise BadInput(f"--state {pair}: one of them is in another pair.", _HINT)
        found[output] = name
    if len(found) == len(inputs):
        raise BadInput(
            f"all {len(inputs)} inputs would be states, and none would bring what is new.",
            "Leave out the input that the data feeds.",
        )
    return found


def _split(
    pair: str, into: Mapping[str, TensorSpec], out: Mapping[str, TensorSpec]
) -> tuple[str, str]:
    """A name may hold "=": every place to divide is tried."""
    places = [i for i, character in enumerate(pair) if character == "="]
    for i in places:
        if pair[:i].strip() in out and pair[i + 1 :].strip() in into:
            return pair[:i].strip(), pair[i + 1 :].strip()
    if len(places) == 1 and pair[: places[0]] in into and pair[places[0] + 1 :] in out:
        raise BadInput(f"--state {pair} is the wrong way round.", "It is OUTPUT=INPUT.")
    raise BadInput(
        f"--state {pair[:100]} is no output and input of the model.",
        f"Outputs are {', '.join(out)}; inputs are {', '.join(into)}.",
    )


def _fits(output: TensorSpec, given: TensorSpec) -> bool:
    """Whether an output can be an input of the next step; an open dimension fits any."""
    if output.dtype != given.dtype or len(output.shape) != len(given.shape):
        return False
    pairs = zip(output.shape, given.shape, strict=True)
    return all(one == other or None in (one, other) for one, other in pairs)


def _are_one(output: TensorSpec, given: TensorSpec) -> bool:
    """Whether names say that both are one memory, before and after a step."""
    (stem, steps), (other, other_steps) = _divided(output.name), _divided(given.name)
    if stem != other or not stem:
        return False
    return bool(steps != other_steps or _MEMORIES & set(stem))


def _divided(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(words without those of a side or a step, those of a step)."""
    plain = re.sub(r":\d+$", "", name.replace("past_key_values", "past"))
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain)
    plain = re.sub(r"(?<![a-z])([hc])(?=[0n]$)", r"\1_", plain)
    words = [word.lower() for word in re.split(r"[_./\-]+", plain) if word]
    ends = "n" if words[:1] not in (["h"], ["c"]) else "0n"  # h0 and hn of an LSTM, stateN
    steps = {i for i, word in enumerate(words) if word in _STEPS}
    steps |= {i for i, word in enumerate(words) if 0 < i == len(words) - 1 and word in ends}
    stem = (word for i, word in enumerate(words) if i not in steps and word not in _SIDES)
    return tuple(stem), tuple(words[i] for i in sorted(steps))
