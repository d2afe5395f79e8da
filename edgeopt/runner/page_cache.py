"""Files in or out of the page cache, and how much of them is really there (Linux)."""

from __future__ import annotations

import ctypes
import mmap
import os

TRIES = 3  # a page under way, or in a batch of another core, stays the first time
CHUNK = 1 << 20


def evict(paths: list) -> dict:
    """Write the files back and ask the kernel to drop their pages.

    It keeps pages that another process has mapped, and all of a file system that lives in
    memory: `resident_bytes` says what is left.
    """
    for _ in range(TRIES):
        for path in paths:
            _drop(path)
        left = residence(paths)
        if not left["resident_bytes"]:
            break
    return left


def fill(paths: list) -> dict:
    """Read every file once, so that it is in the page cache if there is room."""
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            while file.read(CHUNK):
                pass
    return residence(paths)


def residence(paths: list) -> dict:
    """How many bytes the files have, and how many of them are in memory by mincore(2).

    Raises:
        OSError: a file that is not there.
    """
    size = sum(os.path.getsize(path) for path in paths)
    try:
        resident = sum(_resident(path) for path in paths)
    except (AttributeError, OSError, ValueError) as error:
        return {"bytes": size, "resident_bytes": None, "why_null": {"resident_bytes": str(error)}}
    return {"bytes": size, "resident_bytes": resident, "why_null": {}}


def _drop(path: str) -> None:
    if not hasattr(os, "posix_fadvise"):
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # a dirty page is not dropped
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _resident(path: str) -> int:
    """Bytes of one file in the page cache; a page counts whole, the last one as far as it goes."""
    size = os.path.getsize(path)
    if size == 0:
        return 0
    pages = (ctypes.c_ubyte * -(-size // mmap.PAGESIZE))()
    with open(path, "rb") as file:
        # Python tells the address of a map only where it may write; a private one never does.
        writable = mmap.PROT_READ | mmap.PROT_WRITE
        mapped = mmap.mmap(file.fileno(), size, mmap.MAP_PRIVATE, writable)
    try:
        _mincore(mapped, size, pages)
    finally:
        mapped.close()
    there = sum(page & 1 for page in pages)
    return min(size, there * mmap.PAGESIZE)


def _mincore(mapped, size: int, pages) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    anchor = ctypes.c_char.from_buffer(mapped)
    try:
        failed = libc.mincore(
            ctypes.c_void_p(ctypes.addressof(anchor)), ctypes.c_size_t(size), pages
        )
    finally:
        del anchor  # a map that is pointed to cannot be closed
    if failed:
        raise OSError(ctypes.get_errno(), "mincore: " + os.strerror(ctypes.get_errno()))
