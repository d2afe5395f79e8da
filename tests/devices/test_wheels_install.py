"""Wheels for another machine, by this machine's pip."""

from __future__ import annotations

import pytest

from edgeopt.devices import wheels
from edgeopt.domain.errors import NotInstalled
from tests.devices import small_index

pytestmark = pytest.mark.slow


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder in place of pip's index, with one wheel for an ARM of glibc 2.28."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    small_index.wheel(shelf)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    return shelf


def test_a_wheel_of_an_older_glibc_is_taken_without_what_it_depends_on(shelf, tmp_path):
    wheels.install("tiny==1.0", "aarch64", "glibc-2.36", "3.11", tmp_path / "site")
    assert (tmp_path / "site" / "tiny.py").read_text() == "HERE = True\n"


@pytest.mark.parametrize(
    ("requirement", "python", "libc"),
    [("tiny==2.0", "3.11", "glibc-2.36"), ("tiny", "3.12", "glibc-2.36"),
     ("tiny", "3.11", "glibc-2.27")],
)  # fmt: skip
def test_no_wheel_that_fits_is_said_with_pips_own_words(shelf, tmp_path, requirement, python, libc):
    with pytest.raises(NotInstalled, match="No matching distribution found for tiny"):
        wheels.install(requirement, "aarch64", libc, python, tmp_path / "site")
