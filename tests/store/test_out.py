"""Places that no run can be written to are refused in a sentence, without a trace."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.store.out import check_free, check_writable


def refusal(path) -> str:
    with pytest.raises(BadInput) as caught:
        check_free(path)
    assert "--out" in caught.value.hint
    assert len(caught.value.args[0]) < 400
    return caught.value.args[0]


def test_names_and_paths_that_are_too_long(tmp_path):
    assert "File name too long" in refusal(tmp_path / ("n" * 256))
    assert "File name too long" in refusal(tmp_path / ("ü" * 128))
    deep = tmp_path.joinpath(*["d" * 200] * 20)  # the path itself is just short enough
    assert "with what a run writes below it 4,096 would be passed" in refusal(deep)
    assert "too long" in refusal(tmp_path.joinpath(*["d" * 200] * 30))
    check_free(tmp_path / ("n" * 255))
    check_free(tmp_path.joinpath(*["d" * 200] * 18))


def test_links_in_a_circle(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "c").symlink_to("c")
    for path in ("a", "b/run", "c/x"):
        assert refusal(tmp_path / path).endswith("its links lead in a circle.")


def test_what_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "to-file").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "file", tmp_path / "to-file", tmp_path / "pipe", "/dev/null"):
        assert "is not a writable folder" in refusal(tmp_path / path)
    assert "is not a writable folder" in refusal(tmp_path / "file" / "run")
    assert "embedded null" in refusal(tmp_path / "a\0b")


def test_files_of_somebody_else(tmp_path):
    (tmp_path / "thesis.tex").touch()
    assert "is not empty and holds no run" in refusal(tmp_path)
    for mark in (".begun", "run.json"):
        (tmp_path / mark).touch()
        check_free(tmp_path)
        (tmp_path / mark).unlink()


def test_a_disk_that_is_read_only(tmp_path, mount):
    place = mount(tmp_path / "ro", "ro")
    assert refusal(place / "run").endswith(f"{place} is read-only.")
    with pytest.raises(BadInput, match="is read-only"):
        check_writable(place)


#: Imported before: another user may not read the package.
LOOK = """
import os, sys
from pathlib import Path
from edgeopt.store.out import check_free
os.setuid(65534)
try:
    check_free(Path(sys.argv[1]))
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_folder_of_another_user(tmp_path):
    if os.getuid():
        pytest.skip("only root can become another user")
    (tmp_path / "closed").mkdir(mode=0o755)
    for folder in (tmp_path, *list(tmp_path.parents)[:-2]):
        folder.chmod(0o755)
    command = [sys.executable, "-c", LOOK, str(tmp_path / "closed" / "run")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "BadInput" in done.stdout, done.stderr
    assert "is not a writable folder" in done.stdout
