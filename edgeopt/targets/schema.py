"""The JSON Schema of a profile, for editors."""

from __future__ import annotations

import inspect
import json
from typing import Any

import msgspec

from edgeopt.domain.target import Profile


def json_schema() -> dict[str, Any]:
    """The JSON Schema that `targets/schema.json` keeps.

    Its descriptions are the docstrings of `edgeopt/domain/target.py`.
    """
    schema = msgspec.json.schema(Profile)
    for definition in schema["$defs"].values():
        if "description" in definition:
            # Python 3.13 strips a docstring's indentation, older ones keep it.
            definition["description"] = inspect.cleandoc(definition["description"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text() -> str:
    """The text of `targets/schema.json`, which a test holds to this."""
    return json.dumps(json_schema(), indent=2) + "\n"
