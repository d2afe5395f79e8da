"""What of a recipe is left out, so that a library takes a model at all.

It is no part of the recipe: the user asked for the same integers, and notes say what was left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from edgeopt.domain.layers import Operator
from edgeopt.domain.model import Value
from edgeopt.domain.recipe import Quantization

#: Operators that a note names one by one; of more it says how many.
NAMED = 4


class Relaxation(Value, kw_only=True, frozen=True):
    """What differs from what was asked for; the default: nothing.

    Attributes:
        in_float: names of operators (`Operator.name`) that stay in float.
        per_tensor: names of operators whose weights have one scale in all.
        all_per_tensor: the weights of all operators have.
        uncorrected: without the bias correction that was asked for.
        float_kernels: what has no integer kernel may stay in float (TensorFlow's converter).
        notes: the same in words, with the reasons.
    """

    in_float: tuple[str, ...] = ()
    per_tensor: tuple[str, ...] = ()
    all_per_tensor: bool = False
    uncorrected: bool = False
    float_kernels: bool = False
    notes: tuple[str, ...] = ()

    def eased(self, how: Quantization) -> Quantization:
        """A recipe's way to choose integers without what is left out of it."""
        if self.uncorrected:
            how = msgspec.structs.replace(how, bias_correction=None)
        if self.all_per_tensor:
            how = msgspec.structs.replace(how, granularity="per-tensor")
        return how

    @property
    def left_out(self) -> tuple[str, ...]:
        """What a measurement of the eased form depends on; () where nothing is left out."""
        if not self.in_float and not self.per_tensor:
            return ()
        return (*sorted(self.in_float), "one scale:", *sorted(self.per_tensor))

    def numbers(self, operators: Sequence[Operator]) -> frozenset[int]:
        """The numbers of what stays in float."""
        names = set(self.in_float)
        return frozenset(number for number, op in enumerate(operators) if op.name in names)

    def with_float(self, chosen: Collection[Operator], cause: str) -> Relaxation:
        names = {op.name for op in chosen}
        note = f"{listed(chosen)} {_verb(chosen, 'stays', 'stay')} in float: {cause}"
        return msgspec.structs.replace(
            self,
            in_float=tuple(dict.fromkeys((*self.in_float, *(op.name for op in chosen)))),
            per_tensor=tuple(name for name in self.per_tensor if name not in names),
            notes=(*self.notes, note),
        )

    def with_one_scale(self, chosen: Collection[Operator], cause: str) -> Relaxation:
        note = (
            f"the weights of {listed(chosen)} have one scale in all, not one for each channel: "
            f"{cause}"
        )
        return msgspec.structs.replace(
            self,
            per_tensor=tuple(dict.fromkeys((*self.per_tensor, *(op.name for op in chosen)))),
            notes=(*self.notes, note),
        )

    def but(self, note: str, **fields: bool) -> Relaxation:
        """With some switches set, and a note that says so."""
        return msgspec.structs.replace(self, **fields, notes=(*self.notes, note))


def _verb(chosen: Collection[Operator], one: str, more: str) -> str:
    return one if len(chosen) == 1 else more


def listed(chosen: Iterable[Operator]) -> str:
    """Operators in words: "up.2 (ConvTranspose, grouped) and head (MatMul)"."""
    words = [titled(op) for op in chosen]
    if len(words) > NAMED:
        kinds = sorted({op.type for op in chosen})
        return f"{len(words)} operators ({', '.join(kinds[:NAMED])})"
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def titled(op: Operator) -> str:
    """ "up.2 (ConvTranspose, grouped)"; "CONV_2D #3" of a file without names for people."""
    kind = ", ".join(filter(None, (op.type, op.about)))
    return op.label if op.label.startswith(op.type) and not op.about else f"{op.label} ({kind})"
