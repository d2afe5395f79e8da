"""The candidate that a user means, among a run's records. Pure functions of records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgeopt.domain.errors import BadInput
from edgeopt.domain.record import Record
from edgeopt.search import providers

_ID_CHARACTERS = 4  # from here on a word may be the beginning of an id


def candidate(records: Sequence[Record], words: str, threads: int | None = None) -> Record:
    """The record of an id (its beginning will do) or of words of its title.

    Args:
        records: of one target.
        words: "7d1e", "litert int8-static", "litert int8-static threads=2": all of them must be
            in the title.
        threads: taken of several that differ in their threads; None: the fastest. Of several
            that differ in their settings the first that was tried, unless the words name one.

    Raises:
        BadInput: none is meant, or several; the message lists those that there are.
    """
    tried = [record for record in records if record.recipe is not None]
    parts = words.replace("/", " ").split()
    matches = _by_id(tried, parts) or [
        r for r in tried if r.recipe and r.recipe.words.issuperset(parts)
    ]
    if not parts or not matches:
        raise BadInput(f"no candidate is called {words!r}.", there(tried))
    if len({(r.runtime, r.precision, *_compression(r)) for r in matches}) > 1:
        raise BadInput(f"{words!r} is more than one candidate.", there(matches))
    # Where no setting is named, those of the profile are meant, which were tried first.
    matches = [r for r in matches if _options(r) == _options(matches[0])]
    same_threads = [r for r in matches if r.recipe and r.recipe.threads == threads]
    return min(same_threads or matches, key=_time)


def own_fp32(records: Sequence[Record], record: Record) -> Record | None:
    """The fp32 form in the same runtime with as many threads."""
    return _best(r for r in records if is_own_fp32(r, record))


def is_own_fp32(other: Record, record: Record) -> bool:
    """Whether a record is another's fp32 form in the same runtime with as many threads."""
    return is_plain(other) and _is_float_beside(other, record)


def is_plain(record: Record) -> bool:
    """Whether the source itself runs on the processor: nothing was taken from it, nothing helps,

    and it ran in what its name says.
    """
    recipe = record.recipe
    whole = recipe is None or (
        not recipe.compression and recipe.batch == 1 and providers.of(recipe) == "CPU"
    )
    return whole and not record.instead


def float_form(records: Sequence[Record], record: Record) -> Record | None:
    """The fp32 form of the same model, compressed as that is, with the same runtime and threads."""
    return _best(
        other
        for other in records
        if _is_float_beside(other, record)
        and other.recipe
        and record.recipe
        and other.recipe.compression == record.recipe.compression
    )


def _is_float_beside(other: Record, record: Record) -> bool:
    """Whether a record is fp32 in another's runtime with as many threads."""
    return (
        other.precision == "fp32"
        and not other.instead
        and other.runtime == record.runtime
        and other.recipe is not None
        and record.recipe is not None
        and (other.recipe.threads, other.recipe.batch)
        == (record.recipe.threads, record.recipe.batch)
    )


def best_of(records: Sequence[Record], runtime: str, precision: str) -> Record | None:
    """The fastest of a runtime and a precision; one without a latency if none has one."""
    return _best(r for r in records if (r.runtime, r.precision) == (runtime, precision))


def _best(records: Iterable[Record]) -> Record | None:
    tried = [record for record in records if record.recipe is not None]
    return min(tried, key=_time, default=None)


def _by_id(records: Sequence[Record], words: Sequence[str]) -> list[Record]:
    if len(words) != 1 or len(words[0]) < _ID_CHARACTERS:
        return []
    return [r for r in records if r.recipe_id and r.recipe_id.startswith(words[0])]


def _options(record: Record) -> tuple[object, ...]:
    recipe = record.recipe
    return (recipe.batch, recipe.settings, recipe.quantization) if recipe else ()


def _compression(record: Record) -> tuple[object, ...]:
    return record.recipe.compression if record.recipe else ()


def _time(record: Record) -> float:
    return record.latency_ms.p50 if record.latency_ms else float("inf")


def there(records: Sequence[Record]) -> str:
    """The candidates among records, for a hint: a line for each, with its id."""
    names = dict.fromkeys(f"{r.recipe_id} {r.recipe}" for r in records if r.recipe is not None)
    return "There are:\n    " + "\n    ".join(names) if names else "The run has none."
