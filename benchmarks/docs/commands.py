"""Reads the commands out of the pages, and their table.

A command is a line of a page that is indented by four spaces and begins with a program
(`PROGRAMS`); a line that ends in a backslash goes on in the next. Comments and spaces do not count.
`commands.toml` says of each how it is looked after; `docs/commands.md` shows that as a page:

    python -m benchmarks.docs.commands        # writes docs/commands.md
    python -m benchmarks.docs.commands --add  # first gives each new command a row, to be looked at
"""

from __future__ import annotations

import json
import re
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TABLE, WALKED = HERE / "commands.toml", HERE / "walk.json"
PAGE = ROOT / "docs" / "commands.md"

PROGRAMS = {
    "adb", "apt-get", "cd", "edgeopt", "eval", "ls", "make", "pip", "python", "scp", "ssh",
    "optuna-dashboard", "ssh-copy-id", "yolo", ".venv/bin/python", ".venv/bin/edgeopt",
}  # fmt: skip

#: How a command is looked after, and what that means.
HOW = {
    "quick": "run by `tests/test_docs_commands.py`",
    "long": "run by `python -m benchmarks.docs.walk`",
    "stand-in": "run by `python -m benchmarks.docs.walk`, with a real sshd for a board, a stand-in "
    "for adb's server and a phone, or an emulated core",
    "like": "a test runs the same with files of its own",
    "not": "not run",
}


#: What looks like a placeholder and is to be typed, or filled in by the reader alone.
_FILLED = re.compile(r"SERIAL|edgeopt\[")


def pages() -> list[Path]:
    """README and all pages but the decisions, which tell of the past, and the page made here."""
    docs = sorted((ROOT / "docs").rglob("*.md"))
    kept = [path for path in docs if path.parent.name != "decisions" and path != PAGE]
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *kept]


def commands(text: str) -> list[str]:
    """The commands of a page, in their order, without comments."""
    without = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    joined = re.sub(r"\\\n\s*", "", without)
    lines = re.findall(r"^    (\S.*)$", joined, re.MULTILINE)
    return [one for line in lines if (one := _bare(line)).split(" ")[0] in PROGRAMS]


def _bare(line: str) -> str:
    """A line without its comment, one space between words, quotes as they are."""
    return re.sub(r"\s+", " ", re.sub(r"\s+#.*$", "", line)).strip()


def usage(command: str) -> bool:
    """Whether a line shows a form of a command, and not one to type."""
    return bool(re.search(r"\b[A-Z]{3,}\b(?!=)|\.\.\.|\[[a-z]", command)) and not _FILLED.search(
        command
    )


def table() -> dict[str, dict[str, str]]:
    """Command -> `how`, `why`."""
    found: dict[str, Any] = tomllib.loads(TABLE.read_text("utf-8"))
    return {row["command"]: row for row in found["row"]}


def walked() -> dict[str, dict[str, Any]]:
    """Command -> `rc`, `seconds` of those that `walk` ran; nothing where it never did."""
    return json.loads(WALKED.read_text("utf-8"))["commands"] if WALKED.exists() else {}


def words(command: str) -> list[str]:
    """The arguments of an `edgeopt` command, as a shell would give them."""
    return shlex.split(command.split(" > ")[0])[1:]


def page() -> str:
    """docs/commands.md."""
    rows, ran = table(), walked()
    lines = [
        "# Commands of these pages",
        "",
        "Every command that these pages and the README name, and how it is kept true. Made by",
        "`python -m benchmarks.docs.commands` from `benchmarks/docs/commands.toml`; a command that",
        "is in no row fails `tests/test_docs_commands.py`, and every `edgeopt` line is read by the",
        "command line's own parser there.",
    ]
    for how, meaning in HOW.items():
        mine = [row for row in rows.values() if row["how"] == how]
        lines += ["", f"## {meaning[0].upper()}{meaning[1:]}: {len(mine)}", ""]
        lines += ["| command | |", "|---|---|"]
        lines += [f"| `{_cell(row['command'])}` | {_about(row, ran)} |" for row in mine]
    return "\n".join(lines) + "\n"


def _about(row: dict[str, str], ran: dict[str, dict[str, Any]]) -> str:
    if row["how"] in ("long", "stand-in"):
        found = ran.get(row["command"])
        done = f"exit code {found['rc']}, {found['seconds']} s" if found else "not run yet"
        return f"{done}. {row['why']}" if row.get("why") else done
    return row.get("why", "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def add() -> None:
    """A row for each command that has none, in the order of the pages; rows of no command go."""
    rows = table()
    named = dict.fromkeys(one for path in pages() for one in commands(path.read_text("utf-8")))
    lines = ["# Every command of the pages and how it is kept true (commands.py), in their order."]
    for one in named:
        if not usage(one):
            row = rows.get(one, {"how": "long"})
            lines += ["", "[[row]]", f"command = {_quoted(one)}", f"how = {_quoted(row['how'])}"]
            lines += [f"why = {_quoted(row['why'])}"] if row.get("why") else []
    TABLE.write_text("\n".join(lines) + "\n", "utf-8")


def _quoted(text: str) -> str:
    return f'"{text}"' if not set(text) & set('"\\') else f"'''{text}'''"


if __name__ == "__main__":
    if "--add" in sys.argv[1:]:
        add()
    PAGE.write_text(page(), "utf-8")
