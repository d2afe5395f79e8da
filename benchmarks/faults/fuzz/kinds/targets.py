"""Profiles: what is no TOML, and TOML that says what no profile can."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.faults.fuzz import mutate
from benchmarks.faults.fuzz.case import Case, optimize, put

KIND = "targets"
_COMMANDS = (("targets", "show", "./odd.toml"), optimize("--target=./odd.toml"))

DEEP = {
    "deep-list": b"a = " + b"[" * 2000 + b"]" * 2000,
    "deep-table": b"a" + b".a" * 2000 + b" = 1",
    "deep-header": b"[a" + b".a" * 2000 + b"]",
    "deep-inline": b"a = " + b"{b = " * 2000 + b"1" + b"}" * 2000,
    "very-deep-list": b"a = " + b"[" * 100_000,
    "long-key": b"a" * 1_000_000 + b" = 1",
    "long-number": b"v = " + b"9" * 100_000,
    "long-line": b'name = "' + b"x" * 5_000_000 + b'"',
    "many-keys": b"".join(b"a%d = 1\n" % n for n in range(50_000)),
    "bom": b"\xef\xbb\xbfname = 'x'",
    "utf-16": 'name = "x"'.encode("utf-16"),
    "nul": b'name = "a\0b"',
    "escape": b'name = "a\\u001b[31mb"',
    "key-escape": b'"a\\u001b[31m[/red]b" = 1',
    "date": b"name = 1979-05-27",
    "json": b'{"name": "x"}',
    "yaml": b"name: x\n",
}

VALUES = (
    "nan",
    "inf",
    "-1",
    "0",
    "1e400",
    '""',
    '"x"',
    "[]",
    "[[]]",
    "{}",
    "true",
    "1979-05-27",
    "9" * 30,
    "[1, 'a']",
    '"[/red]"',
    '"\\u001b[31m"',
    '"' + "n" * 3000 + '"',
)


def cases(stock: Path, rng: random.Random) -> Iterator[Case]:
    whole = (stock / "one.toml").read_bytes()
    for what, content in (*mutate.odd_files(), *DEEP.items()):
        for words in _COMMANDS:
            yield _case(f"{words[0]}-{what}", content, words)
    for what, content in mutate.cut(whole, rng, 12):
        yield _case(what, content, _COMMANDS[0], "orderly")
    for what, content in mutate.flip(whole, rng, 30):
        yield _case(what, content, _COMMANDS[0], "orderly")
    lines = whole.decode().splitlines()
    for number, line in enumerate(lines):
        key, equals, _ = line.partition("=")
        if not equals:
            continue
        for value in rng.sample(VALUES, 6):
            changed = [*lines[:number], f"{key}= {value}", *lines[number + 1 :]]
            name = f"line-{number}-{value[:20]}"
            yield _case(name, "\n".join(changed).encode(), _COMMANDS[0], "orderly")
        left_out = "\n".join([*lines[:number], *lines[number + 1 :]]).encode()
        yield _case(f"without-{key.strip()}-{number}", left_out, _COMMANDS[0], "orderly")
        twice = "\n".join([*lines[: number + 1], line, *lines[number + 1 :]]).encode()
        yield _case(f"twice-{key.strip()}-{number}", twice, _COMMANDS[0])
        typo = "\n".join([*lines[:number], f"x{line}", *lines[number + 1 :]]).encode()
        yield _case(f"typo-{key.strip()}-{number}", typo, _COMMANDS[0])
    for name in (
        "",
        " ",
        ",",
        "a,b",
        "this-machine,",
        "../one",
        "/",
        "x" * 300,
        "[/red]",
        "\x1b[31m",
        "nan",
    ):
        yield Case(
            KIND, f"name-{name[:20]!r}", put("odd.toml", whole), optimize(f"--target={name}")
        )
    for option in ("--target=./one.toml", "--target=one"):
        again = optimize("--target=./one.toml", option)
        yield Case(KIND, f"again-{option[9:]}".replace("/", "_"), put("odd.toml", whole), again)


def _case(what: str, content: bytes, words: tuple[str, ...], right: str = "refused") -> Case:
    return Case(
        KIND,
        what,
        put("odd.toml", content),
        words,
        right=right,  # type: ignore[arg-type]
        says=("odd.toml",),
    )
