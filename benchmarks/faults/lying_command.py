"""`edgeopt`, shortly, where a phone is this machine: for what lies to whole runs many times.

python -m benchmarks.faults.lying_command optimize ...
"""

from __future__ import annotations

from benchmarks.faults.shortly import shorten
from edgeopt.devices import resolve

if __name__ == "__main__":
    from edgeopt.cli import cli

    shorten()
    resolve.LINKS["adb"] = "benchmarks.devices.phone:of"
    cli(prog_name="edgeopt")
