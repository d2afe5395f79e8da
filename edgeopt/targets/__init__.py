"""Target profiles: reads `targets/*.toml`, checks them, and knows a machine when it sees one."""

from edgeopt.targets.check import check
from edgeopt.targets.folder import folder
from edgeopt.targets.load import load, load_all, names
from edgeopt.targets.offers import offers
from edgeopt.targets.probe import matches, probe
from edgeopt.targets.schema import json_schema, schema_text

__all__ = [
    "check",
    "folder",
    "json_schema",
    "load",
    "load_all",
    "matches",
    "names",
    "offers",
    "probe",
    "schema_text",
]
