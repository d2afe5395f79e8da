"""Whether a file stores twice what the model uses twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from edgeopt.sources.source import Source
from edgeopt.sources.tied_onnx import SMALLEST_BYTES

#: Bytes of a weight in each float form.
_BYTES = {"fp32": 4, "fp16": 2, "bf16": 2}


def note(source: Source, precision: str, folder: Path) -> tuple[str, ...]:
    """A note where weights that several operators read are in the files more than once.

    Args:
        folder: with the artifact's files and nothing else.
    """
    if precision not in _BYTES or source.onnx is None:
        return ()
    import onnx

    graph = onnx.load(source.onnx).graph
    readers = Counter(name for node in graph.node for name in set(node.input))
    sizes = {tensor.name: len(tensor.raw_data) for tensor in graph.initializer}
    tied = sum(n for name, n in sizes.items() if n >= SMALLEST_BYTES and readers[name] > 1)
    share = _BYTES[precision] / 4
    found = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if not tied or found < share * (sum(sizes.values()) + 0.9 * tied):
        return ()
    return (f"weights that several operators use ({tied} bytes in fp32) are stored for each",)
