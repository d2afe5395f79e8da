"""Whether the figures of a schedule can be trusted: the machine before it, and during it."""

from __future__ import annotations

from edgeopt.domain.finding import Finding
from edgeopt.harness.gates import run_gates
from edgeopt.harness.preflight import check_machine
from edgeopt.harness.timed import Measurement


def findings(measurement: Measurement) -> tuple[Finding, ...]:
    """Every check of a schedule; a failed one spoils its figures (`finding.failures`)."""
    before: tuple[Finding, ...] = ()
    if measurement.machine and measurement.health:
        before = check_machine(measurement.machine, measurement.health[0])
    return (*before, *run_gates(measurement))
