"""`edgeopt`, shortly, where a phone is this machine: for what lies to whole runs many times.

python -m benchmarks.faults.lying_command optimize ...
"""

from __future__ import annotations

from benchmarks.faults.shortly import applied
from edgeopt.devices import resolve

if __name__ == "__main__":
    from edgeopt.cli import cli

    resolve.LINKS["adb"] = "benchmarks.devices.phone:of"
    with applied():
        cli(prog_name="edgeopt")
