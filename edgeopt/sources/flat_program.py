"""An exported program as a module that takes its tensors one after the other.

Its own may be grouped in tuples and dicts, or be given by keyword.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def module(program: torch.export.ExportedProgram) -> torch.nn.Module:
    """A module that is called with the tensors of `program.graph_signature.user_inputs`."""
    import torch

    positional, by_keyword = program.call_spec.in_spec.children()
    nested = any(not child.is_leaf() for child in positional.children())
    if not nested and not by_keyword.children():
        return program.module()
    # The graph is flat; only what is generated around it groups the tensors.
    made = program.module(check_guards=False)
    assert isinstance(made, torch.fx.GraphModule)
    made.graph.set_codegen(torch.fx.graph.CodeGen())
    made._forward_pre_hooks.clear()
    made.recompile()
    return made
