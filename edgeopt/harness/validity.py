"""Whether the figures of a schedule can be trusted: the machine before it, and during it."""

from __future__ import annotations

from edgeopt.domain.finding import Finding
from edgeopt.harness.gates import gates
from edgeopt.harness.preflight import preflight
from edgeopt.harness.timed import Session


def findings(session: Session) -> tuple[Finding, ...]:
    """Every check of a schedule; a failed one spoils its figures (`finding.failures`)."""
    before: tuple[Finding, ...] = ()
    if session.machine and session.health:
        before = preflight(session.machine, session.health[0])
    return (*before, *gates(session))
