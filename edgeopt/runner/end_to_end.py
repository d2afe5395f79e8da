"""ON THE DEVICE. A session from a photo to its answer: prepared, inferred, decoded in one run."""

from __future__ import annotations

import importlib

import numpy as np

from edgeopt.decoding import HEADS, serving, size_inputs
from edgeopt.runtimes import binding

PACKAGES = ("PIL",)


class EndToEnd:
    """Stands for a session. Its inputs are a photo's bytes, with others behind, and its size."""

    def __init__(self, session, task: dict, bindings: dict, least: float):
        """Args:
        task: as a manifest keeps it. least: score of detections.
        bindings: {"inputs": [...], "outputs": [...]}, how the artifact's tensors stand to the
            source's, with "original_shape" and "original_dtype"; {}: the file is the source
            itself, in names and layout, but for channels that come last.
        """
        self._session, self._parts, self._image = session, [0, 0, 0, 0], _pillow()
        head = HEADS[task["head"]] if task["head"] else ""
        module = importlib.import_module("edgeopt.decoding." + head) if head else None
        self._bindings = bindings or _as_they_are(session)
        given = self._bindings["inputs"]
        inputs = {b["source"]: (b["original_dtype"], tuple(b["original_shape"])) for b in given}
        task = task if bindings else _laid_out(task, inputs)
        self._server = serving.Server(task, module, inputs, self._infer, least)

    def __getattr__(self, name):
        return getattr(self._session, name)

    def run(self, arrays: list) -> list:
        """Prepare, infer and decode one photo: [uint8[bytes], int64[height, width]]."""
        pixels, (height, width) = arrays[0], arrays[1].tolist()
        photo = self._image.fromarray(pixels[: height * width * 3].reshape(height, width, 3))
        served = self._server.image(photo)
        parts = (served.prepare_s, served.infer_s, served.decode_s, served.suppress_s)
        self._parts = [total + int(1e9 * part) for total, part in zip(self._parts, parts)]
        return []

    def parts(self) -> list:
        """Nanoseconds since asked last: preparing, inferring, decoding, and NMS within that."""
        told, self._parts = self._parts, [0, 0, 0, 0]
        return told

    def _infer(self, sample):
        results = self._session.run(binding.feed(sample, self._bindings["inputs"]))
        found = binding.read(results, self._bindings["outputs"])
        for one in self._bindings["outputs"]:
            shape = one.get("original_shape")
            if shape is not None:
                found[one["source"]] = found[one["source"]].reshape(shape)
        return found


def _pillow():
    """Pillow's module of images. Raises ImportError with what to do."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("photos are prepared by Pillow: pip install pillow there") from error
    return Image


def _as_they_are(session):
    """Bindings of a file that says nothing of a source."""
    inputs = [
        {"source": spec["name"], "index": i, "dtype": spec["dtype"], "shape": spec["shape"],
         "original_shape": spec["shape"], "original_dtype": spec["dtype"]}
        for i, spec in enumerate(session.inputs)
    ]  # fmt: skip
    outputs = [{"source": spec["name"], "index": i} for i, spec in enumerate(session.outputs)]
    return {"inputs": inputs, "outputs": outputs}


def _laid_out(task, inputs):
    """The task with its preparation in the layout of a file's input of images.

    Raises:
        ValueError: it is no float32 input of the task's size.
    """
    said = {name: [dtype, *shape] for name, (dtype, shape) in inputs.items()}
    images = [one for name, one in inputs.items() if not size_inputs.known(name, one[1])]
    if len(images) == 1 and task["preparation"]:
        [(dtype, shape)] = images
        height, width = task["preparation"]["size"]
        channels = int(np.prod(shape)) // (height * width)
        forms = {"nchw": (channels, height, width), "nhwc": (height, width, channels)}
        fitting = [name for name, form in forms.items() if tuple(shape[-3:]) == form]
        if fitting and dtype == "float32":
            return {**task, "preparation": {**task["preparation"], "layout": fitting[0]}}
    raise ValueError("no bundle says how its inputs {} are fed".format(said))
