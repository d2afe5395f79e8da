"""What threads share is known to msgspec before they begin."""

import subprocess
import sys

import pytest

SHARED = """
import sys, threading
import msgspec
from edgeopt.domain import model
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.record import Record

sys.setswitchinterval(1e-6)
model.prepare()
begin = threading.Barrier(8)

def read(kind):
    begin.wait()
    try:
        msgspec.json.decode(b"{}", type=kind)
    except msgspec.ValidationError:
        told.append(kind)

told = []
threads = [threading.Thread(target=read, args=(kind,)) for kind in [Artifact, Record] * 4]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert len(told) == 8
"""


@pytest.mark.slow
def test_threads_read_one_kind_at_the_same_time():
    """Without `prepare` such a process ends by a segmentation fault now and then."""
    for _ in range(3):
        subprocess.run([sys.executable, "-c", SHARED], check=True)
