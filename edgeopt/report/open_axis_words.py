"""Axes that the source leaves open and that what is made from it does not, in words."""

from __future__ import annotations

from edgeopt.domain.open_axis import Basis, OpenAxis

_BASES: dict[Basis, str] = {
    "data": "as in the data",
    "said": "as you said",
    "batch": "since nothing says what it should be",
    "guessed": "a usual size, since there is no data",
}


def sentence(axis: OpenAxis) -> str:
    """What an axis is fixed to, and why."""
    return (
        f"axis {axis.axis} ({axis.name!r}) of input {axis.input!r} is open in the source and "
        f"{axis.size} in what is made here, {_BASES[axis.basis]}"
    )


def advice(axes: tuple[OpenAxis, ...], shapes: dict[str, tuple[int, ...]]) -> tuple[str, ...]:
    """A warning for each input that loses sizes it could take.

    Args:
        shapes: of the inputs, as they were fixed.
    """
    losing = [axis for axis in axes if not axis.usual]
    return tuple(
        _warning(name, [axis for axis in losing if axis.input == name], shapes[name])
        for name in dict.fromkeys(axis.input for axis in losing)
    )


def _warning(name: str, axes: list[OpenAxis], shape: tuple[int, ...]) -> str:
    letters = {
        axis.axis: axis.name.upper() if axis.name.isidentifier() else f"N{axis.axis}"
        for axis in axes
    }
    sizes = "x".join(str(letters.get(i, dim)) for i, dim in enumerate(shape))
    return (
        f"{'; '.join(map(sentence, axes))}: every other size is refused there. For another one run "
        f"again with --shape {name}={sizes}, and a number for {' and '.join(letters.values())}."
    )
