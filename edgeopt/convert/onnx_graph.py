"""An ONNX file's graph as the quantizer sees it: operators, weights, biases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.convert.bias_correction import POINT, Window
from edgeopt.convert.onnx_prepared import OWN, prepare
from edgeopt.domain.layers import Operator

_WITH_WEIGHTS = ("Conv", "ConvTranspose", "Gemm", "MatMul")


@dataclass(frozen=True)
class Weighted:
    """A Conv of images, or a Gemm, with constant weights and a bias of its own.

    Attributes:
        number: of the operator. input: the tensor that it reads. bias: its initializer.
        weights: [outputs, kernel rows, kernel columns, inputs of a group].
        turned: a Gemm's weights are stored as [inputs, outputs].
        strides, dilations, pads: of a Conv; pads are (top, left, bottom, right).
    """

    number: int
    input: str
    bias: str
    weights: np.ndarray
    groups: int = 1
    turned: bool = False
    conv: bool = True
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)

    def arranged(self, stored: np.ndarray) -> np.ndarray:
        """Weights as a file of this operator stores them, arranged as `weights`."""
        return _arranged(stored, self.conv, self.turned)

    def as_image(self, array: np.ndarray) -> np.ndarray:
        """What it reads of one sample as [rows, columns, channels]."""
        if self.conv:
            return np.moveaxis(array[0], 0, 2)
        return array.reshape(-1, array.shape[-1]).mean(axis=0, dtype=np.float64)[None, None]

    def window(self, shape: Sequence[int]) -> Window:
        """How it moves over an input of a shape [1, channels, rows, columns]."""
        if not self.conv:
            return POINT
        kernel = (int(self.weights.shape[1]), int(self.weights.shape[2]))
        rows, columns = (
            (shape[2 + axis] + self.pads[axis] + self.pads[2 + axis]
             - (kernel[axis] - 1) * self.dilations[axis] - 1) // self.strides[axis] + 1
            for axis in (0, 1)
        )  # fmt: skip
        return Window(kernel, self.strides, self.dilations, self.pads[:2], (rows, columns))


def _arranged(stored: np.ndarray, conv: bool, turned: bool) -> np.ndarray:
    if conv:
        return np.moveaxis(stored, 1, 3)
    return (stored.T if turned else stored)[:, None, None, :]


class Graph:
    """The main graph of an .onnx file, every node with a name of its own."""

    def __init__(self, path: Path) -> None:
        import onnx

        self._onnx = onnx
        self.model: Any = onnx.load(str(path))
        self.main: Any = self.model.graph
        seen: set[str] = set()
        for number, node in enumerate(self.main.node):
            if not node.name or node.name in seen:
                node.name = f"{node.op_type}_{number}"
            seen.add(node.name)
        self._constants = {tensor.name: tensor for tensor in self.main.initializer}
        self._shapes = {
            info.name: [dim.dim_value or 1 for dim in info.type.tensor_type.shape.dim]
            for info in (*self.main.value_info, *self.main.input, *self.main.output)
        }

    def prepare(self) -> None:
        """Rewrite what quantizers take wrongly (see `onnx_prepared`)."""
        prepare(self.model)
        self._constants = {tensor.name: tensor for tensor in self.main.initializer}

    def save(self, path: Path) -> None:
        self._onnx.save_model(self.model, str(path))

    def operators(self) -> tuple[Operator, ...]:
        """In the file's order, which is topological."""
        return tuple(self._operator(node) for node in self.main.node)

    def _operator(self, node: Any) -> Operator:
        moving = [name for name in node.input if name and name not in self._constants]
        weights = [name for name in node.input if name in self._constants]
        computes = node.op_type in _WITH_WEIGHTS and bool(weights)
        return Operator(
            name=node.name,
            label=weights[0].removesuffix(OWN).removesuffix(".weight") if computes else node.name,
            type=node.op_type,
            inputs=tuple(moving),
            outputs=tuple(name for name in node.output if name),
            elements=sum(int(np.prod(self._shapes.get(name, [0]))) for name in node.output),
            computes=computes,
            constants=tuple(weights),
            about=self._about(node) if computes else "",
        )

    def _about(self, node: Any) -> str:
        """What is odd about an operator with weights."""
        axes = next(len(self._constants[n].dims) for n in node.input if n in self._constants)
        if node.op_type == "MatMul" and axes != 2:
            return f"weights of {axes} axes"
        if axes in (3, 5) and node.op_type.startswith("Conv"):
            shape = "1-D" if axes == 3 else "3-D"
            return ", ".join(filter(None, ("grouped" * self._grouped(node), shape)))
        return "grouped" if self._grouped(node) else ""

    @staticmethod
    def _grouped(node: Any) -> bool:
        return any(a.name == "group" and a.i > 1 for a in node.attribute)

    def give_biases(self) -> None:
        """A bias of zeros for each convolution and Gemm with constant weights that has none."""
        for number, node in enumerate(self.main.node):
            if node.op_type not in ("Conv", "Gemm") or node.input[1] not in self._constants:
                continue
            if len(node.input) > 2 and node.input[2]:
                continue
            tensor = self._constants[node.input[1]]
            turned = any(a.name == "transB" and a.i for a in node.attribute)
            outputs = tensor.dims[0 if node.op_type == "Conv" or turned else 1]
            zeros = np.zeros(outputs, self._onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type))
            bias = self._onnx.numpy_helper.from_array(zeros, f"edgeopt/bias/{number}")
            node.input[2:] = [bias.name]
            self.main.initializer.append(bias)
            self._constants[bias.name] = self.main.initializer[-1]

    def weighted(self) -> list[Weighted]:
        """Operators whose bias can be corrected: a bias that no other node reads."""
        readers: dict[str, int] = {}
        for node in self.main.node:
            for name in node.input:
                readers[name] = readers.get(name, 0) + 1
        found = []
        for number, node in enumerate(self.main.node):
            names = list(node.input)
            constant = len(names) > 2 and {names[1], names[2]} <= self._constants.keys()
            if constant and readers[names[2]] == 1 and (one := self._weighted(number, node)):
                found.append(one)
        return found

    def _weighted(self, number: int, node: Any) -> Weighted | None:
        about = {a.name: self._onnx.helper.get_attribute_value(a) for a in node.attribute}
        weights = self._onnx.numpy_helper.to_array(self._constants[node.input[1]])
        same = {"number": number, "input": node.input[0], "bias": node.input[2]}
        if node.op_type == "Gemm":
            plain = not about.get("transA") and about.get("alpha", 1) == about.get("beta", 1) == 1
            turned = not about.get("transB", 0)
            arranged = _arranged(weights, False, turned)
            return Weighted(**same, weights=arranged, turned=turned, conv=False) if plain else None
        padded = about.get("auto_pad", b"NOTSET") in (b"NOTSET", b"VALID")
        if node.op_type != "Conv" or weights.ndim != 4 or not padded:
            return None
        pads = [int(pad) for pad in about.get("pads", (0, 0, 0, 0))]
        return Weighted(
            **same,
            weights=_arranged(weights, True, False),
            groups=int(about.get("group", 1)),
            strides=_pair(about.get("strides")),
            dilations=_pair(about.get("dilations")),
            pads=(pads[0], pads[1], pads[2], pads[3]),
        )

    def add_to_biases(self, changes: Iterable[tuple[str, np.ndarray]]) -> None:
        """Add something to some initializers."""
        for name, change in changes:
            tensor = self._constants[name]
            bias = self._onnx.numpy_helper.to_array(tensor)
            new = (bias + change.reshape(bias.shape)).astype(bias.dtype)
            tensor.CopyFrom(self._onnx.numpy_helper.from_array(new, name))

    def rounded_weights(self, names: Iterable[str]) -> dict[str, np.ndarray]:
        """node -> what its integer weights stand for, of a file with DequantizeLinear nodes."""
        wanted = set(names)
        makers = {output: node for node in self.main.node for output in node.output}
        found = {}
        for node in self.main.node:
            maker = makers.get(node.input[1]) if node.name in wanted else None
            if maker is not None and maker.op_type == "DequantizeLinear":
                found[node.name] = self._dequantized(maker)
        return found

    def _dequantized(self, node: Any) -> np.ndarray:
        data, scale, *zero = (
            self._onnx.numpy_helper.to_array(self._constants[name]) for name in node.input
        )
        axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
        shape = [1] * data.ndim
        if scale.size > 1:
            shape[axis] = scale.size
        offset = zero[0].astype(np.float32).reshape(shape) if zero else np.float32(0)
        real: np.ndarray = (data.astype(np.float32) - offset) * scale.reshape(shape)
        return real

    def show(self, names: Iterable[str]) -> list[str]:
        """Make inner tensors outputs; returns those that are no inputs, each once."""
        given = {value.name for value in self.main.input}
        inner = [name for name in dict.fromkeys(names) if name not in given]
        have = {value.name for value in self.main.output}
        for name in inner:
            if name not in have:
                self.main.output.append(self._onnx.ValueInfoProto(name=name))
        return inner


def _pair(given: Any) -> tuple[int, int]:
    return (int(given[0]), int(given[1])) if given else (1, 1)
