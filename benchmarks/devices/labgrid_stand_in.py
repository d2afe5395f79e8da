"""A stand-in for `labgrid-client`: a lab that is one JSON file, and the words of the real one.

    labgrid_stand_in.install(folder, {"pi5": {"address": ..., "port": ..., "username": ...}})

puts a command of that name into a folder for the PATH; $LAB_STATE names the file. The words are
those of labgrid 26.0.1, which `python -m benchmarks.devices.labgrid_lab` runs for real.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import pprint
import socket
import sys
import textwrap
from pathlib import Path
from typing import Any


def install(folder: Path, places: dict[str, dict[str, Any] | None]) -> Path:
    """Put the command and its lab into a folder; returns the lab's file."""
    command = folder / "labgrid-client"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -S {__file__} "$@"\n')
    command.chmod(0o755)
    state = folder / "lab.json"
    made = {
        name: {"holder": None, "allowed": [], "params": params} for name, params in places.items()
    }
    state.write_text(json.dumps(made))
    return state


def refuse(words: str) -> None:
    """End as the real one does."""
    print(f"labgrid-client: Error: {words}", file=sys.stderr)
    sys.exit(1)


def show(name: str, place: dict[str, Any]) -> None:
    """A place, as `place.show` and `print_place` of labgrid print it."""
    path = f"lab/{name}/NetworkService"
    held = place["holder"]
    print(f"Place '{name}':\n  tags: a=b, board={name}\n  matches:\n    {path}")
    print(f"  acquired: {held}\n  acquired resources:")
    if held:
        print(f"    {path}/NetworkService")
    if place["allowed"]:
        print(f"  allowed: {', '.join(place['allowed'])}")
    print("  created: 2026-11-30 10:06:39.736682\n  changed: 2026-11-30 10:06:47.785948")
    kind = "Acquired" if held else "Matching"
    others = [("USBPowerPort", {"index": 3}), ("NetworkService", place["params"])]
    for cls, params in others:
        if params is None:
            continue
        params = {**params, "extra": {"proxy": "exporter", "proxy_required": False}}
        resource = {"acquired": name if held else None, "avail": True, "cls": cls, "params": params}
        print(f"{kind} resource '{cls}' (lab/{name}/{cls}/{cls}):")
        print(textwrap.indent(pprint.pformat(resource), prefix="  "))


def main() -> None:
    """See the module's head."""
    me = (
        f"{os.environ.get('LG_HOSTNAME') or socket.gethostname()}/"
        f"{os.environ.get('LG_USERNAME') or getpass.getuser()}"
    )
    _, _, name, word = sys.argv[:4]
    with Path(os.environ["LAB_STATE"]).open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        lab = json.load(file)
        if word == "places":
            print("\n".join(f"{one:<40s} a comment" for one in lab))
            return
        if name not in lab:
            refuse(f"place pattern {name} matches nothing")
        place = lab[name]
        if word == "show":
            show(name, place)
            return
        if word == "acquire" and place["holder"] == me:
            refuse(f"You have already acquired place {name}.")
        if word == "acquire" and place["holder"]:
            refuse(f"Place {name} is already acquired by {place['holder']}.")
        if word == "release" and not place["holder"]:
            refuse(f"place {name} is not acquired")
        place["holder"] = me if word == "acquire" else None
        file.seek(0)
        file.truncate()
        json.dump(lab, file)
        print(f"{word}d place {name}")


if __name__ == "__main__":
    main()
