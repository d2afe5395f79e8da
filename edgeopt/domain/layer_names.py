"""The names in a source's graph: what a runtime's operators are traced back to."""

from __future__ import annotations

from edgeopt.domain.model import Value


class LayerNames(Value, kw_only=True, frozen=True):
    """Nodes of an ONNX graph.

    Attributes:
        types: node -> its operator ("Conv").
        makers: tensor -> the node that makes it.
        before: node -> the node that makes its first input, where a node does.
    """

    types: dict[str, str]
    makers: dict[str, str]
    before: dict[str, str]

    def node(self, name: str) -> str | None:
        """The node of that name, or that makes the tensor of that name."""
        return name if name in self.types else self.makers.get(name)
