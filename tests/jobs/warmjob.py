"""Jobs of children in the tests of `jobs/warm.py`."""

import os
import sys
import time


def known(_):
    """Whether scikit-learn was there before, and which process this is."""
    before = "sklearn.tree" in sys.modules
    import sklearn.tree  # noqa: F401

    sys.stdout.write("imported\n")
    return {"before": before, "pid": os.getpid()}


def dies(_):
    os.abort()


def sleeps(_):
    time.sleep(60)


def process(_):
    return os.getpid()


def parent(names):
    """Which process it was started by, and which of these modules that had imported."""
    known = [name for name in names or () if name in sys.modules]
    return {"parent": os.getppid(), "known": known}
