"""Files and their SHA-256 as a manifest lists them, whoever wrote it."""

from __future__ import annotations

import json
from pathlib import Path

from edgeopt.domain.errors import BadInput
from edgeopt.store import stored

#: A bundle's own list.
BUNDLES = "manifest.json"

AGAIN = "The same `edgeopt optimize` call makes it again."


def listed_in(manifest: Path) -> dict[str, str]:
    """Files and their SHA-256, as a manifest has them; {} where it is none."""
    try:
        files = json.loads(stored.content(manifest))["files"]
        return {str(name): str(sha256) for name, sha256 in files.items()}
    except (BadInput, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}
