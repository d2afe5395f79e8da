"""The emulator: found, asked for its cores, or the command that installs it."""

from __future__ import annotations

import pytest

from edgeopt.devices import qemu
from edgeopt.domain.errors import NotInstalled

PRETENDED = """#!/bin/sh
case "$1" in
  --version) echo "qemu-aarch64 version 6.2.0 (Debian 1:6.2)";;
  -cpu) printf 'Available CPUs:\\n  a64fx\\n  cortex-a53\\n  cortex-a72\\n  max\\n';;
esac
"""


def test_without_it_the_one_command_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotInstalled, match="no qemu-aarch64-static on the path") as missing:
        qemu.find()
    assert "apt-get install qemu-user-static" in missing.value.hint


def test_an_old_one_says_which_cores_it_has(monkeypatch, tmp_path):
    program = tmp_path / "qemu-aarch64"
    program.write_text(PRETENDED)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = qemu.find()
    found.needs("cortex-a72")
    assert found.version == "6.2.0"
    with pytest.raises(NotInstalled, match=r"6\.2\.0 has no cortex-a76; it has a64fx, cortex-a53"):
        found.needs("cortex-a76")
