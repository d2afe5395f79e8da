"""Whether what a finished run made still lies in its folder."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from edgeopt.domain.run import Choice, Run
from edgeopt.store import artifact_files, run_lock
from edgeopt.store.listed import AGAIN, BUNDLES, listed_in
from edgeopt.store.run_folder import RunFolder


def changed_artifacts(run: Run, folder: RunFolder) -> dict[str, str]:
    """Targets whose chosen artifact is another than was measured -> a sentence.

    One that is gone, as its bundle may be all that somebody keeps, has not changed.
    """
    sentences = {}
    for choice in run.choices:
        record = run.record(choice.target, choice.recipe_id)
        if record is None or record.recipe is None:
            continue
        try:
            artifact = folder.whole_artifact(record.recipe.conversion_id)
            same = record.sha256 in (None, artifact.sha256)
            why = "" if same else "it has another SHA-256"
        except artifact_files.NotWhole as error:
            gone = isinstance(error, artifact_files.Gone)
            why = _changed(run, choice, folder) if gone and choice.bundle else ""
            why = why or ("" if gone else str(error))
        if why:
            sentences[choice.target] = (
                f"{choice.target}: the artifact in the run's folder is not the one that was "
                f"measured: {why}."
            )
    return sentences


def changed_bundles(run: Run, folder: RunFolder) -> dict[str, str]:
    """Targets whose bundle is not what the run wrote -> a sentence."""
    sentences = {}
    for choice in run.choices:
        why = _changed(run, choice, folder) if choice.bundle else ""
        if why:
            what = "the bundle is not what the run wrote"
            sentences[choice.target] = f"{choice.target}: {what}: {why}."
    return sentences


def noticed(run: Run) -> Run:
    """A run that warns of what in its folder is not what it made, and of what is not there yet."""
    folder = RunFolder(Path(run.folder))
    if run.state == "running":
        run = msgspec.structs.replace(run, warnings=(*run.warnings, _unfinished(folder)))
    changes = [*changed_artifacts(run, folder).values(), *changed_bundles(run, folder).values()]
    sentences = tuple(f"{sentence} {AGAIN}" for sentence in changes)
    return msgspec.structs.replace(run, warnings=run.warnings + sentences)


def _unfinished(folder: RunFolder) -> str:
    if run_lock.is_held(folder.path):
        return "The run goes on: a call is writing to its folder, and this is what it has so far."
    return "The run was stopped before its end: the same `edgeopt optimize` call goes on with it."


def made_again(changed: dict[str, str]) -> tuple[str, ...]:
    """What a run says of what it found changed and made anew."""
    return tuple(f"{sentence} It was made and measured again." for sentence in changed.values())


def _changed(run: Run, choice: Choice, folder: RunFolder) -> str:
    place = folder.path / choice.target
    record = run.record(choice.target, choice.recipe_id)
    listed = listed_in(place / BUNDLES)
    if record is None or record.recipe is None or not place.is_dir():
        return ""
    with contextlib.suppress(artifact_files.NotWhole):  # then its own manifest has to do
        listed = folder.whole_artifact(record.recipe.conversion_id).files
    try:
        artifact_files.require_files(folder.path, place, listed)
    except artifact_files.NotWhole as error:
        return str(error)
    return "" if listed else f"its {BUNDLES} cannot be read"
