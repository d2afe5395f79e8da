"""A call of `edgeopt optimize` as a TOML file: options by their long names, "model" beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edgeopt.command import refuse
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk, toml_file
from edgeopt.targets.suggest import did_you_mean

#: Options that are of the command line alone.
_NOT_HERE = {"config", "help", "json", "all"}
#: May hold a password: a run does not keep it.
_SECRET = {"mlflow"}


def options(path: Path, command: click.Command) -> dict[str, Any]:
    """Values by the names of a command's parameters: where the command line says nothing.

    Raises:
        BadInput: there is no such file, it is no TOML, or has a key or a value that no option has.
    """
    text = toml_file.text(path)
    if text is None:
        raise BadInput(f"--config: there is no {on_disk.shown(path)}.", "Give a .toml file.")
    known = _known(command)
    found: dict[str, Any] = {}
    for key, value in toml_file.parse(text, path).items():
        name = key.replace("_", "-")
        if name not in known:
            near = did_you_mean(name, known)
            raise BadInput(
                f"{path}: there is no option {key!r}{near or '.'}",
                "Its keys are the long options of `edgeopt optimize` without dashes before them, "
                "and `model`.",
            )
        param = known[name]
        if param.name in found:
            raise BadInput(f"{path}: {key!r} says again what another key says.", "Say it once.")
        given = _value(path, key, param, value)
        if given is not None:
            found[str(param.name)] = given
    return found


def said(ctx: click.Context) -> dict[str, Any]:
    """What a call says, by the keys of its file: the command line and the file that it named."""
    default = click.core.ParameterSource.DEFAULT
    told: dict[str, Any] = {}
    for name, param in _known(ctx.command).items():
        if name in _SECRET:
            continue
        if ctx.get_parameter_source(str(param.name)) is default:
            continue
        value = ctx.params.get(str(param.name))
        if isinstance(param, click.Option) and param.is_flag:
            if value == _on(param):
                told[name] = True
        elif value not in (None, ()):
            told[name] = _plain(value)
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value


def _known(command: click.Command) -> dict[str, click.Parameter]:
    """Key -> parameter."""
    known: dict[str, click.Parameter] = {}
    for param in command.params:
        if isinstance(param, click.Option):
            for long in (opt.removeprefix("--") for opt in param.opts if opt.startswith("--")):
                if long not in _NOT_HERE:
                    known[long] = param
        else:
            known[str(param.name)] = param
    return known


def _value(path: Path, key: str, param: click.Parameter, value: Any) -> Any:
    """A TOML value as the command line would have it; None where it says nothing.

    Raises:
        BadInput: it is none that the option can have.
    """
    if isinstance(param, click.Option) and param.is_flag:
        if not isinstance(value, bool):
            raise _wrong(path, key, "true or false", value)
        return _on(param) if value else None
    if _is_list(param):
        values = value if isinstance(value, list) else [value]
        return tuple(_word(path, key, one) for one in values)
    return _word(path, key, value)


def _on(flag: click.Option) -> Any:
    """What a flag that is given means: True, or its word of several."""
    return True if flag.is_bool_flag else flag.flag_value


def _is_list(param: click.Parameter) -> bool:
    return param.multiple or param.nargs != 1


def _word(path: Path, key: str, value: Any) -> str:
    """One value as it would be typed."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong(path, key, "a text or a number", value)
    text = value if isinstance(value, str) else f"{value}"
    refuse(f"{path}: {key}", text)
    return text


def _wrong(path: Path, key: str, wanted: str, value: Any) -> BadInput:
    found = f"{value!r}"
    shown = found if len(found) <= 60 else f"{found[:60]}..."
    return BadInput(f"{path}: {key} must be {wanted}, but got {shown}.")
