"""onnx2tf: ONNX to LiteRT, in an environment of its own.

Its pins (onnx, onnxruntime, numpy, psutil) cannot share an environment with the rest. It is
made on first use in the user's cache, from `onnx2tf-constraints.txt` beside this file.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from edgeopt.convert import gemm
from edgeopt.domain.errors import EdgeoptError, NotInstalled
from edgeopt.domain.tensor import TensorSpec
from edgeopt.jobs import disk, interpreter, pip
from edgeopt.jobs.cache import cache, locked, whole

VERSION = "2.6.9"
CONSTRAINTS = Path(__file__).with_name("onnx2tf-constraints.txt")
#: It says Python >= 3.12 but runs on 3.11.
_WANTED = ("--ignore-requires-python", "-c", str(CONSTRAINTS), f"onnx2tf=={VERSION}")


def is_ready() -> bool:
    """Whether its environment is there already."""
    return (_home() / "ready").exists()


def _home() -> Path:
    return cache() / f"onnx2tf-{VERSION}-py{sys.version_info[0]}{sys.version_info[1]}"


def environment() -> Path:
    """The environment's folder, made if it is not there yet (25 to 60 s, 0.7 GB).

    Raises:
        NotInstalled: pip could not make it.
        CannotWrite: there is no room for it.
    """
    folder = _home()
    if (folder / "ready").exists():  # also where this user may not write
        return folder
    with locked(folder):
        if not (folder / "ready").exists():
            with whole(folder) as made:
                _install(made)
                _name_as(made, folder)
                (made / "ready").touch()
    return folder


def _install(folder: Path) -> None:
    install = [str(folder / "bin" / "python"), "-I", "-m", "pip", "install", "--quiet"]
    made = _run(interpreter.command("-m", "venv", str(folder)), folder)
    if made.returncode:
        raise NotInstalled(
            f"onnx2tf {VERSION} needs an environment of its own, and this Python makes none: "
            f"{pip.complaint(made.stderr or made.stdout)}",
            "Debian, Ubuntu, Raspberry Pi OS: sudo apt-get install python3-venv.",
        )
    done = _run([*install, *pip.source(), *_WANTED], folder)
    if done.returncode:
        raise pip.failure(f"onnx2tf {VERSION} could not be installed", done.stderr, _hint())


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Raises CannotWrite where it failed and there is no room."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        full = disk.said(done.stderr, [folder])
        if full is not None:
            raise full
        disk.require_room([folder])  # what venv says of its pip is not handed on
    return done


def _hint() -> str:
    usual = "It turns ONNX into LiteRT and needs pip's index once; or give a PyTorch source."
    if platform.machine() in ("x86_64", "AMD64"):
        return usual
    return (
        f"{usual} psutil and onnxoptimizer, which it needs, have no wheels for "
        f"{platform.machine()}: pip builds them with a compiler, cmake and python3-dev."
    )


def gather(folder: Path) -> None:
    """Put all that its environment is made of into a folder, as wheels for this Python.

    Raises:
        NotInstalled: pip could not get one.
    """
    download = interpreter.command("-m", "pip", "download", "--quiet", "--dest", str(folder))
    # Built from its source a package would need more packages, and a compiler.
    binary = ("--only-binary=:all:", *pip.source())
    done = subprocess.run([*download, *binary, *_WANTED], capture_output=True, text=True)
    if done.returncode:
        raise pip.failure(f"onnx2tf {VERSION} could not be fetched", done.stderr)


def _name_as(made: Path, folder: Path) -> None:
    """Let the scripts of an environment name the Python of the place that it will be moved to."""
    for script in (made / "bin").glob("*"):
        if script.is_file() and not script.is_symlink():
            content = script.read_bytes()
            if content.startswith(b"#!"):
                script.write_bytes(content.replace(bytes(made), bytes(folder)))


def convert(
    model: Path,
    folder: Path,
    inputs: tuple[TensorSpec, ...],
    channels_last: tuple[str, ...] = (),
) -> Path:
    """Convert an ONNX file; returns the float32 .tflite file below `folder`.

    Inputs that are no images keep their layout; 4-D ones become channels last, but for those
    that are so already.

    Raises:
        EdgeoptError: onnx2tf failed, or left an operator that no LiteRT knows.
        NotInstalled: see `environment`.
    """
    home = environment()
    output = folder / "onnx2tf"
    # onnx2tf 2.6.9 rewrites its input file in place, and not always correctly.
    copy = folder / "onnx2tf-input.onnx"
    _write_input(model, copy)
    kept = [
        spec.name
        for spec in inputs
        if (len(spec.shape) != 4 and len(spec.shape) > 1) or spec.name in channels_last
    ]
    command = [str(home / "bin" / "onnx2tf"), "-i", str(copy), "-o", str(output), "-nuo"]
    if kept:
        command += ["-kat", *kept]
    path = f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": ""},
    )
    print(done.stdout[-20000:], done.stderr[-20000:])  # noqa: T201 (the child's log)
    result = output / f"{copy.stem}_float32.tflite"
    if done.returncode or not result.exists():
        raise EdgeoptError(f"onnx2tf failed: {_cause(done.stdout + done.stderr)}")
    custom = [line for line in done.stdout.splitlines() if "Custom ops lowered" in line]
    if custom:
        operators = custom[0].split("onnx_ops=[", 1)[-1].split("]")[0]
        raise EdgeoptError(
            f"onnx2tf has no LiteRT form of {operators} and left a custom operator.",
            "LiteRT cannot run it; a PyTorch source may convert where ONNX does not.",
        )
    final = folder / "float32.tflite"
    shutil.move(result, final)
    shutil.rmtree(output, ignore_errors=True)
    copy.unlink()
    return final


def _write_input(model: Path, copy: Path) -> None:
    import onnx

    loaded = onnx.load(str(model))
    gemm.from_matmul(loaded)
    onnx.save_model(loaded, str(copy))


def _cause(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line or "Error" in line]
    return (errors or lines or ["no message"])[-1][:300]
