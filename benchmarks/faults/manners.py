"""How whole commands end: full and read-only disks, readers that go away, Ctrl-C, little memory.

    python -m benchmarks.faults.manners FOLDER [PART OF A NAME ...]

A case is a line of FOLDER/manners.jsonl and is not run twice. Disks are mounted, so they need root.
About 20 minutes on 2 idle cores.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.small import linear, one_runtime
from edgeopt.jobs import interpreter

EDGEOPT = shlex.join(interpreter.command("-m", "edgeopt"))
OPTIMIZE = "optimize model.onnx --target ./one.toml --data data.npz --quick --out"
LIMIT_S = 300.0


@dataclass(frozen=True)
class Case:
    """One line of a shell, in a folder with a model, its data and a finished run `run`.

    Attributes:
        codes: the exit codes that are right. interrupt_s: when Ctrl-C comes.
        disk: a disk of its own is mounted at `disk`: "full", "read-only".
        says: a pattern of what it must say.
    """

    name: str
    line: str
    codes: tuple[int, ...] = (0,)
    interrupt_s: float | None = None
    disk: str = ""
    says: str = ""


def cases() -> Iterator[Case]:
    """Every case."""
    bench = "bench run/one/model.onnx --quick --out"
    readers = {"report run": 0, f"{OPTIMIZE} piped": 0, "targets": 0, "doctor": 0, "explain run": 2}
    for line, code in readers.items():
        for pipe in ("| head -1", "2>&1 | true", ">&- 2>&- <&-", "> out.txt 2>&-"):
            yield Case(
                f"{line} {pipe}", f"{{}} {line} {pipe}", (code, 1) if "doctor" in line else (code,)
            )
    for kind, words in (
        ("full", "no room is left"),
        ("read-only", "[Rr]ead-only|cannot be written"),
    ):
        for line in (f"{bench} disk/b.json", "report disk/run", f"{OPTIMIZE} disk/o"):
            yield Case(f"{line} {kind}", f"{{}} {line}", (2,), disk=kind, says=words)
        add = "EDGEOPT_CONFIG=$PWD/disk {} devices remove x"
        yield Case(f"devices remove {kind}", add, (2,), disk=kind, says=words)
        yield Case(f"tmp {kind}", f"TMPDIR=$PWD/disk {{}} {bench} b.json", (0, 2), disk=kind)
    for line in (f"{OPTIMIZE} stopped", f"{bench} b.json", "explain run", "doctor"):
        for moment in (0.6, 1.5, 3.0, 6.0):
            yield Case(f"{line} Ctrl-C {moment}", f"exec {{}} {line}", (130, 0, 1, 2), moment)
    for gib in (0.06, 0.1, 0.15, 0.2):
        line = f"EDGEOPT_MEMORY_GIB={gib} {{}} {OPTIMIZE} m{gib}"
        yield Case(f"memory {gib}", line, (0, 1, 2))
    yield Case("memory x", f"EDGEOPT_MEMORY_GIB=x {{}} {OPTIMIZE} mx", (2,), says="no amount")


def main() -> None:
    """Runs what has not been run, and says what was wrong."""
    folder, asked = Path(sys.argv[1]).resolve(), sys.argv[2:]
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "manners.jsonl"
    known = (
        {json.loads(line)["name"] for line in kept.read_text().splitlines()}
        if kept.exists()
        else set()
    )
    work = _prepared(folder)
    for case in cases():
        if case.name in known or not all(part in case.name for part in asked):
            continue
        row = _run(case, work)
        with kept.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{'wrong' if row['wrong'] else 'right':6}{row['code']:4} {case.name} {row['wrong']}")
    rows = [json.loads(line) for line in kept.read_text().splitlines()]
    print(f"{len(rows)} cases, {sum(bool(row['wrong']) for row in rows)} wrong")


def _prepared(folder: Path) -> Path:
    """The model, its data and a run of it."""
    work = folder / "work"
    if not (work / "run" / "report.html").exists():
        work.mkdir(exist_ok=True)
        linear(work, 5, 16, 1.0, 400)
        one_runtime(work)
        subprocess.run(
            ["bash", "-c", f"{EDGEOPT} {OPTIMIZE} run"], cwd=work, check=True, env=_environment()
        )
    return work


def _environment() -> dict[str, str]:
    return interpreter.environment()


def _run(case: Case, work: Path) -> dict[str, object]:
    disk = work / "disk"
    if case.disk:
        disk.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)], check=True)
        subprocess.run(
            ["cp", "-r", str(work / "run"), str(disk)], check=False, stderr=subprocess.DEVNULL
        )
        (disk / "devices.toml").write_text('v = 1\n[devices.x]\nlink = "ssh://pi@host"\n')
        if case.disk == "full":
            (disk / "fill").write_bytes(b"")
            subprocess.run(["dd", "if=/dev/zero", f"of={disk}/fill"], stderr=subprocess.DEVNULL)
        else:
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    try:
        return _ended(case, work)
    finally:
        if case.disk:
            subprocess.run(["umount", str(disk)], check=True)


def _ended(case: Case, work: Path) -> dict[str, object]:
    """What one case came to."""
    line = case.line.format(EDGEOPT)
    if "|" in line:
        line += "; exit ${PIPESTATUS[0]}"
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            ["bash", "-c", line],
            cwd=work,
            stdout=said,
            stderr=said,
            env=_environment(),
            start_new_session=True,
        )
        try:
            if case.interrupt_s is not None:
                time.sleep(case.interrupt_s)
                process.send_signal(signal.SIGINT)
            code = process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        code = 128 - code if code < 0 else code  # as a shell tells what a signal ended
        said.seek(0)
        text = said.read().decode(errors="replace")
    return {
        "name": case.name,
        "code": code,
        "wrong": _wrong(case, code, text),
        "said": text[-2000:],
    }


def _wrong(case: Case, code: int, text: str) -> str:
    if "Traceback" in text:
        return "a traceback"
    if code not in case.codes:
        return f"code {code}"
    return "" if re.search(case.says, text) else f"does not say {case.says}"


if __name__ == "__main__":
    main()
