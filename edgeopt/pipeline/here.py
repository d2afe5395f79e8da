"""What this machine tells of a form for targets that are not at hand: shares, asked once."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgeopt.domain.suggestion import Network


@dataclass
class Here:
    """What the targets of a run share.

    Attributes:
        times: logarithms of times as shares of the reference's, by (reference, form); each with
            one thread, in an interleaved schedule with the reference.
        network: what the model computes; None: not asked yet.
    """

    times: dict[tuple[str, str], float] = field(default_factory=dict)
    network: Network | None = None
