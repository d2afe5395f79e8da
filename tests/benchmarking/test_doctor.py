"""`edgeopt doctor`."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from rich.console import Console

from edgeopt.benchmarking.machine_check import doctor
from edgeopt.devices.local import Local
from edgeopt.domain.finding import Diagnosis, Finding
from edgeopt.report import doctor_table

MACHINE = {"board": "A Board", "cpu_model": "A Core", "cores": 4, "os": "Linux", "kernel": "6.6"}


def diagnosis(*findings: Finding) -> Diagnosis:
    return Diagnosis(device="local", machine=MACHINE, health={}, canary=[], findings=findings)


def shown(value: Diagnosis) -> str:
    stream = io.StringIO()
    Console(file=stream, width=100).print(doctor_table.render(value))
    return stream.getvalue()


FAILED = Finding(check="supply", state="failed", found="too weak", advice="Use a better one.")
FINE = Finding(check="governor", state="ok", found="performance", advice="Nothing to do.")


def test_the_table_tells_what_to_do_where_there_is_something():
    text = shown(diagnosis(FINE, FAILED))
    assert "local: A Board, 4 cores, Linux 6.6" in text
    assert "→ Use a better one." in text
    assert "Nothing to do." not in text
    assert "Not fit for measuring" in text
    assert "\nFit for measuring." in shown(diagnosis(FINE))


def test_a_failed_check_is_what_spoils():
    assert diagnosis(FINE, FAILED).failed
    warning = Finding(check="load", state="warning", found="50 % busy")
    unknown = Finding(check="governor", state="unknown", found="no cpufreq")
    assert not diagnosis(FINE, warning, unknown).failed


@pytest.mark.slow
def test_this_machine_is_examined(tmp_path):
    heard: list[str] = []
    found = doctor(Local(), tmp_path / "log", lambda what, done=0, total=0: heard.append(what))
    assert heard == ["watching the machine", "timing fixed work"]
    checks = {finding.check for finding in found.findings}
    assert {"governor", "throttling", "temperature", "load", "memory", "energy"} <= checks
    assert len(found.canary) > 10


@pytest.mark.slow
def test_the_command_prints_json_and_its_exit_code_tells(tmp_path):
    command = [sys.executable, "-m", "edgeopt.cli", "doctor", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    told = json.loads(done.stdout)
    assert done.returncode == (1 if told["failed"] else 0)
    assert told.keys() == {"v", "device", "failed", "findings", "machine", "health", "canary"}
    assert told["machine"]["cores"] >= 1
