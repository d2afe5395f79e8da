"""What of a run's folder, and of any file, is opened: data, and programs where they are trusted.

A run's folder may come from somebody else, and whether it does cannot be told from its files. So
nothing in it is run, ours or not (decision 35), and no artifact is opened that is
another than the record says.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from edgeopt import runtimes
from edgeopt.domain.errors import BadInput
from edgeopt.domain.record import Record
from edgeopt.harness.files import MANIFEST
from edgeopt.harness.subject import Subject
from edgeopt.runtimes import exported
from edgeopt.sources.exported_program import refusal
from edgeopt.store import artifact_files
from edgeopt.store.listed import AGAIN, BUNDLES, listed_in
from edgeopt.store.run_folder import RunFolder


def subject(store: RunFolder, record: Record, trust: bool) -> Subject:
    """What is opened for a record of a run.

    Args:
        trust: code inside the artifact may run.

    Raises:
        BadInput: it has no artifact, another one than the run made, or one that is a program.
    """
    assert record.recipe is not None
    if record.runtime not in runtimes.RUNTIMES:
        raise BadInput(f"the run names a runtime {record.runtime!r}, which there is not.")
    if runtimes.spec(record.runtime).program and not trust:
        raise BadInput(
            f"{record.recipe} is of {record.runtime}, whose files are programs: opening one runs "
            "whatever code is inside it.",
            "No run of edgeopt makes such an artifact. If you made it yourself, say --trust.",
        )
    try:
        artifact = store.whole_artifact(record.recipe.conversion_id)
        if record.sha256 and artifact.sha256 != record.sha256:
            raise artifact_files.NotWhole("it has another SHA-256 than its record says")
    except artifact_files.NotWhole as error:
        why = record.reason or f"{error}."
        raise BadInput(f"{record.recipe} has no artifact: {why}", record.hint or AGAIN) from None
    subject_of = Subject.of(record.recipe, artifact, store.path / artifact.path)
    return replace(subject_of, options=options(record.runtime, subject_of.options, trust))


def require(path: Path, trust: bool) -> None:
    """Refuse a model file before it is opened: a program, or other than its run made it.

    Raises:
        BadInput: it is one, or it is damaged.
    """
    _require_unchanged(path)
    if path.suffix.lower() == ".pt2" and not trust:
        try:
            exported.check(str(path))
        except (exported.Damaged, exported.NeedsTrust, exported.NoProgram) as error:
            raise refusal(path, error) from None


def options(runtime: str, stored: dict[str, Any], trust: bool) -> dict[str, Any]:
    """The options of a session: those that a run kept, and of programs the user's word alone."""
    spec = runtimes.spec(runtime)
    if spec.program:
        return dict(spec.trusting) if trust else {}
    return stored


def _require_unchanged(path: Path) -> None:
    """Compare a file that a run made, or that it put into a bundle, with what was kept of it."""
    for name in (MANIFEST, BUNDLES):
        listed = listed_in(path.with_name(name))
        if path.name not in listed:
            continue
        try:
            artifact_files.require_files(path.parent.resolve(), path.parent.resolve(), listed)
        except artifact_files.NotWhole as error:
            raise BadInput(
                f"{path} is not opened: {error}.",
                "To time it as it is, copy it out of the run's folder.",
            ) from None
