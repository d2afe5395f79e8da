"""pip: where it takes packages from, and what its failures mean.

Its own settings count as ever: PIP_INDEX_URL, pip.conf, HTTPS_PROXY.
"""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from edgeopt.domain.errors import BadInput, EdgeoptError, NotInstalled
from edgeopt.domain.model import Value

OFFLINE = "EDGEOPT_OFFLINE"
"""Names a folder of `edgeopt setup --offline`: nothing is fetched from a network then."""

#: What pip prints where an index, or the way to it, does not answer.
_NO_WAY = re.compile(
    r"Max retries exceeded|Retrying \(Retry\(total=0\b|Network is unreachable|ProxyError|"
    r"CERTIFICATE_VERIFY_FAILED"
)
INDEX = "PIP_INDEX_URL"
_MENDS = (
    "PIP_INDEX_URL names another index, HTTPS_PROXY a proxy. Without any network: gather the "
    f"packages elsewhere by `edgeopt setup --offline FOLDER`, and set {OFFLINE}=FOLDER here."
)


class Gathered(Value, kw_only=True, frozen=True):
    """What a folder of `edgeopt setup --offline` is for, `offline.json`.

    Attributes:
        python, arch: of the machine that gathered: its own packages are for the like of it.
    """

    v: int = 1
    python: str
    arch: str


def gathering() -> Gathered:
    """What a folder that is gathered on this machine is for."""
    major, minor, _ = platform.python_version_tuple()
    return Gathered(python=f"{major}.{minor}", arch=platform.machine())


def offline() -> Path | None:
    """The folder that stands for the network, None where the network is used.

    Raises:
        BadInput: what EDGEOPT_OFFLINE names is no folder of `edgeopt setup --offline`.
    """
    named = os.environ.get(OFFLINE)
    if not named:
        return None
    folder = Path(named).resolve()
    if not (folder / "offline.json").is_file():
        raise BadInput(
            f"{OFFLINE} names {folder}, which has no offline.json.",
            "Make it by `edgeopt setup --offline FOLDER`, where there is a network.",
        )
    return folder


def source() -> tuple[str, ...]:
    """Options of pip for where packages come from; () for pip's own settings."""
    folder = offline()
    return () if folder is None else ("--no-index", "--find-links", str(folder / "wheels"))


def failure(what: str, said: str, hint: str = "") -> EdgeoptError:
    """The error to raise where pip failed.

    Args:
        what: "onnx2tf could not be installed". said: pip's output. hint: where the index answered.
    """
    folder = offline()
    if folder is not None:
        made = msgspec.json.decode((folder / "offline.json").read_bytes(), type=Gathered)
        here = gathering()
        return NotInstalled(
            f"{what} from {folder}: {complaint(said)}",
            f"The folder was gathered with Python {made.python} on {made.arch}; this is Python "
            f"{here.python} on {here.arch}. Gather it anew for what is missing.",
        )
    if unreachable(said):
        host = urlsplit(os.environ.get(INDEX, "")).netloc.rpartition("@")[2]
        named = f"the package index at {host}" if host else "pip's package index"
        return NotInstalled(f"{what}: {named} cannot be reached.", _MENDS)
    return NotInstalled(f"{what}: {complaint(said)}", hint)


def unreachable(said: str) -> bool:
    """Whether pip failed since an index, or the way to it, did not answer."""
    return offline() is None and _NO_WAY.search(said) is not None


def complaint(said: str) -> str:
    """The line of pip's output that says what went wrong."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["it printed nothing"])[-1].removeprefix("ERROR: ")[:300]
