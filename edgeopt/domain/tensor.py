"""What goes in and out of a model, and how an artifact's tensors stand to the source's."""

from __future__ import annotations

from edgeopt.domain.model import Value


class TensorSpec(Value, kw_only=True, frozen=True):
    """One input or output. `shape` holds ints; a source's open dimensions are None."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape with 1 where it is open; a length of 0 stays one."""
        return tuple(1 if dim is None else dim for dim in self.shape)

    def __str__(self) -> str:
        dims = "x".join("?" if d is None else str(d) for d in self.shape)
        return f"{self.name}: {self.dtype}[{dims}]"


class Binding(Value, kw_only=True, frozen=True):
    """How one tensor of the source is given to, or read from, the artifact.

    Attributes:
        source: name of the source's tensor.
        name: name of the artifact's tensor.
        index: its position in the runtime session's list.
        dtype: element type in the artifact, a numpy name.
        shape: shape in the artifact.
        permute: axes that take the source's layout to the artifact's
            (numpy.transpose order), or None where the layout is the same.
        scale, zero_point: quantization of an integer tensor that stands for a
            float one (real = scale * (q - zero_point)), or None.
    """

    source: str
    name: str
    index: int
    dtype: str
    shape: tuple[int, ...]
    permute: tuple[int, ...] | None = None
    scale: float | None = None
    zero_point: int | None = None
