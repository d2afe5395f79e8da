"""What the machine says of itself. A reading that is not to be had is None, never 0."""

from __future__ import annotations

from typing import Any, Dict, List

from edgeopt.runner import processor
from edgeopt.runner.machine import machine as account
from edgeopt.runner.root import Root, optional


def machine() -> Dict[str, Any]:
    """The machine a runner is on."""
    return account(Root())


def features() -> List[str]:
    """Flags of its processor alone; none where the machine does not tell them."""
    return optional(processor.features, Root()) or []


def cores() -> int:
    """Cores this process may run on."""
    return processor.cores(Root())
