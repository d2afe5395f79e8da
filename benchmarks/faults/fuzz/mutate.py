"""Damage done to bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator

#: What a damage does: the name, and the bytes from whole ones.
Damaged = tuple[str, bytes]


def cut(whole: bytes, rng: random.Random, count: int) -> Iterator[Damaged]:
    """Truncated at `count` places: some near both ends."""
    ends = {1, 4, 16, len(whole) - 1, len(whole) - 4, len(whole) - 22}
    places = [at for at in ends if 0 < at < len(whole)]
    while len(places) < count:
        places.append(rng.randrange(1, len(whole)))
    for at in sorted(set(places[:count])):
        yield f"cut-{at}", whole[:at]


def flip(whole: bytes, rng: random.Random, count: int) -> Iterator[Damaged]:
    """One bit turned, at `count` places, half of them among the first 256 bytes."""
    for number in range(count):
        at = rng.randrange(min(256, len(whole)) if number % 2 else len(whole))
        bit = rng.randrange(8)
        yield f"flip-{at}-{bit}", whole[:at] + bytes([whole[at] ^ (1 << bit)]) + whole[at + 1 :]


def fill(whole: bytes, rng: random.Random, count: int) -> Iterator[Damaged]:
    """A stretch of zeros, of ones, of noise or of another stretch of the file."""
    for number in range(count):
        at = rng.randrange(len(whole))
        size = min(rng.choice((4, 8, 64, 512)), len(whole) - at)
        other = rng.randrange(len(whole) - size + 1)
        stretch = (b"\0" * size, b"\xff" * size, rng.randbytes(size), whole[other : other + size])
        what = ("zeros", "ones", "noise", "moved")[number % 4]
        yield f"{what}-{at}-{size}", whole[:at] + stretch[number % 4] + whole[at + size :]


def odd_files() -> Iterator[Damaged]:
    """What is no file of any format."""
    yield "empty", b""
    yield "one-byte", b"\n"
    yield "text", b"this is no model\n" * 10
    yield "zeros", b"\0" * 4096
    yield "ones", b"\xff" * 4096
    yield "html", b"<!DOCTYPE html><title>404</title>"
    yield "lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    yield "gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + b"\x01" * 40
