"""Resident memory without an emulator's; tests/pipeline/test_emulation.py has the emulated side."""

import pytest

from edgeopt.runner import memory

MB = 1 << 20


def test_without_an_emulator_it_is_all_that_is_resident():
    assert memory.own_rss_bytes() == pytest.approx(memory.rss_bytes(), rel=0.02)


def test_it_grows_by_what_is_taken():
    before = memory.own_rss_bytes()
    ballast = bytearray(b"x") * (64 * MB)
    assert memory.own_rss_bytes() - before == pytest.approx(len(ballast), abs=4 * MB)
