"""Words of the command line to values: shares, sizes, shapes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from edgeopt.domain import bounds
from edgeopt.domain.errors import BadInput

if TYPE_CHECKING:
    from edgeopt.datasets.image_folder import Preprocessing
    from edgeopt.datasets.preparation_asked import PreparationAsked
    from edgeopt.domain.fold import Fold
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
            f"{text!r} is no share.", "Write --max-drop 1% or --max-drop 0.01."
        ) from None
    if not 0 <= value <= 1:
        meant = not percent and 1 < value <= 100
        hint = f"Did you mean {text}%?" if meant else "Write --max-drop 1% or --max-drop 0.01."
        raise BadInput(f"a drop must be within 0 and 1, but got {text}.", hint)
    return value


def size(text: str) -> int:
    """ "5MB" -> 5000000 bytes.

    Raises:
        BadInput: no number with a unit, or outside `bounds`.
    """
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*([a-zA-Z]*)\s*", text, re.ASCII)
    unit = (match[2].lower() or "b") if match else ""
    if not match or unit not in _UNITS:
        raise BadInput(f"{text!r} is no size.", "Write --max-size 5MB or --max-size 800kB.")
    found = float(match[1]) * _UNITS[unit]
    bounds.require("max_size_bytes", found)
    return round(found)


def duration(text: str | None) -> float | None:
    """ "10m" -> 600 seconds; also "90s", "1.5h", or seconds alone. None where nothing is said.

    Raises:
        BadInput: no number with a unit, or outside `bounds`.
    """
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*([smh]?)\s*", text.lower(), re.ASCII)
    seconds = float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]] if match else 0.0
    if seconds <= 0:
        raise BadInput(f"{text!r} is no duration.", "Write --sustained 10m, 90s or 1h.")
    bounds.require("sustained_s", seconds)
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
