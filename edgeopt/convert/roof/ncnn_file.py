"""The network of `network.py` for ncnn: pointwise convolutions, weights in float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeopt.convert.roof import network

_MAGIC, _FLOAT32 = "7767517", np.zeros(1, np.int32)  # before weights: a tag, 0 for float32


def write(path: Path) -> None:
    """Write the .param file, and the .bin file beside it."""
    lines, parts = [], []
    at = "input"
    side, first = network.SIDE, network.FIRST
    lines.append(f"Input input 0 1 {at} 0={side} 1={side} 2={first}")
    for number, weight in enumerate(network.weights()):
        channels, size = len(weight), weight.size
        made = f"relu{number}"
        # 0: outputs, 1: kernel, 5: bias, 6: weights, 9: activation (1: ReLU)
        lines.append(f"Convolution layer{number} 1 1 {at} {made} 0={channels} 1=1 5=1 6={size} 9=1")
        parts += [_FLOAT32.tobytes(), weight.tobytes(), np.zeros(channels, np.float32).tobytes()]
        at = made
    path.write_text("\n".join([_MAGIC, f"{len(lines)} {len(lines)}", *lines, ""]))
    path.with_suffix(".bin").write_bytes(b"".join(parts))
