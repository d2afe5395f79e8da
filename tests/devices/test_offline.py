"""Own indexes and proxies, an index that does not answer, and a folder in place of the network."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest

from edgeopt.convert import onnx2tf
from edgeopt.devices import arm_tree, debian, offline, wheels
from edgeopt.domain.errors import BadInput, NotInstalled
from edgeopt.jobs import pip
from tests.devices import small_index, small_mirror

ARM = ("aarch64", "glibc-2.36", "3.11")
ELSEWHERE = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "HTTP_PROXY", "HTTPS_PROXY",
             "http_proxy", "https_proxy", "NO_PROXY", "no_proxy", "EDGEOPT_OFFLINE")  # fmt: skip


@pytest.fixture
def clean(monkeypatch):
    """No settings of this machine's own for pip and proxies; one attempt is enough."""
    for name in ELSEWHERE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_RETRIES", "1")
    return monkeypatch


@pytest.fixture
def server(tmp_path):
    with small_index.served(small_index.wheel(tmp_path)) as found:
        yield found


@pytest.mark.slow
def test_an_own_index_is_asked(clean, server, tmp_path):
    clean.setenv("PIP_INDEX_URL", f"{server.address}/simple")
    wheels.install("tiny", *ARM, tmp_path / "site")
    assert (tmp_path / "site" / "tiny.py").exists()
    assert server.asked


@pytest.mark.slow
def test_a_proxy_is_gone_through(clean, server, tmp_path):
    clean.setenv("HTTP_PROXY", server.address)
    clean.setenv("PIP_INDEX_URL", "http://packages.example/simple")
    clean.setenv("PIP_TRUSTED_HOST", "packages.example")
    wheels.download("tiny", *ARM, tmp_path / "wheels")
    assert (tmp_path / "wheels" / small_index.WHEEL).exists()
    assert "GET packages.example/simple/tiny/" in server.asked


@pytest.mark.slow
def test_a_proxy_that_lets_nobody_through_is_told_in_one_sentence(clean, server, tmp_path):
    clean.setenv("HTTPS_PROXY", server.address)
    clean.setenv("PIP_INDEX_URL", "https://me:secret@packages.example/simple")
    with pytest.raises(NotInstalled, match=r"at packages\.example cannot be reached") as caught:
        wheels.install("tiny", *ARM, tmp_path / "site")
    assert "CONNECT packages.example:443" in server.asked
    assert "PIP_INDEX_URL" in caught.value.hint
    assert "secret" not in str(caught.value)


def test_debian_s_mirror_is_asked_through_the_proxy(clean, server):
    clean.setenv("http_proxy", server.address)
    clean.setenv("EDGEOPT_DEBIAN_MIRROR", "http://mirror.example/debian")
    with pytest.raises(NotInstalled, match="Not Found"):
        debian.find("bookworm", "arm64", ["libc6"])
    assert server.asked == ["GET mirror.example/debian/dists/bookworm/InRelease"]


NOBODY = "http://127.0.0.1:9/simple"
FACTS = {"bits": 64, "version": [3, 11], "arch": "aarch64", "libc": "glibc-2.36"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "fetch",
    [
        lambda folder: wheels.install("tiny", *ARM, folder),
        lambda folder: wheels.fetch(("tiny",), FACTS, folder),
        lambda folder: onnx2tf.gather(folder),
    ],
    ids=["ARM files", "boards", "onnx2tf"],
)
def test_an_index_that_does_not_answer_is_told_in_one_sentence(clean, tmp_path, fetch):
    clean.setenv("PIP_INDEX_URL", NOBODY)
    with pytest.raises(NotInstalled) as caught:
        fetch(tmp_path)
    said = str(caught.value.args[0])
    assert said.endswith("the package index at 127.0.0.1:9 cannot be reached.")
    assert "\n" not in said
    for word in ("PIP_INDEX_URL", "HTTPS_PROXY", "edgeopt setup --offline", "EDGEOPT_OFFLINE"):
        assert word in caught.value.hint


