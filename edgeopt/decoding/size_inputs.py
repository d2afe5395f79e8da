"""ON THE DEVICE AND HOST. Inputs beside the image that tell a detector how large the image was.

Some exporters put the way back to the original image into the graph. Here `placement` does that, so
that the graph is told that the image is as large as the input: its boxes are the input's then.
"""

from __future__ import annotations

import numpy as np

#: Name -> "xy" (width, height), "yx" (height, width) or "one" (no scale), as RT-DETR's and D-FINE's
#: `export_onnx.py`, PaddleDetection's exports and the YOLOv3 of ONNX's model zoo mean it.
MEANINGS = {
    "orig_target_sizes": "xy",
    "im_shape": "yx",
    "scale_factor": "one",
    "image_shape": "yx",
}


def known(name, shape):
    """Whether an input of a name and shape is one: two numbers, with or without a batch axis."""
    sizes = [size for size in shape if isinstance(size, int) and size != 1]
    return name in MEANINGS and sizes == [2]


def value(name, size, dtype):
    """[2] of such an input; size: (height, width) of the input that takes the image."""
    height, width = (int(side) for side in size)
    told = {"xy": (width, height), "yx": (height, width), "one": (1, 1)}
    return np.array(told[MEANINGS[name]], dtype)
