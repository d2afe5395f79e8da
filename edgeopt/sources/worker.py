"""Runs in a child process: a format's own file, asked with plain data and answering with it."""

from __future__ import annotations

import importlib
from typing import Any

import msgspec

from edgeopt.sources import look as look_at
from edgeopt.sources import trial
from edgeopt.sources.formats import FORMATS
from edgeopt.sources.look import LookRequest
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.source import Inspected


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
