"""Profiles by name, or from a file of the user's own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from edgeopt.domain.errors import BadInput
from edgeopt.domain.target import Profile
from edgeopt.jobs import on_disk, toml_file
from edgeopt.targets.check import check
from edgeopt.targets.complaint import complaint, of_validation
from edgeopt.targets.folder import folder
from edgeopt.targets.suggest import did_you_mean


def names(shipped: Path | None = None) -> list[str]:
    """Names of the profiles that come with edgeopt, or of those in the folder `shipped`."""
    return sorted(path.stem for path in (shipped or folder()).glob("*.toml"))


def load_all(wanted: Sequence[str]) -> tuple[Profile, ...]:
    """The profiles of a call, as `load` finds them.

    Raises:
        BadInput: as `load`; there is none, or one is given twice.
    """
    if not wanted:
        raise BadInput("no target is named.", "Name one or more: `edgeopt targets` lists them.")
    profiles = tuple(load(name) for name in wanted)
    seen = [profile.name for profile in profiles]
    for name in seen:
        if seen.count(name) > 1:
            raise BadInput(f"the target {name!r} is given twice.", "Name each target once.")
    return profiles


def load(name_or_path: str, shipped: Path | None = None) -> Profile:
    """A profile by its name, or from a file: what ends in .toml or has a path separator.

    `this-machine` is returned as the template it is; see `probe`.

    Args:
        shipped: the folder to look names up in; the one that comes with edgeopt if None.

    Raises:
        BadInput: no such profile or file, or it breaks the format or a rule of `check`.
    """
    if name_or_path.endswith(".toml") or os.sep in name_or_path:
        return _read(Path(name_or_path))
    known = names(shipped)
    if name_or_path not in known:
        near = did_you_mean(name_or_path, known)
        raise BadInput(
            f"unknown target '{on_disk.shown(name_or_path)}'{near}", "See `edgeopt targets`."
        )
    path = (shipped or folder()) / f"{name_or_path}.toml"
    profile = _read(path)
    if profile.name != name_or_path:
        sentence = f"must be the file's own name, '{name_or_path}', but is '{profile.name}'"
        raise BadInput(complaint(str(path), path.read_text("utf-8"), ("name",), sentence))
    return profile


def _read(path: Path) -> Profile:
    text = _text(path)
    data = toml_file.parse(text, path)
    try:
        profile = msgspec.convert(data, Profile)
    except msgspec.ValidationError as error:
        field, sentence = of_validation(error, data)
        hint = f"The fields and their meanings are in {folder() / 'schema.json'}."
        raise BadInput(complaint(str(path), text, field, sentence), hint) from error
    check(profile, str(path), text)
    return profile


def _text(path: Path) -> str:
    text = toml_file.text(path)
    if text is None:
        hint = "Give the name of a target (see `edgeopt targets`) or the path of a TOML file."
        hint = f"{hint} {on_disk.near(path)}".rstrip()
        raise BadInput(f"no such file: {on_disk.shown(path)}", hint)
    return text
