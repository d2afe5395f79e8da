"""Debian packages of another architecture: found, fetched, checked and read without dpkg.

Trust: the release file comes over https; it holds the SHA-256 of the index of packages, which
holds that of every package.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import io
import lzma
import os
import re
import tarfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeopt.domain.errors import EdgeoptError, NotInstalled
from edgeopt.jobs import pip

MIRROR = "https://deb.debian.org/debian"
TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Package:
    """One package of the index. `path`: below the mirror."""

    name: str
    version: str
    path: str
    sha256: str
    size_bytes: int


def mirror() -> str:
    """Where packages come from: what was gathered, $EDGEOPT_DEBIAN_MIRROR, or deb.debian.org.

    Raises:
        BadInput: as `pip.offline`.
    """
    folder = pip.offline()
    if folder is not None:
        return (folder / "debian").as_uri()
    return os.environ.get("EDGEOPT_DEBIAN_MIRROR", MIRROR).rstrip("/")


def find(release: str, arch: str, names: Sequence[str]) -> list[Package]:
    """The named packages of a release.

    Raises:
        NotInstalled: no network, or what came is not what the release file says.
        EdgeoptError: the release has no such package.
    """
    _, _, packed = _index(release, arch)
    found = _parse(lzma.decompress(packed).decode(), set(names))
    missing = [name for name in names if name not in found]
    if missing:
        raise EdgeoptError(f"Debian {release} has no package {', '.join(missing)} for {arch}")
    return [found[name] for name in names]


def _index(release: str, arch: str) -> tuple[bytes, str, bytes]:
    """The release file, where the index of packages is in the release, and the index."""
    index = f"main/binary-{arch}/Packages.xz"
    root = f"{mirror()}/dists/{release}"
    text = _get(f"{root}/InRelease", None)
    said = re.search(rf"^ ([0-9a-f]{{64}}) +\d+ {re.escape(index)}$", text.decode(), re.MULTILINE)
    if said is None:
        raise NotInstalled(f"{root}/InRelease names no {index}", "Try another Debian mirror.")
    place = f"main/binary-{arch}/by-hash/SHA256/{said[1]}"
    return text, place, _get(f"{root}/{place}", said[1])


def gather(release: str, arch: str, names: Sequence[str], folder: Path) -> None:
    """Make a mirror of these packages alone, which `find` and `fetch` take for a whole one.

    Raises:
        NotInstalled, EdgeoptError: as `find` and `fetch`.
    """
    text, place, packed = _index(release, arch)
    for file, content in (("InRelease", text), (place, packed)):
        path = folder / "dists" / release / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for package in find(release, arch, names):
        path = folder / package.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_get(f"{mirror()}/{package.path}", package.sha256))


def _parse(text: str, names: set[str]) -> dict[str, Package]:
    found = {}
    for stanza in re.split(r"\n\n+", text):
        if stanza.partition("\n")[0].removeprefix("Package: ") not in names:
            continue
        fields = dict(re.findall(r"^([\w-]+): (.*)$", stanza, re.MULTILINE))
        found[fields["Package"]] = Package(
            name=fields["Package"],
            version=fields["Version"],
            path=fields["Filename"],
            sha256=fields["SHA256"],
            size_bytes=int(fields["Size"]),
        )
    return found


def fetch(package: Package, folder: Path) -> Path:
    """A package's file below `folder`: what is there already by the same content is kept.

    Raises:
        NotInstalled: it cannot be fetched, or is not what the index says.
    """
    path = folder / f"{package.name}-{package.sha256[:16]}.deb"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        part.write_bytes(_get(f"{mirror()}/{package.path}", package.sha256))
        part.replace(path)
    return path


def _opener() -> urllib.request.OpenerDirector:
    """With the proxies of now: urlopen keeps those of the process's first call."""
    return urllib.request.build_opener()


def _get(url: str, sha256: str | None) -> bytes:
    """What is at an address, held to its hash where one is given."""
    if not url.startswith(("https://", "http://", "file://")):
        raise NotInstalled(f"{url} is no address of a Debian mirror", "See EDGEOPT_DEBIAN_MIRROR.")
    try:
        with _opener().open(url, timeout=TIMEOUT_S) as reply:
            content = bytes(reply.read())
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        raise NotInstalled(
            f"cannot fetch {url}: {reason}",
            "EDGEOPT_DEBIAN_MIRROR names another mirror, HTTPS_PROXY a proxy. Without a network: "
            f"`edgeopt setup --offline FOLDER` elsewhere, and {pip.OFFLINE}=FOLDER here.",
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and found != sha256:
        raise NotInstalled(
            f"{url} is not what Debian's index says: its SHA-256 is {found}, not {sha256}",
            "Try again, or name another mirror in EDGEOPT_DEBIAN_MIRROR.",
        )
    return content


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tarfile.TarFile]:
    """The files of a package, as a tar file.

    Raises:
        EdgeoptError: it is no Debian package.
    """
    member = _data_member(path.read_bytes())
    if member is None:
        raise EdgeoptError(f"{path} is no Debian package with a data.tar")
    with tarfile.open(fileobj=io.BytesIO(member)) as files:
        yield files


def _data_member(archive: bytes) -> bytes | None:
    """The member data.tar.* of an `ar` archive: headers of 60 bytes, contents padded to even."""
    position = 8 if archive.startswith(b"!<arch>\n") else len(archive)
    while position + 60 <= len(archive):
        header = archive[position : position + 60]
        size = int(header[48:58])
        if header.startswith(b"data.tar"):
            return archive[position + 60 : position + 60 + size]
        position += 60 + size + size % 2
    return None
