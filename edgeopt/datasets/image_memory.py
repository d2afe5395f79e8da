"""Whether this machine's memory holds images that are about to be decoded."""

from __future__ import annotations

import os

from edgeopt.domain.errors import BadInput


def require(where: object, count: int, side: tuple[int, int], channels: int) -> None:
    """Refuse more than there is, before one is read. Images are held as bytes (`pixels`).

    Args:
        where: what the message names. side: (height, width) of each, pixels.

    Raises:
        BadInput: `count` images are more than the machine has memory for.
    """
    need = count * side[0] * side[1] * channels
    have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if need > have:
        raise BadInput(
            f"{where}: {count} images of {side[0]} x {side[1]} are "
            f"{need / 1e9:.1f} GB, and this machine has {have / 1e9:.1f} GB of memory",
            "Give fewer images, or smaller ones: --preprocess size=...",
        )
