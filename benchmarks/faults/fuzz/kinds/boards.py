"""What is written for a device, and the user's own list of devices."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.faults.fuzz import mutate
from benchmarks.faults.fuzz.case import Case, optimize

KIND = "boards"

_LINKS = (
    "",
    " ",
    "nobody",
    "pi",
    "://",
    "ssh://",
    "ssh:///",
    "ssh://@",
    "ssh://@host",
    "ssh://host:0",
    "ssh://host:99999",
    "ssh://host:abc",
    "ssh://host:-1",
    "ssh://-oProxyCommand=touch CANARY",
    "ssh://a@-oProxyCommand=touch CANARY",
    "ssh://host;touch CANARY",
    "ssh://$(touch CANARY)",
    "ssh://`touch CANARY`",
    "ssh://a b",
    "ssh://a\nb",
    "ssh://[::1",
    "ssh://[fe80::1]:1",
    "ssh://::1",
    "ssh://nobody@127.0.0.1:1",
    "ssh://nobody@127.0.0.1:1/path",
    "ssh://u:p@127.0.0.1:1",
    "ssh://" + "h" * 300,
    "ssh://" + "h" * 70_000,
    "ssh://\x1b[31m\x07",
    "ssh://[/red]",
    "ssh://ключ.рф:1",
    "ssh://%s{}",
    "SSH://nobody@127.0.0.1:1",
    "adb://",
    "adb:// ",
    "adb://-x",
    "adb://a;b",
    "adb://" + "s" * 5000,
    "adb://\x1b[31m",
    "adb://nobody",
    "emulated://",
    "emulated://nobody",
    "emulated:///etc/passwd",
    "emulated://../../x",
    "emulated://\x1b[31m",
    "http://example.org",
    "file:///etc/passwd",
    "local://",
    "LOCAL",
    "local ",
    "9" * 400,
    "nan",
    "-1",
    "--json",
    "\udcff",
)

_GOOD = b'v = 1\n[devices.pi]\nlink = "ssh://nobody@127.0.0.1:1"\ntarget = "raspberry-pi-5"\n'

_LISTS = {
    "v-text": b'v = "1"\n',
    "v-newer": b"v = 2\n",
    "v-nan": b"v = nan\n",
    "devices-list": b"devices = []\n",
    "devices-text": b'devices = "pi"\n',
    "no-link": b"[devices.pi]\ntarget = 'x'\n",
    "link-number": b"[devices.pi]\nlink = 5\n",
    "link-empty": b"[devices.pi]\nlink = ''\n",
    "link-none": b"[devices.pi]\nlink = 'nobody'\n",
    "link-escape": b'[devices.pi]\nlink = "ssh://\\u001b[31m"\n',
    "link-option": b"[devices.pi]\nlink = 'ssh://-oProxyCommand=touch CANARY'\n",
    "unknown-field": _GOOD + b"colour = 'red'\n",
    "unknown-target": _GOOD.replace(b"raspberry-pi-5", b"raspbery"),
    "target-escape": _GOOD.replace(b"raspberry-pi-5", b"\\u001b[31m"),
    "name-escape": b'[devices."a\\u001b[31m[/red]b"]\nlink = "ssh://nobody@127.0.0.1:1"\n',
    "name-empty": b'[devices.""]\nlink = "ssh://nobody@127.0.0.1:1"\n',
    "name-path": b'[devices."../../x"]\nlink = "ssh://nobody@127.0.0.1:1"\n',
    "name-local": b'[devices.local]\nlink = "ssh://nobody@127.0.0.1:1"\n',
    "deep": b"a = " + b"[" * 2000 + b"]" * 2000,
    "deep-table": b"[devices" + b".a" * 2000 + b"]",
    "latin": b"v = 1\n# caf\xe9\n",
    "long-number": b"v = " + b"9" * 100_000,
    "twice": _GOOD + _GOOD,
    "fields": _GOOD + b"python = ''\nfolder = ''\njump = ''\n",
    "odd-fields": _GOOD + b"python = '-c'\nfolder = '../..'\njump = '-oProxyCommand=x'\n",
}


def cases(stock: Path, rng: random.Random) -> Iterator[Case]:
    for number, link in enumerate(_LINKS):
        name = f"{number}-{link[:30]!r}".replace("/", "_")
        for command, words in _asking(link).items():
            # `devices check` looks, and its rows say what failed.
            looked_at = (command == "check" and "://" in link) or link == "pi"
            yield Case(
                KIND,
                f"{command}-{name}",
                _listed(_GOOD),
                words,
                right="orderly" if looked_at else "refused",
                limit_s=60,
            )
    lists = {**_LISTS, **dict(mutate.odd_files()), **dict(mutate.cut(_GOOD, rng, 12))}
    lists |= dict(mutate.flip(_GOOD, rng, 12))
    for what, content in lists.items():
        for command in (("list",), ("list", "--json"), ("check", "pi"), ("remove", "pi")):
            name = f"list-{what}-{'-'.join(command)}"
            words = ("devices", *command)
            yield Case(KIND, name, _listed(content), words, right="orderly", limit_s=60)
        name = f"list-{what}-optimize"
        yield Case(KIND, name, _listed(content), optimize("--device=pi"), limit_s=60)


def _asking(link: str) -> dict[str, tuple[str, ...]]:
    return {
        "optimize": optimize(f"--device={link}"),
        "bench": ("bench", "model.onnx", "--quick", "--out=b.json", f"--device={link}"),
        "check": ("devices", "check", "--", link),
        "add": ("devices", "add", "--", "other", link),
        "named": ("devices", "add", "--", link, "ssh://nobody@127.0.0.1:1"),
    }


def _listed(content: bytes):
    def make(folder: Path, stock: Path, rng: random.Random) -> None:
        own = folder.parent / "home/own"
        own.mkdir()
        (own / "devices.toml").write_bytes(content)
        (own / ".devices.toml.lock").touch()

    return make
