"""What the system's ssh said, as one sentence and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgeopt.devices.keeper import OLDEST, TOO_OLD


@dataclass(frozen=True)
class Trouble:
    """A pattern in what ssh or the device's shell printed. {place} and groups are filled in."""

    pattern: str
    message: str
    hint: str


_BUSY = "Is it still starting? Try again in a minute; then look at the log of its sshd."
_AWAY = "Is it on, and in the same network? After a start it takes a minute to be there."
_CONFIG = "Look at the file and line it names (see `man ssh_config`)."
_OLD = ".".join(map(str, OLDEST))

#: OpenSSH's own words, the most telling first: one failure prints several of them.
TROUBLES = (
    Trouble(
        r"REMOTE HOST IDENTIFICATION HAS CHANGED(?:[\s\S]*?in (?P<file>\S+:\d+))?",
        "{place} shows another host key than the one that is known ({file}).",
        "If it was set up anew, run `ssh-keygen -R HOST` (`-R '[HOST]:PORT'` for another port) and "
        "`ssh {place}` once. If it was not, something else answers in its place: find out what.",
    ),
    Trouble(
        r"No \S+ host key is known for|Host key verification failed",
        "the host key of {place} is not known yet.",
        "Run `ssh {place}` once, compare the fingerprint it shows, and answer yes.",
    ),
    Trouble(
        r"Could not resolve hostname (?P<what>\S+):",
        "there is no host {what}.",
        "Look at the spelling. Names in .local need mDNS (avahi) here and there: try the address.",
    ),
    Trouble(
        r"connect to (?:host|address) (?P<what>\S+) port (?P<port>\d+): Connection refused",
        "{what} refuses connections at port {port}.",
        "Is sshd running there, at that port (`sudo systemctl enable --now ssh`, or raspi-config)? "
        "If the device has just started, try again in a minute.",
    ),
    Trouble(
        r"connect to (?:host|address) (?P<what>\S+) port (?P<port>\d+): "
        r"(?P<why>Connection timed out|Operation timed out|No route to host|"
        r"Network is unreachable|Host is down)",
        "{what} cannot be reached: {why}.",
        _AWAY,
    ),
    Trouble(
        r"Connection timed out during banner exchange",
        "{place} took the connection and then said nothing.",
        _BUSY,
    ),
    Trouble(
        r"UNPROTECTED PRIVATE KEY FILE",
        "ssh does not use a key that others can read.",
        "`chmod 600` the key file.",
    ),
    Trouble(
        r"Too many authentication failures",
        "{place} was offered too many keys.",
        "Name the right one in ~/.ssh/config: `IdentityFile` and `IdentitiesOnly yes`.",
    ),
    Trouble(
        r"Permission denied \((?P<what>[^)]*)\)",
        "{place} does not let you in (it takes: {what}).",
        "`ssh {place}` has to work without a password: `ssh-copy-id {place}`, and `ssh-add` if the "
        "key has a passphrase. Is it the right user?",
    ),
    Trouble(
        r"(?:Bad configuration option|Bad owner or permissions|Can't open user config file).*",
        "ssh does not like its configuration: {all}",
        _CONFIG,
    ),
    Trouble(
        r"stdio forwarding failed|open failed: connect failed: (?P<why>.*)",
        "the jump host does not get through to {place}.",
        "Try `ssh` from the jump host itself.",
    ),
    Trouble(
        r"kex_exchange_identification.*|Connection (?:closed|reset) by .* port \d+",
        "{place} ended the connection before anybody could log in.",
        _BUSY,
    ),
    Trouble(
        rf"{TOO_OLD} (?P<what>\S+)",
        f"the Python there is {{what}}; the runner needs {_OLD} or later.",
        "Name another one: `edgeopt devices add ... --python /path/there/python3`.",
    ),
    Trouble(
        r"(?:account|login).*(?:not available|disabled)",
        "the account at {place} has no shell.",
        "Use another user.",
    ),
    Trouble(
        r"Timeout, server \S+ not responding|Broken pipe|closed by remote host|Connection reset",
        "{place} ended the connection, or does not answer any more.",
        _AWAY,
    ),
)


def diagnose(said: str, place: str) -> tuple[str, str]:
    """What to tell about a failed ssh: (sentence, advice).

    Args:
        said: everything that it printed.
        place: for the text.
    """
    for trouble in TROUBLES:
        found = re.search(trouble.pattern, said)
        if found:
            groups = {key: value or "?" for key, value in found.groupdict().items()}
            filled = {"place": place, "all": found[0].strip(), **groups}
            return trouble.message.format(**filled), trouble.hint.format(**filled)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return f"ssh to {place} failed: {(lines or ['it printed nothing'])[-1]}", ""


def no_python(python: str, code: int | None, place: str) -> tuple[str, str] | None:
    """What an exit code of the device's shell says about its Python; None where nothing."""
    if code == 127:
        return (
            f"{place} has no {python}.",
            "`sudo apt-get install python3` there, or name another one: "
            "`edgeopt devices add ... --python /path/there/python3`.",
        )
    if code == 126:
        return f"{python} at {place} cannot be run.", "Look at its permissions there."
    return None
