"""A Debian mirror in a folder, with packages made here."""

from __future__ import annotations

import hashlib
import io
import lzma
import tarfile
from pathlib import Path

LIBRARY = "./usr/lib/aarch64-linux-gnu"


def package(files: dict[str, bytes], links: dict[str, str]) -> bytes:
    """A .deb: an `ar` archive with a data.tar.xz."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:xz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755 if "/bin/" in name else 0o644
            tar.addfile(member, io.BytesIO(content))
        for name, target in links.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    made = b"!<arch>\n"
    # The first member has an odd length, so that it is padded.
    for name, content in (("debian-binary", b"2.0"), ("data.tar.xz", data.getvalue())):
        made += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        made += content + b"\n" * (len(content) % 2)
    return made


def write(mirror: Path, packages: dict[str, bytes]) -> str:
    """Write a release "tiny" of these packages for arm64; returns the mirror's address."""
    stanzas = []
    (mirror / "pool").mkdir(parents=True, exist_ok=True)
    for name, content in packages.items():
        (mirror / "pool" / f"{name}.deb").write_bytes(content)
        stanzas.append(
            f"Package: {name}\nVersion: 1.0\nDescription: {name}\n of several lines\n"
            f"Filename: pool/{name}.deb\nSize: {len(content)}\n"
            f"SHA256: {hashlib.sha256(content).hexdigest()}\n"
        )
    index = lzma.compress("\n".join(stanzas).encode())
    digest = hashlib.sha256(index).hexdigest()
    place = mirror / "dists" / "tiny"
    hashed = place / "main" / "binary-arm64" / "by-hash" / "SHA256"
    hashed.mkdir(parents=True, exist_ok=True)
    (hashed / digest).write_bytes(index)
    release = f"SHA256:\n {digest} {len(index)} main/binary-arm64/Packages.xz\n"
    (place / "InRelease").write_text(release)
    return mirror.as_uri()
