"""How every command ends where something goes wrong that no room foresaw."""

from __future__ import annotations

import errno
import io
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import edgeopt.__main__
from edgeopt import faults, streams
from edgeopt.cli import cli
from edgeopt.jobs import interpreter

MODEL = ("tiny.onnx", "--target", "this-machine", "--data", "tiny.npz")
#: Every command, and the first thing of a room below that it calls.
COMMANDS = {
    "optimize": (("optimize", *MODEL), "edgeopt.pipeline.optimize.optimize"),
    "compare": (("compare", *MODEL), "edgeopt.pipeline.optimize.optimize"),
    "report": (("report", "run"), "edgeopt.store.run_folder.read"),
    "explain": (("explain", "run"), "edgeopt.benchmarking.explaining.explain"),
    "bench": (("bench", "tiny.onnx"), "edgeopt.benchmarking.side_by_side.bench"),
    "bench --streams": (
        ("bench", "a.onnx", "--streams", "2"),
        "edgeopt.benchmarking.modes.run_mode",
    ),
    "doctor": (("doctor",), "edgeopt.benchmarking.machine_check.doctor"),
    "devices": (("devices",), "edgeopt.devices.registry.entries"),
    "devices list": (("devices", "list"), "edgeopt.devices.registry.entries"),
    "devices add": (("devices", "add", "pi", "ssh://pi@host"), "edgeopt.harness.probing.probe"),
    "devices check": (("devices", "check", "local"), "edgeopt.harness.device_check.check"),
    "devices setup": (("devices", "setup", "ssh://pi@host"), "edgeopt.devices.setup.setup"),
    "devices remove": (("devices", "remove", "pi"), "edgeopt.devices.registry.remove"),
    "targets": (("targets",), "edgeopt.targets.names"),
    "targets show": (("targets", "show", "pixel-8"), "edgeopt.targets.load"),
    "targets schema": (("targets", "schema"), "edgeopt.targets.json_schema"),
}  # fmt: skip


@pytest.fixture
def ended(monkeypatch, tmp_path, capsys):
    """Runs a command whose first step raises; gives (exit code, what was said)."""
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("EDGEOPT_CONFIG", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)

    def run(command, error):
        arguments, function = COMMANDS[command]

        def fails(*_, **__):
            raise error

        monkeypatch.setattr(function, fails)
        with pytest.raises(SystemExit) as end:
            cli.main(list(arguments))
        return end.value.code, capsys.readouterr().err

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_a_mistake_of_edgeopts_own_is_told_as_that(command, ended):
    code, said = ended(command, KeyError("x"))
    assert code == 70
    assert "edgeopt itself failed: KeyError: 'x' (edgeopt/" in said
    assert f"It happened in `edgeopt {command.split()[0]}`" in said
    assert "Traceback" not in said
    file = Path(re.search(r"its traceback is in (\S+)", said)[1])
    assert "Traceback" in file.read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_foreseen(command, ended):
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/mnt/run.json")
    code, said = ended(command, error)
    assert code == 2
    assert said.startswith("error: no room was left on the disk of /mnt when it was written to (")
    assert ".\n  Make room there" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_is_one_sentence(command, ended):
    code, said = ended(command, KeyboardInterrupt())
    assert code == 130
    resumes = command in ("optimize", "compare")
    assert said.splitlines()[-1] == f"stopped{'; the same command again goes on' * resumes}"


def test_ctrl_c_before_there_is_a_command_is_one_word(monkeypatch, capsys):
    def comes():
        raise KeyboardInterrupt

    monkeypatch.setattr(interpreter, "start", comes)
    with pytest.raises(SystemExit) as end:
        edgeopt.__main__.main()
    assert (end.value.code, capsys.readouterr().err) == (130, "stopped\n")


@pytest.mark.parametrize(
    "number",
    ["EACCES", "EPERM", "ENAMETOOLONG", "ELOOP", "ENOTDIR",
     "EISDIR", "EMFILE", "EIO", "ENOMEM"],
)  # fmt: skip
def test_what_the_system_refuses_is_foreseen(number, ended):
    code, said = ended("report", OSError(getattr(errno, number), "said so", "/a\x1b[31mb"))
    assert code == 2
    assert said.startswith("error: /a\\x1b[31mb: said so.\n  ")


def _numpy_refuses():
    try:
        np.zeros(3).reshape(2, 2)
    except ValueError as error:
        return error


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (RecursionError("too deep"), 70, "RecursionError: too deep"),
        (UnicodeEncodeError("ascii", "é", 0, 1, "no"), 70, "UnicodeEncodeError"),
        (FileNotFoundError(errno.ENOENT, "gone", "x"), 70, "FileNotFoundError"),
        (_numpy_refuses(), 70, "cannot reshape"),
        (MemoryError(), 2, "needed more memory than it could get"),
    ],
)
def test_any_other_fault_ends_with_the_code_that_it_deserves(error, code, words, ended):
    found, said = ended("targets", error)
    assert (found, words in said) == (code, True)
    assert "Traceback" not in said


