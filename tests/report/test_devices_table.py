"""`edgeopt devices list`: what is copied from it is on one line."""

from __future__ import annotations

import io

import pytest

from edgeopt.domain.device import DeviceEntry
from edgeopt.report import devices_table
from edgeopt.report.shown import Console

LINKS = {
    "pi5": "ssh://pi@raspberrypi.local",
    "bench-3": "ssh://measurement@[2001:db8:85a3:8d3:1319:8a2e:370:7348]:22022",
    "a-name-that-somebody-took-great-care-to-make-say-everything": "ssh://pi@[fe80::1%eth0]",
    "phone": "adb://adb-39061FDJG0012K-x9ZKlw._adb-tls-connect._tcp",
}
PYTHON = "/opt/pyenv/versions/3.11.9/bin/python3"


@pytest.mark.parametrize("width", [80, 100, 400])
def test_a_link_is_on_one_line(width):
    devices = {
        name: DeviceEntry(link=link, target="raspberry-pi-5", python=PYTHON)
        for name, link in LINKS.items()
    }
    stream = io.StringIO()
    Console(file=stream, width=width).print(devices_table.listing(devices))
    words = [line.split() for line in stream.getvalue().splitlines()]
    for name, link in LINKS.items():
        for one in (name, link, "raspberry-pi-5"):
            assert any(one in line for line in words), stream.getvalue()
    assert any(PYTHON in word for line in words for word in line)
