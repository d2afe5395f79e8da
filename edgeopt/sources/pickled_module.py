"""A whole nn.Module in a pickle (.pt, .pth), read only under `--trust`. Runs in a child process."""

from __future__ import annotations

import inspect as signatures
import sys
from typing import TYPE_CHECKING

from edgeopt.domain.errors import BadInput
from edgeopt.jobs import interpreter
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import told
from edgeopt.sources.exported_program import prepare_module
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.source import Inspected, OpenSpec, Source

if TYPE_CHECKING:
    import torch


def inspect(request: InspectRequest) -> Inspected:
    """See `load.inspect`. The file does not state dtypes or shapes."""
    path = request.path
    parameters = signatures.signature(read(path).forward).parameters.values()
    names = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    inputs = tuple(OpenSpec(name=name, dtype=None, shape=None) for name in names)
    return Inspected(path=path, format="pickle", inputs=inputs)


def read(path: str) -> torch.nn.Module:
    """Unpickle a module, in evaluation mode.

    Raises:
        BadInput: it is none: a state_dict, a broken file.
    """
    import torch

    sys.path.extend(interpreter.own_places())  # the module's class is usually the user's own
    try:
        module = torch.load(path, map_location="cpu", weights_only=False)
    except Exception as error:
        otherwise = BadInput(f"{path} cannot be unpickled: {first_line(error)}", _advice(error))
        raise told(error, otherwise) from None
    if not isinstance(module, torch.nn.Module):
        raise BadInput(
            f"{path} holds no module but {type(module).__name__}: weights without their code.",
            "Load them into the module and save it with torch.export.save (.pt2).",
        )
    return module.eval()


def _advice(error: Exception) -> str:
    if isinstance(error, (AttributeError, ImportError)):
        return "Its class must be importable from here; better, save it with torch.export.save."
    return "Save it again, best with torch.export.save (.pt2)."


def prepare(request: PrepareRequest) -> Source:
    """See `load.prepare`."""
    return prepare_module(read(request.path), request, "pickle")
