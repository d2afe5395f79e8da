"""Every option of every command, with values that it cannot have; new ones are tried, too."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from benchmarks.faults.fuzz.case import Case, optimize

KIND = "options"

_NUMBERS = (
    "nan",
    "inf",
    "-inf",
    "1e400",
    "-1",
    "-0.5",
    "0",
    "0.0",
    "9" * 400,
    "1e-300",
    "1e300",
    "abc",
    "",
    " ",
    "0x10",
    "1,5",
    "1 %",
    "--",
    "1;2",
    "None",
    "½",
    "\x1b[31m",
)
_TEXTS = (
    "",
    " ",
    "\t",
    "nan",
    "-1",
    "0",
    "9" * 400,
    "=",
    ",",
    "a=b",
    "a=b,a=b",
    "size=1",
    "[/red]",
    "\x1b[31mx\x07",
    "ä" * 200,
    "a\nb",
    "x" * 5000,
    "../x",
    "%s{}",
    "\udcff",
    "None",
    "step=nan",
    "epochs=-1",
)
_SIZES = (
    "5XB",
    "-5MB",
    "nanMB",
    "1e3MB",
    "0",
    "0MB",
    "MB",
    "5 MB MB",
    "1e-7s",
    "10y",
    "0s",
    "-1s",
    "infm",
    "101%",
    "-1%",
    "nan%",
    "1%%",
    "%",
    "5",
    "1e400",
    "٣MB",
    "0.0000001B",
)

#: Words without which a command refuses for want of them.
_WANTED: dict[str, tuple[str, ...]] = {
    "optimize": optimize(),
    "compare": ("compare", *optimize()[1:]),
    "bench": ("bench", "model.onnx", "--quick", "--out", "b.json"),
    "explain": ("explain", "stored"),
    "report": ("report", "stored"),
    "ship": ("ship", "stored", "1"),
    "doctor": ("doctor",),
    "devices add": ("devices", "add", "pi", "ssh://nobody@127.0.0.1:1"),
    "devices check": ("devices", "check", "local"),
    "devices setup": ("devices", "setup", "local"),
    "devices remove": ("devices", "remove", "pi"),
    "targets show": ("targets", "show", "one"),
}

#: Of options by their names: values that may well be taken.
_FINE = {
    "seed": ("0",),
    "max_drop": ("0",),
    "max_slice_drop": ("0",),
    "max_size": ("5",),
    "max_p90": ("5",),
    "max_memory": ("5",),
    "threads": ("5",),
    "sustained": ("5",),
    "max_latency": ("5",),
    "step_timeout": ("5",),
}
#: Options whose value names a file or folder that is made: any name will do.
_MADE = ("out",)


def cases(stock: Path, rng: random.Random) -> Iterator[Case]:
    from edgeopt.cli import cli

    for path, command in _commands(cli):
        for param in command.params:
            values = [*_values(param)]
            for value in values[:: 4 if path == "compare" else 1]:  # its options are optimize's
                yield _case(path, param, value)
        for word in (
            "--no-such-option",
            "--hepl",
            "-Z",
            "extra-word",
            "--json=1",
        ):
            yield Case(KIND, f"{path}-{word}".replace(" ", "-"), _stored, (*_words(path), word))


def _commands(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        path = f"{above} {name}".strip()
        if isinstance(command, click.Group):
            yield from _commands(command, path)
        yield path, command


def _words(path: str) -> tuple[str, ...]:
    return _WANTED.get(path, tuple(path.split()))


def _values(param: click.Parameter) -> Iterator[str]:
    flag = getattr(param, "is_flag", False)
    if isinstance(param, click.Argument) or (param.is_eager and flag):
        return
    if getattr(param, "is_flag", False):
        yield from ("=1", "=", "=yes")
    elif isinstance(param.type, click.Choice):
        yield from ("", "no-such", "9" * 400, "[/red]", "\x1b[31m")
    elif _is_number(param):
        yield from _NUMBERS
    else:
        yield from _TEXTS
        if not isinstance(param.type, click.Path):
            yield from _SIZES


def _is_number(param: click.Parameter) -> bool:
    kinds: tuple[Any, ...] = (click.FLOAT.__class__, click.INT.__class__)
    return isinstance(param.type, kinds)


def _case(path: str, param: click.Parameter, value: str) -> Case:
    option = max(param.opts, key=len)
    flag = getattr(param, "is_flag", False)
    word = f"{option}{value}" if flag else f"{option}={value}"
    words = [*_words(path)]
    if option in words:  # in place of the good one
        at = words.index(option)
        del words[at : at + 2]
    name = f"{path}-{option[2:]}-{value[:24]!r}-{len(value)}".replace(" ", "-").replace("/", "_")
    return Case(KIND, name, _stored, (*words, word), right=_right(param, value))


def _right(param: click.Parameter, value: str) -> Any:
    """ "orderly" where a value may well be taken."""
    fine = value in _FINE.get(param.name or "", ())
    made = param.name in _MADE and value.strip()
    return "orderly" if fine or made else "refused"


def _stored(folder: Path, stock: Path, rng: random.Random) -> None:
    """A finished run beside the model."""
    shutil.copytree(stock / "run", folder / "stored")
