"""Finds how an artifact's tensors stand to the source's: by name, else by position and shape."""

from __future__ import annotations

from typing import Any

from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.tensor import Binding, TensorSpec


def channels_last(rank: int) -> tuple[int, ...]:
    """The axes that take [batch, channels, ...] to [batch, ..., channels]."""
    return (0, *range(2, rank), 1)


#: Of an image.
CHANNELS_LAST = channels_last(4)


def bind(
    source: tuple[TensorSpec, ...],
    artifact: list[dict[str, Any]],
    permutes: dict[str, tuple[int, ...]],
) -> tuple[Binding, ...]:
    """One binding for each of the artifact's tensors that stands for a source's.

    Args:
        artifact: a session's `inputs` or `outputs`.
        permutes: layouts that the converter is known to have changed.

    Raises:
        EdgeoptError: counts or shapes cannot be matched.
    """
    by_name = {spec["name"]: i for i, spec in enumerate(artifact)}
    named = all(spec.name in by_name for spec in source)
    if not named and len(source) != len(artifact):
        raise EdgeoptError(
            f"the source has {len(source)} tensors ({', '.join(s.name for s in source)}), the "
            f"artifact {len(artifact)} ({', '.join(by_name)}), and their names do not match."
        )
    return tuple(
        _one(spec, by_name[spec.name] if named else i, artifact, permutes)
        for i, spec in enumerate(source)
    )


def _one(
    spec: TensorSpec,
    index: int,
    artifact: list[dict[str, Any]],
    permutes: dict[str, tuple[int, ...]],
) -> Binding:
    found = artifact[index]
    want = spec.sizes
    # A session may leave an output's dimension open where the source's is known.
    got = tuple(
        dim if isinstance(dim, int) else want[i] if i < len(want) else 1
        for i, dim in enumerate(found["shape"])
    )
    return Binding(
        source=spec.name,
        name=found["name"],
        index=index,
        dtype=found["dtype"],
        shape=got,
        permute=_permute(spec.name, want, got, permutes.get(spec.name)),
        scale=found.get("scale"),
        zero_point=found.get("zero_point"),
    )


def _permute(
    name: str, want: tuple[int, ...], got: tuple[int, ...], known: tuple[int, ...] | None
) -> tuple[int, ...] | None:
    if known is not None and tuple(want[axis] for axis in known) == got:
        return known
    if want == got:
        return None
    last = channels_last(len(want))
    if len(want) > 3 and tuple(want[axis] for axis in last) == got:
        return last
    if _size(want) == _size(got) and tuple(d for d in want if d != 1) == tuple(
        d for d in got if d != 1
    ):
        return None  # axes of length 1 were added or dropped
    raise EdgeoptError(f"{name!r} is {want} in the source but {got} in the artifact.")


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for dim in shape:
        size *= dim
    return size
