"""Finds how an artifact's tensors stand to the source's: by name and shape, else by position."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
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
    arrangement: Sequence[int] | None = None,
) -> tuple[Binding, ...]:
    """One binding for each of the artifact's tensors that stands for a source's.

    Args:
        artifact: a session's `inputs` or `outputs`.
        permutes: layouts that the converter is known to have changed.
        arrangement: the artifact's tensor for each of the source's; None: by name and shape,
            and in their order where those do not tell (`matching` asks for values there).

    Raises:
        EdgeoptError: counts or shapes cannot be matched.
    """
    if arrangement is None:
        found = candidates(source, artifact, permutes)
        arrangement = next(arrangements(found), tuple(range(len(source))))
    return tuple(
        _one(spec, i, artifact, permutes) for spec, i in zip(source, arrangement, strict=True)
    )


def taken(
    source: tuple[TensorSpec, ...],
    artifact: list[dict[str, Any]],
    permutes: dict[str, tuple[int, ...]],
) -> tuple[TensorSpec, ...]:
    """The source's inputs that an artifact takes: tools drop some that no answer depends on.

    All of them where the names of those that are left do not tell which they are.
    """
    if not 0 < len(artifact) < len(source):
        return source
    known = _named(source, artifact, permutes)
    if len(known) < len(artifact):
        return source
    return tuple(spec for at, spec in enumerate(source) if at in known)


def candidates(
    source: tuple[TensorSpec, ...],
    artifact: list[dict[str, Any]],
    permutes: dict[str, tuple[int, ...]],
) -> list[tuple[int, ...]]:
    """For each of the source's tensors the artifact's that it may be, in their order.

    It is one where the name tells (as it is, or but for signs that tools replace), or the
    position (where tools number the tensors), or the shape.

    Raises:
        EdgeoptError: as `bind`.
    """
    known = _named(source, artifact, permutes)
    if len(known) < len(source) and len(source) != len(artifact):
        raise EdgeoptError(
            f"the source has {len(source)} tensors ({', '.join(s.name for s in source)}), the "
            f"artifact {len(artifact)} ({', '.join(spec['name'] for spec in artifact)}), and their "
            "names do not match."
        )
    if not known and _numbered(artifact) and all(map(_fits, source, artifact, repeat(permutes))):
        return [(i,) for i in range(len(source))]
    found: dict[int, tuple[int, ...]] = {at: (i,) for at, i in known.items()}
    free = [i for i in range(len(artifact)) if i not in known.values()]
    for at, spec in enumerate(source):
        if at not in known:
            fitting = [i for i in free if _fits(spec, artifact[i], permutes)]
            alike = [i for i in fitting if _kind(spec.dtype) == _kind(artifact[i]["dtype"])]
            found[at] = tuple(alike or fitting or free)
    return _settled([found[at] for at in range(len(source))])


def arrangements(found: list[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    """Every way to give each of the source's tensors one of its own, the orderly one first."""
    if not found:
        yield ()
        return
    for i in found[0]:
        rest = [tuple(other for other in one if other != i) for one in found[1:]]
        for others in arrangements(rest):
            yield (i, *others)


def _settled(found: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """What can only be one is not another's."""
    while True:
        sure = {one[0] for one in found if len(one) == 1}
        left = [one if len(one) == 1 else tuple(i for i in one if i not in sure) for one in found]
        if left == found:
            return found
        found = left


def _named(
    source: tuple[TensorSpec, ...],
    artifact: list[dict[str, Any]],
    permutes: dict[str, tuple[int, ...]],
) -> dict[int, int]:
    """Position in the source -> in the artifact, of those of one name and of shapes that fit."""
    known: dict[int, int] = {}
    spellings: tuple[Callable[[str], str], ...] = (str, _plain, _bare)
    for spell in spellings:
        own = Counter(spell(spec.name) for spec in source)
        theirs = Counter(spell(spec["name"]) for spec in artifact)
        places = {spell(spec["name"]): i for i, spec in enumerate(artifact)}
        for at, spec in enumerate(source):
            name = spell(spec.name)
            place = places.get(name)
            if at in known or place is None or place in known.values():
                continue
            fits = len(source) == 1 or _fits(spec, artifact[place], permutes)
            if own[name] == theirs[name] == 1 and fits:
                known[at] = place
    return known


def _plain(name: str) -> str:
    """A name without the signs that tools replace (`b_in:0` becomes `b_in__0`)."""
    return re.sub(r"[\W_]+", "_", name).strip("_")


def _bare(name: str) -> str:
    """A name without what TensorFlow puts before and behind it."""
    return _plain(re.sub(r"^serving_default_|:0$", "", name))


def _numbered(artifact: list[dict[str, Any]]) -> bool:
    """Whether a tool numbered the tensors by the order of arguments: args_0, args_1, ..."""
    names = [spec["name"] for spec in artifact]
    stem = names[0].rstrip("0123456789") if names else ""
    return bool(stem) and names == [f"{stem}{i}" for i in range(len(names))]


def _fits(spec: TensorSpec, found: dict[str, Any], permutes: dict[str, tuple[int, ...]]) -> bool:
    try:
        _one(spec, 0, [found], permutes)
    except EdgeoptError:
        return False
    return True


def _kind(dtype: str) -> str:
    return dtype.rstrip("0123456789").removeprefix("u")


def _one(
    spec: TensorSpec,
    index: int,
    artifact: list[dict[str, Any]],
    permutes: dict[str, tuple[int, ...]],
) -> Binding:
    found = artifact[index]
    want = spec.sizes
    # A session may leave an output's dimension open where the source's is known, or all of them.
    shape = want if found["shape"] is None else found["shape"]
    got = tuple(
        dim if isinstance(dim, int) else want[i] if i < len(want) else 1
        for i, dim in enumerate(shape)
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
    if len(want) == 3 and (want[0], want[2], want[1]) == got:
        return (0, 2, 1)  # rows of answers: a tool left the last turn of them out
    raise EdgeoptError(f"{name!r} is {want} in the source but {got} in the artifact.")


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for dim in shape:
        size *= dim
    return size
