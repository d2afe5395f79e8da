"""Runs in a child process: a format's own file, asked with plain data and answering with it."""

from __future__ import annotations

import importlib
from typing import Any

import msgspec

from edgeopt.sources import index_ranges as ranges_of
from edgeopt.sources import look as look_at
from edgeopt.sources import trial
from edgeopt.sources.formats import FORMATS
from edgeopt.sources.index_ranges import RangesRequest
from edgeopt.sources.look import LookRequest
from edgeopt.sources.reference_net import ReferenceRequest, write
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.source import Inspected
from edgeopt.sources.structure import StructureRequest, find


def inspect(argument: Any) -> Any:
    """See `load.inspect`."""
    request = msgspec.convert(argument, InspectRequest)
    module = importlib.import_module(FORMATS[request.format].module)
    inspected: Inspected = module.inspect(request)
    return msgspec.to_builtins(inspected)


def prepare(argument: Any) -> Any:
    """See `load.prepare`."""
    return msgspec.to_builtins(trial.prepare(msgspec.convert(argument, PrepareRequest)))


def look(argument: Any) -> Any:
    """See `look.look`."""
    return msgspec.to_builtins(look_at.look(msgspec.convert(argument, LookRequest)))


def index_ranges(argument: Any) -> Any:
    """See `index_ranges.ranges`."""
    return msgspec.to_builtins(ranges_of.ranges(msgspec.convert(argument, RangesRequest)))


def structure(argument: Any) -> Any:
    """See `structure.find`."""
    return msgspec.to_builtins(find(msgspec.convert(argument, StructureRequest)))


def reference(argument: Any) -> Any:
    """See `reference_net.write`."""
    return write(msgspec.convert(argument, ReferenceRequest))
