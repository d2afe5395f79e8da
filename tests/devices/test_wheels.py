"""Wheels for another machine, by this machine's pip."""

from __future__ import annotations

import zipfile

import pytest

from edgeopt.devices import wheels
from edgeopt.domain.errors import NotInstalled


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder in place of pip's index, with one wheel for an ARM of glibc 2.28."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    files = {
        "tiny.py": "HERE = True\n",
        "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        "Requires-Dist: another\n",
        "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n"
        "Tag: cp311-cp311-manylinux_2_28_aarch64\n",
        "tiny-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(shelf / "tiny-1.0-cp311-cp311-manylinux_2_28_aarch64.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    return shelf


def test_a_wheel_of_an_older_glibc_is_taken_without_what_it_depends_on(shelf, tmp_path):
    log = tmp_path / "pip.log"
    wheels.install("tiny==1.0", tmp_path / "site", "aarch64", "3.11", (2, 36), log)
    assert (tmp_path / "site" / "tiny.py").read_text() == "HERE = True\n"


@pytest.mark.parametrize(
    ("requirement", "python", "glibc"),
    [("tiny==2.0", "3.11", (2, 36)), ("tiny", "3.12", (2, 36)), ("tiny", "3.11", (2, 27))],
)
def test_no_wheel_that_fits_is_said_with_pips_own_words(
    shelf, tmp_path, requirement, python, glibc
):
    log = tmp_path / "pip.log"
    with pytest.raises(NotInstalled, match="No matching distribution found for tiny") as refused:
        wheels.install(requirement, tmp_path / "site", "aarch64", python, glibc, log)
    assert str(log) in refused.value.hint


def test_platforms_are_those_that_the_glibc_allows_best_first():
    found = wheels.platforms("aarch64", (2, 31))
    assert found[0] == "manylinux_2_31_aarch64"
    assert "manylinux_2_28_aarch64" in found
    assert "manylinux_2_34_aarch64" not in found
    assert found[-1] == "manylinux2014_aarch64"
