"""The order that the untimed target of the sample is suggested in."""

from __future__ import annotations

from msgspec.structs import replace

from edgeopt.domain.record import Record
from edgeopt.domain.suggestion import Evidence, Expected, Network, Suggestion


def suggestion_of(records: tuple[Record, ...]) -> Suggestion:
    """Every candidate that came through: timed here, and a figure of others for the first."""
    here = Evidence(
        kind="timed-here", times=0.6, over="onnxruntime fp32", off_by=1.62, weight=1.0,
        where="x86_64",
    )  # fmt: skip
    told = Evidence(
        kind="published", times=0.35, over="litert fp32", off_by=1.31, weight=0.76,
        where="raspberry-pi-5", nearest=True, n=2, sources=("a table",),
    )  # fmt: skip
    first = (replace(here, weight=0.24), told)
    return Suggestion(
        reference="onnxruntime fp32",
        network=Network(convolutions=1.0),
        order=tuple(
            Expected(
                recipe_ids=(str(record.recipe_id),),
                name=record.name,
                times=0.4 + number / 10,
                evidence=(here,) if number else first,
            )
            for number, record in enumerate(r for r in records if r.status == "ok")
        ),
        link="ssh",
    )
