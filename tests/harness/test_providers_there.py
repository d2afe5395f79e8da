"""What a device can compute on beside its processor, from its runtime's word to a candidate."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgeopt import targets
from edgeopt.devices.local import Local
from edgeopt.harness import device_check
from edgeopt.harness.client import Client
from edgeopt.harness.probing import probe
from edgeopt.search import providers

#: A runner whose OpenVINO is the one in a folder.
RUNNER = """
import sys
sys.path.insert(0, sys.argv[1])
from edgeopt import runtimes
from edgeopt.runner.__main__ import main
runtimes.RUNTIMES["openvino"] = "standin"
sys.exit(main())
"""


class WithStandIn(Local):
    """This machine with another OpenVINO."""

    def __init__(self, folder: Path, providers: str) -> None:
        super().__init__()
        self._folder = folder
        own = (
            "import os\nfrom edgeopt.runtimes.openvino import SPEC\n"
            f"def version(): return '2026.4'\ndef providers(): {providers}\n"
        )
        (folder / "standin.py").write_text(own)

    def start_runner(self, stderr: Path) -> subprocess.Popen:
        with stderr.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", RUNNER, str(self._folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ},
                start_new_session=True,
            )


@pytest.mark.slow
def test_a_gpu_that_the_probe_finds_is_a_candidate(tmp_path):
    device = WithStandIn(tmp_path, "return ['GPU']")
    found = probe(device, ["openvino", "onnxruntime"], tmp_path / "log.txt")
    assert found.providers["openvino"] == ("GPU",)
    lines = {line.check: line.found for line in device_check.probe_findings(found, "box", None)}
    assert lines["openvino"] == "2026.4, on GPU"
    profile = targets.load("intel-n100")
    assert {rule.options["DEVICE"] for rule in providers.rules(profile, found.providers)} == {"GPU"}
    assert providers.left_out(profile, found.providers) == []


def test_a_driver_that_kills_the_process_costs_no_runtime(tmp_path):
    found = probe(WithStandIn(tmp_path, "os._exit(3)"), ["openvino"], tmp_path / "log.txt")
    assert found.runtimes == {"openvino": "2026.4"}
    assert (found.providers, found.missing) == ({}, {})


def test_what_runtimes_say_here(tmp_path):
    """ONNX Runtime: as its package has them. ncnn has nothing to choose from."""
    import onnxruntime

    with Client(Local(), tmp_path / "log.txt") as client:
        said = {
            name: client.request("providers", 60, runtime=name).providers
            for name in ("onnxruntime", "openvino", "ncnn")
        }
    there = onnxruntime.get_available_providers()
    assert said["onnxruntime"] == ["XNNPACK"] * ("XnnpackExecutionProvider" in there)
    assert set(said["openvino"]) <= {"GPU", "NPU"}
    assert said["ncnn"] == []
