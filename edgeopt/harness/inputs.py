"""The inputs of timed and of profiled runs: a few real samples, taken in turn."""

from __future__ import annotations

from edgeopt.devices.device import Device
from edgeopt.harness.client import Client
from edgeopt.harness.feed import Feed, Inputs
from edgeopt.harness.subject import Subject

INPUTS = 8


def give(device: Device, client: Client, feed: Inputs, subject: Subject, timeout_s: float) -> None:
    """Have the runner read the first `INPUTS` samples, in the form that the artifact takes.

    Of sequences that are single steps, with the states that they meet there.

    Raises:
        RunnerFailed: it did not.
    """
    feed = feed.timed()
    if subject.size and isinstance(feed, Feed):
        feed = feed.cut_to(subject.size)
    files = [device.put(path) for path in feed.files(subject.inputs)]
    there = max(1, len(feed) // subject.items)
    client.request("inputs", timeout_s, files=files, count=min(INPUTS, there))
