"""Whether this machine's memory holds images that are about to be decoded."""

from __future__ import annotations

import os

from edgeopt.domain.errors import BadInput


def require(
    where: object, count: int, side: tuple[int, int], bytes_each: int, divided: bool = False
) -> None:
    """Refuse more than there is, before one is read.

    Args:
        where: what the message names. side: (height, width) of each, pixels.
        divided: the images are copied into parts, so that they are there twice for a while.

    Raises:
        BadInput: `count` images of so many bytes each are more than the machine has.
    """
    need = count * bytes_each
    have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if need * (1 + divided) > have:
        twice = ", which are needed twice while they are divided into parts" if divided else ""
        raise BadInput(
            f"{where}: {count} images of {side[0]} x {side[1]} are "
            f"{need / 1e9:.1f} GB{twice}, and this machine has {have / 1e9:.1f} GB of memory",
            "Give fewer images, or smaller ones: --preprocess size=...",
        )
