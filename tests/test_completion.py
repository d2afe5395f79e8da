"""Completion in a shell, as click's own protocol asks for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
START = "from edgeopt.cli import cli; cli.main(prog_name='edgeopt')"


def asked(mode, **env):
    done = subprocess.run(
        [sys.executable, "-c", START],
        env={**os.environ, "PYTHONPATH": str(ROOT), "_EDGEOPT_COMPLETE": mode, **env},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def completed(*words):
    """What bash is told after these words, the last of which is unfinished."""
    told = asked("bash_complete", COMP_WORDS=" ".join(words), COMP_CWORD=str(len(words) - 1))
    return [line.partition(",")[2] for line in told.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("edgeopt", "opt"), ["optimize"]),
        (("edgeopt", "optimize", "--max-p"), ["--max-p90"]),
        (("edgeopt", "optimize", "--for", "th"), ["throughput"]),
        (("edgeopt", "optimize", "--target", "raspberry-pi-5"), ["raspberry-pi-5"]),
        (("edgeopt", "optimize", "--runtime", "litert,onnxr"), ["litert,onnxruntime"]),
        (("edgeopt", "compare", "--not", "int8-s"), ["int8-static"]),
    ],
)
def test_names_are_completed(words, offered):
    found = completed(*words)
    assert set(offered) <= set(found)
    assert all(one.startswith(words[-1]) for one in found)


@pytest.mark.slow
def test_bash_takes_the_script():
    script = asked("bash_source")
    done = subprocess.run(
        ["bash", "-c", f"{script}\ncomplete -p edgeopt"], capture_output=True, text=True, check=True
    )
    assert "-F _edgeopt_completion edgeopt" in done.stdout
