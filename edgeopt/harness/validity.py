"""Whether the figures of a schedule can be trusted: the machine before it, and during it."""

from __future__ import annotations

from edgeopt.domain.finding import Finding
from edgeopt.harness.gates import Raw, gates
from edgeopt.harness.preflight import preflight


def findings(raw: Raw) -> tuple[Finding, ...]:
    """Every check of a schedule; a failed one spoils its figures (`finding.failures`).

    Args:
        raw: `Session.raw()`.
    """
    before = preflight(raw["machine"], raw["health"][0]) if raw["health"] else ()
    return (*before, *gates(raw))
