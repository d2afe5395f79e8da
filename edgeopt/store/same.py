"""Whether two requests are one call: what they hold counts, and not how its places are spelled."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edgeopt.domain.run import Request

#: What is said of a task by naming a file or folder.
_OF_TASK = ("images", "masks", "alphabet", "candidates", "pairs", "confirm_pairs")


def as_asked_before(earlier: Request, request: Request) -> Request:
    """A request with the earlier one's spelling of every place that is the same file.

    `m.onnx`, `./m.onnx`, a link to it and its absolute path are one. Contents are in the request as
    hashes: only where the names agree, too, is it the same call.
    """
    request = msgspec.structs.replace(
        request,
        **{
            name: _spelled(getattr(earlier, name), getattr(request, name))
            for name in ("source", "data", "calibration", "confirm")
        },
    )
    said, says = earlier.task, request.task
    if said is not None and says is not None:
        places = {name: _spelled(getattr(said, name), getattr(says, name)) for name in _OF_TASK}
        request = msgspec.structs.replace(request, task=msgspec.structs.replace(says, **places))
    before, now = earlier.compression, request.compression
    if before is not None and now is not None:
        train = _spelled(before.train, now.train)
        request = msgspec.structs.replace(
            request, compression=msgspec.structs.replace(now, train=train)
        )
    return request


def _spelled(before: str | None, now: str | None) -> str | None:
    if not before or not now or before == now:
        return now
    return before if _same(before, now) else now


def _same(before: str, now: str) -> bool:
    """Whether two spellings are of one place; the earlier one may be of another folder."""
    olds, news = _forms(before), _forms(now)
    if olds & news:
        return True
    # A relative path of an earlier call, from wherever that was: the content is the same.
    return any(_ends_with(new, before) for new in news) or any(_ends_with(old, now) for old in olds)


def _forms(name: str) -> set[Path]:
    """A place's absolute path, as it is called and where it leads."""
    try:
        path = Path(name).expanduser()
        return {Path.cwd() / path, path.resolve()}
    except (OSError, RuntimeError, ValueError):
        return set()


def _ends_with(whole: Path, part: str) -> bool:
    """Whether a path ends with the names of a relative one."""
    if Path(part).is_absolute() or part.startswith("~"):
        return False
    names = tuple(name for name in Path(part).parts if name != "..")
    return bool(names) and whole.parts[-len(names) :] == names
