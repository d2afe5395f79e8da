"""What a run took from earlier ones, in words."""

from __future__ import annotations

from collections.abc import Sequence

_WORDS = {
    "artifact": ("converted model", "converted models"),
    "layers": ("ranking of layers", "rankings of layers"),
    "score": ("score", "scores"),
    "schedule": ("measured schedule", "measured schedules"),
}


def counted(kind: str, count: int) -> str:
    """ "3 scores"."""
    one, more = _WORDS[kind]
    return f"{count} {one if count == 1 else more}"


def sentence(kinds: Sequence[str], oldest: str) -> str:
    """One sentence, for what was taken.

    Args:
        kinds: as `counted` says them. oldest: when the oldest was made, in ISO 8601.
    """
    said = kinds[0] if len(kinds) == 1 else f"{', '.join(kinds[:-1])} and {kinds[-1]}"
    return (
        f"{said} come from earlier runs on this machine, the oldest of {oldest[:10]} "
        f"{oldest[11:16]} UTC: model, data, versions and settings are the same. --fresh makes and "
        "measures all of it again."
    )