def test_a_current_folder_that_is_gone_is_told(monkeypatch, tmp_path, capsys):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(SystemExit) as end:
        cli.main(["report", "run"])
    assert end.value.code == 2
    assert "the current folder is gone" in capsys.readouterr().err


def test_a_write_that_names_no_file_says_what_was_being_done(ended):
    code, said = ended("report", OSError(errno.ENOSPC, "No space left on device"))
    assert code == 2
    assert said.startswith("error: no room was left on a disk when it was written to (")
    assert "It happened in `edgeopt report`" in said


def test_where_no_file_can_be_written_the_traceback_can_still_be_had(monkeypatch, tmp_path):
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("edgeopt.faults._write", _refuses)
    assert "--debug" in faults.told(KeyError("x"), "edgeopt report", "").hint


def _refuses(*_):
    raise OSError(errno.ENOSPC, "full")


def test_old_tracebacks_go(monkeypatch, tmp_path):
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path))
    (tmp_path / "faults").mkdir()
    for number in range(40):
        (tmp_path / "faults" / f"edgeopt-20200101-0000{number:02}-1.txt").write_text("old")
    faults.told(KeyError("x"), "edgeopt report", "")
    left = sorted(path.name for path in (tmp_path / "faults").iterdir())
    assert len(left) == 20
    assert left[-1] > "edgeopt-2021"


@pytest.mark.parametrize(
    "typed",
    [("--\x1b[31mx",), ("report", "--\u202ex"), ("dev\nices",), ("bench", "a", "--seed", "\x9b2J")],
)
def test_errors_of_usage_obey_nothing(typed, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(list(typed))
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert not re.search("[\x1b\x9b\u202e]", said)
    assert any(sign in said for sign in ("\\x1b", "\\u202e", "dev\\nices", "\\x9b"))


def test_a_name_that_is_no_utf8_is_refused(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["report", "a\udcff"])
    assert end.value.code == 2
    assert "is not UTF-8 text: 'a\\udcff'" in capsys.readouterr().err


# --- streams


def written(number: int, text: str, encoding: str = "utf-8"):
    """What a mended stream on a descriptor does with a text."""
    stream = streams._mended(number, io.TextIOWrapper(io.BytesIO(), encoding))
    stream.write(text)
    stream.flush()
    return stream


def test_a_reader_that_goes_away_ends_nothing():
    reading, writing = os.pipe()
    os.close(reading)
    stream = written(writing, "one\n")
    print("two", file=stream)  # goes nowhere, and fails no more
    assert stream.buffer.raw.failed is None
    os.close(writing)


def test_a_slow_reader_is_waited_for():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    whole = "x" * 300_000  # more than a pipe holds
    found = []
    reader = threading.Thread(
        target=lambda: found.extend(iter(lambda: os.read(reading, 9999), b""))
    )
    reader.start()
    stream = written(writing, whole)
    assert stream.buffer.raw.failed is None
    os.close(writing)
    reader.join(20)
    assert b"".join(found).decode() == whole


def test_a_full_device_is_remembered():
    stream = written(os.open("/dev/full", os.O_WRONLY), "one\n")
    assert stream.buffer.raw.failed.errno == errno.ENOSPC


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "✓ 1.83× ≈ −0.3 → 模 ⠋"),
        ("ascii", "v 1.83x ~ -0.3 > \\u6a21 *"),
        ("latin-1", "v 1.83× ~ -0.3 > \\u6a21 *"),
    ],
)
def test_signs_have_likes_where_there_is_no_unicode(encoding, shown, tmp_path):
    streams.codecs.register_error(streams._HANDLER, streams._plain)
    path = tmp_path / "out"
    written(os.open(path, os.O_CREAT | os.O_WRONLY), "✓ 1.83× ≈ −0.3 → 模 ⠋", encoding)
    assert path.read_bytes().decode(encoding) == shown


EDGEOPT = f"{sys.executable} -m edgeopt.cli"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{} targets schema | true; exit ${{PIPESTATUS[0]}}", 0),
        ("{} targets schema 2>&1 >/dev/full", 2),
        ("{} targets schema >&- 2>&- <&-", 0),
        ("{} report nowhere 2>&-", 2),
        ("{} --help | true; exit ${{PIPESTATUS[0]}}", 0),
        ("PYTHONIOENCODING=ascii {} targets show pixel-8", 0),
    ],
)
def test_streams_of_a_shell(line, code, tmp_path):
    command = ["bash", "-c", line.format(EDGEOPT)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=env)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stdout + done.stderr