@pytest.fixture
def arm(tmp_path, clean):
    """The ARM files of a small world: one package of Debian's, one wheel."""
    package = small_mirror.package({"./usr/lib/python3.11/os.py": b"pass"}, {})
    mirror = small_mirror.write(tmp_path / "mirror", {"python3.11": package})
    clean.setenv("EDGEOPT_DEBIAN_MIRROR", mirror)
    clean.setenv("EDGEOPT_CACHE", str(tmp_path / "cache"))
    wanted = arm_tree.Contents(
        layout=1, release="tiny", python="3.11", packages=("python3.11",), wheels=("tiny==1.0",)
    )
    clean.setattr(arm_tree, "contents", lambda: wanted)
    clean.setattr(onnx2tf, "gather", lambda folder: None)
    return wanted


@pytest.mark.slow
def test_what_was_gathered_serves_without_a_network(arm, clean, server, tmp_path):
    clean.setenv("PIP_INDEX_URL", f"{server.address}/simple")
    folder = tmp_path / "gathered"
    found = {one.check: one for one in offline.gather(folder, ["raspberry-pi-5"], [])}
    assert (found["onnx2tf"].state, found["ARM files"].state) == ("ok", "ok")
    clean.setenv("PIP_INDEX_URL", NOBODY)
    clean.setenv("EDGEOPT_DEBIAN_MIRROR", "http://127.0.0.1:9/debian")
    with pytest.raises(NotInstalled):
        arm_tree.tree()
    clean.setenv("EDGEOPT_OFFLINE", str(folder))
    made = arm_tree.tree()
    assert (made / "site" / "tiny.py").exists()
    assert (made / "lib" / "python3.11" / "os.py").read_bytes() == b"pass"


@pytest.mark.slow
def test_a_runtime_without_wheels_for_boards_is_a_failed_line(clean, server, tmp_path, monkeypatch):
    clean.setenv("PIP_INDEX_URL", f"{server.address}/simple")
    monkeypatch.setattr(onnx2tf, "gather", lambda folder: None)
    monkeypatch.setattr(offline, "_arm_files", lambda folder: None)
    monkeypatch.setattr(offline, "_runtime", lambda name, *_: offline._part(name, list, print))
    found = {one.check: one for one in offline.gather(tmp_path, ["raspberry-pi-5"], ["3.11"])}
    numpy = found["numpy, Python 3.11"]  # the index has `tiny` alone
    assert numpy.state == "failed"
    assert "No matching distribution found for numpy" in numpy.found
    assert found["litert"].state == "ok"


def gathered(folder: Path, python: str) -> str:
    (folder / "wheels").mkdir(parents=True)
    made = pip.Gathered(python=python, arch="x86_64")
    (folder / "offline.json").write_bytes(msgspec.json.encode(made))
    return str(folder)


@pytest.mark.slow
def test_what_was_not_gathered_is_told_with_what_the_folder_is_for(clean, tmp_path):
    clean.setenv("EDGEOPT_OFFLINE", gathered(tmp_path / "gathered", "3.14"))
    with pytest.raises(NotInstalled, match="No matching distribution found for tiny") as caught:
        wheels.install("tiny", *ARM, tmp_path / "site")
    assert "Python 3.14 on x86_64" in caught.value.hint


def test_a_folder_that_was_never_gathered_is_refused(clean, tmp_path):
    clean.setenv("EDGEOPT_OFFLINE", str(tmp_path))
    with pytest.raises(BadInput, match=r"has no offline\.json") as caught:
        pip.source()
    assert "edgeopt setup --offline" in caught.value.hint


def test_a_line_for_each_part_and_what_comes_next(arm, clean, tmp_path, capsys):
    from edgeopt.cli import cli

    with pytest.raises(SystemExit) as ended:
        cli(["setup", "--offline", str(tmp_path / "gathered")])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert "onnx2tf" in said
    assert "ARM files" not in said  # no target of ARM was named
    assert f"EDGEOPT_OFFLINE={tmp_path / 'gathered'} edgeopt" in said


def test_pip_s_environment_is_made_of_what_was_gathered(clean, tmp_path):
    clean.setenv("EDGEOPT_OFFLINE", gathered(tmp_path / "gathered", "3.11"))
    clean.setenv("EDGEOPT_CACHE", str(tmp_path / "cache"))
    asked = []

    def run(command, **options):
        asked.append(command)
        return subprocess.CompletedProcess(command, len(asked) - 1, "", "ERROR: nothing there")

    clean.setattr(onnx2tf.subprocess, "run", run)
    with pytest.raises(NotInstalled, match=r"could not be installed from .*: nothing there"):
        onnx2tf.environment()
    assert "--no-index" in asked[1]
    assert str(tmp_path / "gathered" / "wheels") in asked[1]
