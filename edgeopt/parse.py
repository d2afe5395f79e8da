"""Words of the command line to values: shares, sizes, shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from edgeopt.domain import bounds
from edgeopt.domain.errors import BadInput

if TYPE_CHECKING:
    from edgeopt.datasets.image_folder import Preprocessing
    from edgeopt.datasets.preparation_asked import PreparationAsked
    from edgeopt.domain.fold import Fold
    from edgeopt.domain.open_axis import OpenAsked
    from edgeopt.domain.space_asked import SpaceAsked
    from edgeopt.domain.task import TaskAsked

FOLD_INPUT = (
    "Write --fold-input mean=127,scale=0.0078125,layout=nhwc; also name=NAME, and mean=124/116/104."
)

_UNITS = {
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
}


def _shown(text: str) -> str:
    """What was typed, in quotes, shortened."""
    return repr(text if len(text) <= 60 else f"{text[:60]}...")


def share(text: str) -> float:
    """ "1%" or "0.01" -> 0.01.

    Raises:
        BadInput: no number, or not within 0..1.
    """
    number = text.strip().removesuffix("%")
    percent = number != text.strip()
    try:
        value = float(number) / (100 if percent else 1)
    except ValueError:
        raise BadInput(
            f"{_shown(text)} is no share.", "Write --max-drop 1% or --max-drop 0.01."
        ) from None
    if not 0 <= value <= 1:
        meant = not percent and 1 < value <= 100
        hint = f"Did you mean {text}%?" if meant else "Write --max-drop 1% or --max-drop 0.01."
        raise BadInput(f"a drop must be within 0 and 1, but got {text}.", hint)
    return value


class _Unit(NamedTuple):
    """What a number is called where it is none; its units, "" for a bare number; two examples."""

    what: str
    units: Mapping[str, float]
    examples: tuple[str, str]


#: By the end of a number's name.
_FIGURES = {
    "ms": _Unit("a time", {"": 1, "us": 1e-3, "ms": 1, "s": 1e3}, ("5ms", "0.8s")),
    "bytes": _Unit("a size", {"": 1, **_UNITS}, ("5MB", "800kB")),
    "mj": _Unit("an energy", {"": 1, "uj": 1e-3, "mj": 1, "j": 1e3}, ("3mJ", "0.5J")),
    "s": _Unit("a time", {"": 1, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}, ("90s", "10m")),
}


def figure(name: str, text: str | None) -> Any:
    """A number with its unit as the number that `name` says: figure("max_p90_ms", "1s") is 1000.

    Args:
        name: of `bounds.BOUNDS`. text: a bare number has the unit of the name.

    Returns:
        A float, of bytes an int; None where nothing is said.

    Raises:
        BadInput: it is none, has another unit, or is outside its bounds.
    """
    if text is None:
        return None
    kind, option = _FIGURES[name.rpartition("_")[2]], bounds.BOUNDS[name].option
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*([a-zµμ]*)", text.strip().lower(), re.ASCII)
    unit = match[2].replace("µ", "u").replace("μ", "u") if match else ""
    try:
        # Python's own numbers, too, where no unit is said: bytes are counted.
        bare = text if text.isascii() and "_" not in text and kind is not _FIGURES["bytes"] else ""
        found = float(match[1] if match else bare) * kind.units[unit]
    except (ValueError, KeyError):
        first, second = kind.examples
        raise BadInput(
            f"{option} must be {kind.what}, but got {_shown(text)}.",
            f"Write {option} {first} or {option} {second}.",
        ) from None
    bounds.require(name, found)
    return round(found) if name.endswith("_bytes") else found


def names(texts: Sequence[str]) -> tuple[str, ...]:
    """["a,b", "c"] -> ("a", "b", "c"), each once."""
    found = (name.strip() for text in texts for name in text.split(","))
    return tuple(dict.fromkeys(name for name in found if name))


def _some(option: str, texts: Sequence[str]) -> tuple[str, ...]:
    """The same, where an option that is given names something. Raises BadInput."""
    found = names(texts)
    if texts and not found:
        raise BadInput(
            f"{option} names nothing: {_shown(','.join(texts))}.", "Name one, or leave it out."
        )
    return found


def counts(option: str, texts: Sequence[str]) -> tuple[int, ...]:
    """["4,1"] -> (1, 4), each once.

    Raises:
        BadInput: one is no whole number above 0, or has more than four digits.
    """
    found = _some(option, texts)
    for count in found:
        if not re.fullmatch(r"[1-9]\d{0,3}", count, re.ASCII):
            raise BadInput(
                f"{option} must be whole numbers above 0, but got {_shown(count)}.",
                f"Write {option} 1,4.",
            )
    return tuple(sorted(map(int, found)))


def space(
    runtimes: Sequence[str],
    precisions: Sequence[str],
    without: Sequence[str],
    threads: Sequence[str],
) -> SpaceAsked | None:
    """What is left of the space; None where nothing is said.

    Raises:
        BadInput: a number of threads is none.
    """
    from edgeopt.domain.space_asked import SpaceAsked

    asked = SpaceAsked(
        runtimes=tuple(sorted(_some("--runtime", runtimes))),
        precisions=tuple(sorted(_some("--precision", precisions))),
        without=tuple(sorted(_some("--not", without))),
        threads=counts("--threads", threads),
    )
    return None if asked == SpaceAsked() else asked


def duration(text: str | None, option: str = "--sustained") -> float | None:
    """ "10m" -> 600 seconds; also "90s", "1.5h", or seconds alone. None where nothing is said.

    Args:
        option: what it is called where it is asked for.

    Raises:
        BadInput: no number with a unit, or outside `bounds`.
    """
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*([smh]?)\s*", text.lower(), re.ASCII)
    seconds = float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]] if match else 0.0
    if seconds <= 0:
        raise BadInput(f"{text!r} is no duration.", f"Write {option} 10m, 90s or 1h.")
    bounds.require("sustained_s" if option == "--sustained" else "time_s", seconds)
    return seconds


def shapes(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """["x=1x3x224x224"] -> {"x": (1, 3, 224, 224)}; "x=" is a scalar.

    Raises:
        BadInput: not of that form, or a name twice.
    """
    found: dict[str, tuple[int, ...]] = {}
    for text in texts:
        name, _, dims = text.rpartition("=")
        if not name or not re.fullmatch(r"([1-9]\d*(x[1-9]\d*)*)?", dims, re.ASCII):
            raise BadInput(f"{text!r} is no shape.", "Write --shape NAME=1x3x224x224.")
        if name in found:
            raise BadInput(f"--shape names {name!r} twice.", "Give one shape for each input.")
        found[name] = tuple(int(dim) for dim in dims.split("x")) if dims else ()
    return found


def open_axis(text: str | None) -> OpenAsked | None:
    """ "x:3=160,320" -> axis 3 of x, at 160 and 320; None where nothing is said.

    Raises:
        BadInput: not of that form.
    """
    if text is None:
        return None
    from edgeopt.domain.open_axis import OpenAsked

    name, _, sizes = text.rpartition("=")
    given, _, axis = name.rpartition(":")
    stated = re.fullmatch(r"[1-9]\d{0,8}(,[1-9]\d{0,8})*", sizes, re.ASCII)
    if not given or not re.fullmatch(r"\d{1,2}", axis, re.ASCII) or not stated:
        raise BadInput(
            f"{_shown(text)} names no axis with its sizes.",
            "Write --open-axis INPUT:AXIS=SIZES, as in --open-axis x:3=160,320,640.",
        )
    each = sorted({int(size) for size in sizes.split(",")})
    return OpenAsked(input=given, axis=int(axis), sizes=tuple(each))


def fold(input_text: str | None, output: str | None) -> Fold | None:
    """What is folded into the model, None where nothing is said.

    Raises:
        BadInput: a key that there is not, or a value that it cannot have.
    """
    if input_text is None and output is None:
        return None
    from edgeopt.domain.fold import Fold, FoldedInput

    found = None
    if input_text is not None:
        pairs = [part.partition("=") for part in input_text.split(",") if part.strip()]
        fields: dict[str, Any] = {key.strip(): value.strip() for key, _, value in pairs}
        try:
            for key in {"mean", "scale"} & set(fields):
                fields[key] = [float(number) for number in fields[key].split("/")]
            found = msgspec.convert(fields, FoldedInput)
        except (ValueError, msgspec.ValidationError) as error:
            raise BadInput(f"{input_text!r} cannot be folded in: {error}", FOLD_INPUT) from None
    return msgspec.convert({"input": found, "output": output}, Fold)


def preprocessing(
    text: str | None, task: TaskAsked | None = None, data: str | None = None
) -> Preprocessing | PreparationAsked | None:
    """What is done to images, None where nothing is said.

    A text has the form of tasks where it has a field of that form alone (`way`, `order`, ...), or
    where a task of images is said, or a file of annotations given, and it has no `crop`; else that
    of classifiers.

    Raises:
        BadInput: see `datasets.image_folder.Preprocessing` and
            `datasets.preparation_asked.PreparationAsked`.
    """
    if text is None:
        return None
    from edgeopt.datasets.annotated_images import BY_SUFFIX
    from edgeopt.datasets.image_folder import Preprocessing
    from edgeopt.datasets.preparation_asked import PreparationAsked, is_meant
    from edgeopt.datasets.task_data import TaskData

    of_images = task is not None and TaskData(task).of_images
    of_images |= data is not None and Path(data).suffix.lower() in BY_SUFFIX
    if is_meant(text) or (of_images and "crop=" not in text):
        return PreparationAsked.parse(text)
    return Preprocessing.parse(text)
