"""What a run aims at: the figure that the best of several candidates that keep all limits has."""

from __future__ import annotations

from typing import Literal

Aim = Literal["latency", "p90", "size", "energy", "memory", "throughput"]

AIMS: dict[Aim, str] = {
    "latency": "the median time of an inference",
    "p90": "the time that nine of ten inferences keep",
    "size": "bytes of the artifact",
    "energy": "energy of an inference, where the device measures it",
    "memory": "what the model adds to the memory of its process",
    "throughput": "samples a second, where several may be taken at once",
}
