"""The aarch64 tree: what goes where, made once, whole or not at all."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from edgeopt.devices import arm_tree
from edgeopt.domain.errors import NotInstalled
from tests.devices import small_mirror
from tests.devices.small_mirror import LIBRARY

LIBZ = small_mirror.package(
    {
        f"{LIBRARY}/libz.so.1.2.13": b"zlib",
        f"{LIBRARY}/engines-3/padlock.so": b"an engine",
        "./usr/share/doc/zlib1g/copyright": b"words",
        "./usr/lib/x86_64-linux-gnu/libz.so.1": b"another machine's",
        "./../../lib/aarch64-linux-gnu/libout.so.1": b"outside",
    },
    {f"{LIBRARY}/libz.so.1": "libz.so.1.2.13", f"{LIBRARY}/libabs.so.1": "/etc/passwd"},
)
PYTHON = small_mirror.package(
    {
        "./usr/bin/python3.11": b"#!/bin/sh\n",
        "./usr/lib/python3.11/os.py": b"pass",
        "./lib/aarch64-linux-gnu/ld-linux-aarch64.so.1": b"the loader",
    },
    {
        "./lib/ld-linux-aarch64.so.1": "aarch64-linux-gnu/ld-linux-aarch64.so.1",
        "./usr/lib/python3.11/sitecustomize.py": "/etc/python3.11/sitecustomize.py",
    },
)
WANTED = arm_tree.Contents(
    layout=1, release="tiny", python="3.11", packages=("zlib1g", "python3.11"), wheels=()
)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "mirror"
    address = small_mirror.write(folder, {"zlib1g": LIBZ, "python3.11": PYTHON})
    monkeypatch.setenv("EDGEOPT_DEBIAN_MIRROR", address)
    return folder


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_files_are_where_they_are_looked_for_and_nothing_else_is_there(mirror):
    folder = arm_tree.tree(wanted=WANTED)
    assert names(folder) == [
        "bin/python3.11", "lib/ld-linux-aarch64.so.1", "lib/libz.so.1", "lib/python3.11/os.py",
        "run", "tree.json",
    ]  # fmt: skip
    assert (folder / "lib" / "libz.so.1").read_bytes() == b"zlib"
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    assert (folder / "bin" / "python3.11").stat().st_mode & 0o111
    assert msgspec.json.decode((folder / "tree.json").read_bytes(), type=type(WANTED)) == WANTED


def test_it_is_made_once_by_whoever_comes_first(mirror):
    told = []
    with ThreadPoolExecutor(4) as pool:
        asked = [
            pool.submit(arm_tree.tree, lambda what, *_: told.append(what), WANTED) for _ in range(4)
        ]
        assert len({one.result() for one in asked}) == 1
    assert sum(what.endswith("done") for what in told) == 1


def test_an_interrupted_attempt_leaves_no_tree_and_goes_on(mirror):
    (mirror / "pool" / "python3.11.deb").rename(mirror / "later.deb")
    with pytest.raises(NotInstalled, match=r"python3\.11\.deb"):
        arm_tree.tree(wanted=WANTED)
    home = mirror.parent / "cache" / "arm"
    assert not list(home.glob("tree-*/"))
    (mirror / "pool" / "zlib1g.deb").unlink()  # it was fetched before
    (mirror / "later.deb").rename(mirror / "pool" / "python3.11.deb")
    assert names(arm_tree.tree(wanted=WANTED))


def test_another_content_is_another_tree(mirror):
    other = msgspec.structs.replace(WANTED, packages=("zlib1g",))
    assert arm_tree.tree(wanted=WANTED) != arm_tree.tree(wanted=other)


def test_the_runtimes_are_of_the_versions_that_are_here():
    from importlib import metadata

    version = metadata.version("onnxruntime")
    assert f"onnxruntime=={version}" in arm_tree.contents().wheels
    assert arm_tree.runtimes()["onnxruntime"] == version


def test_the_start_script_hands_everything_to_its_own_loader(mirror, tmp_path):
    """With a loader that prints its arguments, from a place with a space in its name."""
    folder = arm_tree.tree(wanted=WANTED)
    moved = tmp_path / "another place"
    folder.rename(moved)
    loader = moved / "lib" / "ld-linux-aarch64.so.1"
    loader.write_text('#!/bin/sh\necho "$PYTHONHOME|$PYTHONPATH"\nfor x; do echo "$x"; done\n')
    loader.chmod(0o755)
    done = subprocess.run(
        arm_tree.command(moved, ["-m", "a b"]),
        capture_output=True, text=True, env={"PYTHONPATH": "/r.zip"}, cwd="/", check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        f"{moved}|{moved}/site:/r.zip",
        "--library-path", f"{moved}/lib", f"{moved}/bin/python3.11", "-m", "a b",
    ]  # fmt: skip
