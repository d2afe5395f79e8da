"""Files appear whole or not at all: written beside, synced, renamed."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, content: bytes | str) -> None:
    """Replace a file's content.

    Raises:
        OSError: it cannot be written, with the file's name; the old content is still there.
    """
    data = content.encode() if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # a failed write names no file itself
        raise
    finally:
        part.unlink(missing_ok=True)
