"""An exported program as a module of layers again, which can be pruned and trained.

`torch.export` leaves calls of functions on loose tensors. What knows a layer by its type
(torch-pruning's dependency graph, batch norm that learns) needs the layers themselves, so the
calls that own weights become `nn` modules; everything else stays the call that it was.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.compress.layers import makers
from edgeopt.domain.errors import BadInput
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import told
from edgeopt.runtimes import exported

if TYPE_CHECKING:
    import torch
    from torch.fx import GraphModule


#: In a module's `meta`: the weights that several calls share.
TIED = "tied"


def read(path: Path) -> GraphModule:
    """The program in a file as a module of layers, batch free, in evaluation mode.

    Raises:
        BadInput: it holds control flow, or is no program.
    """
    import torch

    program = exported.written(str(path))
    if any(isinstance(node.target, torch._ops.HigherOrderOperator) for node in program.graph.nodes):
        raise BadInput(
            "it holds control flow (torch.cond, a loop or the like), which cannot be pruned or "
            "trained as a graph.",
            "Export it without, or leave the compression out.",
        )
    try:
        return rebuild(program.module(check_guards=False))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        otherwise = BadInput(f"its graph cannot be made into layers: {first_line(error)}")
        raise told(error, otherwise) from error


def rebuild(program: torch.nn.Module) -> GraphModule:
    """A graph of function calls with its weights moved into layers of their own."""
    import torch

    graph: Any = program.graph
    root = torch.nn.Module()
    builder = _Builder(program, root)
    for node in list(graph.nodes):
        if node.op == "call_module":  # guards on shapes
            graph.erase_node(node)
        elif node.op == "call_function":
            builder.layer(node)
    for node in list(graph.nodes):
        if node.op == "get_attr":
            if node.users:
                builder.keep(node)
            else:  # a layer has it now
                graph.erase_node(node)
    _free_batch(graph)
    module = torch.fx.GraphModule(root, graph)
    for parameter in module.parameters():
        parameter.requires_grad_(parameter.is_floating_point())
    module.meta[TIED] = sorted(builder.shared)
    return module.eval()


class _Builder:
    """Puts layers in the place of calls.

    A weight that several calls share stays a loose tensor in all of them: as layers they would
    be pruned apart.
    """

    def __init__(self, program: Any, root: torch.nn.Module) -> None:
        self.program, self.root, self.count = program, root, 0
        self.makers = makers()
        users: dict[str, list[Any]] = {}
        for node in program.graph.nodes:
            if node.op == "get_attr":
                users.setdefault(node.target, []).extend(node.users)
        self.shared = {
            name for name, calls in users.items() if len(calls) > 1 and self._weighs(name, calls)
        }

    def _weighs(self, name: str, calls: list[Any]) -> bool:
        """Whether it is a weight: not so a constant of a decode, such as points or strides."""
        import torch

        learnt = isinstance(_attribute(self.program, name), torch.nn.Parameter)
        return learnt or any(call.target in self.makers for call in calls)

    def layer(self, node: Any) -> None:
        """Replace a call by a layer, where it has weights that a layer of `nn` can own."""
        import torch

        maker = self.makers.get(node.target)
        if maker is None or self._shares(node):
            return
        found = maker(self._arguments(node))
        if found is None:
            return
        name = f"{type(found).__name__.lower()}_{self.count}"
        self.count += 1
        self.root.add_module(name, found)
        with node.graph.inserting_before(node):
            new = node.graph.create_node("call_module", name, (node.args[_input_of(node)],))
        new.meta = dict(node.meta)
        if node.target is torch.ops.aten._native_batch_norm_legit_no_training.default:
            for user in list(node.users):  # only its first result is ever used here
                user.replace_all_uses_with(new)
                node.graph.erase_node(user)
        else:
            node.replace_all_uses_with(new)
        node.graph.erase_node(node)

    def _shares(self, node: Any) -> bool:
        return any(n.op == "get_attr" and n.target in self.shared for n in node.all_input_nodes)

    def _arguments(self, node: Any) -> dict[str, Any]:
        """The call's arguments by name, weights as tensors."""
        given = {}
        schema = node.target._schema.arguments
        for i, argument in enumerate(schema):
            value = node.args[i] if i < len(node.args) else node.kwargs.get(argument.name)
            if i >= len(node.args) and argument.name not in node.kwargs:
                value = argument.default_value
            given[argument.name] = self._tensor(value)
        return given

    def _tensor(self, value: Any) -> Any:
        if getattr(value, "op", None) == "get_attr":
            return _attribute(self.program, value.target)
        return value

    def keep(self, node: Any) -> None:
        """Carry a loose tensor over under a flat name."""
        import torch

        value = _attribute(self.program, node.target)
        name = "loose_" + node.target.replace(".", "_")
        if not hasattr(self.root, name):
            if isinstance(value, torch.nn.Parameter):
                self.root.register_parameter(name, torch.nn.Parameter(value.detach().clone()))
            else:
                self.root.register_buffer(name, value.detach().clone())
        node.target = name


def _attribute(module: Any, path: str) -> Any:
    for part in path.split("."):
        module = getattr(module, part)
    return module


def _input_of(node: Any) -> int:
    import torch

    aten = torch.ops.aten
    return 1 if node.target is aten.embedding.default else 0


def _free_batch(graph: Any) -> None:
    """Let the first dimension be as long as it likes where a shape was written down with a 1."""
    import torch

    aten = torch.ops.aten
    shaped = (aten.view.default, aten.reshape.default, aten._unsafe_view.default)
    for node in graph.nodes:
        if node.op != "call_function":
            continue
        value: Any = node.meta.get("val")
        sizes: Any = node.args[1] if len(node.args) > 1 else None
        if node.target in shaped and _starts_with_one(node, sizes):
            if len(value.shape) == 2:  # the second follows from what is left after pruning
                node.target, node.args = torch.flatten, (node.args[0], 1)
            else:
                node.args = (node.args[0], [-1, *(int(d) for d in value.shape[1:])])
        elif node.target is aten.expand.default and _starts_with_one(node, sizes):
            node.args = (node.args[0], [-1, *sizes[1:]])


def _starts_with_one(node: Any, sizes: Any) -> bool:
    source, value = node.args[0].meta.get("val"), node.meta.get("val")
    if value is None or source is None or not isinstance(sizes, (list, tuple)) or not sizes:
        return False
    return bool(len(value.shape) > 1 and value.shape[0] == 1 and source.shape[:1] == (1,))


def parameters(module: torch.nn.Module) -> int:
    """How many numbers the weights are."""
    return sum(p.numel() for p in module.parameters())
