"""Which precisions each runtime offers: what a profile has to take a stand on."""

from __future__ import annotations

import functools

from edgeopt import runtimes


@functools.cache
def offers() -> dict[str, tuple[str, ...]]:
    """Runtime -> the precisions that profiles may name. Their files are imported for it."""
    return {spec.name: spec.offers for spec in runtimes.specs() if spec.offers}
