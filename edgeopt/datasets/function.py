"""`module:function`: the user's own code, run because the user named it."""

from __future__ import annotations

import contextlib
import importlib
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import PurePath
from typing import Any

from edgeopt.datasets.advice import did_you_mean
from edgeopt.datasets.samples import Samples, from_arrays
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import interpreter

_REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def is_reference(text: str) -> bool:
    """Whether `text` reads as `module:function`."""
    return _REFERENCE.fullmatch(text) is not None


def meant(text: str) -> str:
    """What to write for a function whose module was given as a path; "" where none was meant."""
    place, colon, name = text.removesuffix("()").rpartition(":")
    if not colon:
        return ""
    module = PurePath(place.removesuffix(".py"))
    if not module.is_absolute() and is_reference(whole := f"{'.'.join(module.parts)}:{name}"):
        return f"A function is given as module:function. Write {whole}"
    if is_reference(lone := f"{module.name}:{name}"):
        return (
            f"A function is given as module:function. Write {lone} and start edgeopt in "
            f"{module.parent}, or name that folder in PYTHONPATH."
        )
    return ""


def load_function(
    reference: str, input_names: Collection[str], columns: Collection[str] = ()
) -> Samples:
    """The samples that `module:function` returns when called without arguments.

    It returns what an `.npz` would hold: a dict of arrays by input name, plus "labels",
    "groups" and the columns where there are any.

    Raises:
        BadInput: it cannot be imported, fails, or returns something else.
    """
    arrays = call(reference, resolve(reference))
    if not isinstance(arrays, Mapping):
        raise BadInput(
            f"{reference} returned {type(arrays).__name__}, not a dict of arrays",
            'Return {"INPUT": array, "labels": array}.',
        )
    return from_arrays(arrays, input_names, reference, columns)


def resolve(reference: str) -> Callable[..., Any]:
    """The function that `module:function` names. The current directory is importable.

    Raises:
        BadInput: the module cannot be imported or has no such function.
    """
    if not is_reference(reference):
        raise BadInput(
            f"{reference!r} is no function.",
            meant(reference)
            or "Write module:function, where module.py lies in the current directory.",
        )
    module_name, _, name = reference.partition(":")
    with _current_directory_importable():
        try:
            module = importlib.import_module(module_name)
        except (Exception, SystemExit) as error:
            raise _import_failed(reference, module_name, error) from error
    function = getattr(module, name, None)
    if function is None:
        near = did_you_mean(name, vars(module))
        raise BadInput(f"{reference}: module '{module_name}' has no function '{name}'{near}")
    if not callable(function):
        raise BadInput(f"{reference} is no function but of type {type(function).__name__}")
    found: Callable[..., Any] = function
    return found


def call(reference: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls the user's function; what it raises becomes a BadInput that names it."""
    with _current_directory_importable():
        try:
            return function(*arguments)
        except (Exception, SystemExit) as error:
            raise BadInput(
                f"{reference} failed: {_first_line(error)}", "--debug shows where."
            ) from error


def _import_failed(reference: str, module_name: str, error: BaseException) -> BadInput:
    """Says whether the module is missing, or something that it needs, or it broke."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing and (module_name + ".").startswith(missing + "."):
        return BadInput(
            f"{reference}: no module '{missing}' in the current directory or installed",
            (module_name.endswith(".py") and meant(reference))
            or "Write module:function, where module.py lies in the current directory.",
        )
    if missing:
        return BadInput(f"{reference}: importing it needs '{missing}', which is not installed")
    return BadInput(f"{reference}: importing it failed: {_first_line(error)}")


def _first_line(error: BaseException) -> str:
    text = str(error).splitlines()
    return f"{type(error).__name__}: {text[0][:300]}" if text else type(error).__name__


@contextlib.contextmanager
def _current_directory_importable() -> Iterator[None]:
    """As `python -m` has it, for as long as the user's code runs."""
    places = interpreter.own_places()
    sys.path[:0] = places
    importlib.invalidate_caches()
    try:
        yield
    finally:
        for place in places:
            with contextlib.suppress(ValueError):
                sys.path.remove(place)
