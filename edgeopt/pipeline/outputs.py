"""What a run writes at its beginning and its end: run.json, bundles, report."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edgeopt.bundle import card
from edgeopt.bundle import write as bundle
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.errors import BadInput
from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice, DataFacts, Run
from edgeopt.domain.target import Profile
from edgeopt.harness.budget import GLANCE
from edgeopt.jobs import disk
from edgeopt.pipeline import batches, folder_check, near_roof, reclassified, without_data
from edgeopt.pipeline.device_pool import DevicePool
from edgeopt.pipeline.recorded_task import recorded
from edgeopt.pipeline.run_context import RunContext
from edgeopt.pipeline.run_environment import environment
from edgeopt.report import html
from edgeopt.report.comparison import comparison
from edgeopt.store import atomic, run_folder
from edgeopt.store.listed import AGAIN
from edgeopt.store.run_folder import RunFolder
from edgeopt.targets import published


def begun(context: RunContext, pool: DevicePool, started: str) -> Run:
    """A run of which nothing is decided."""
    intake, metric, parts = context.intake, context.scoring.metric, context.intake.parts
    settled = context.scoring.settled
    return Run(
        state="running",
        request=intake.request,
        source=intake.source.facts(),
        data=DataFacts(
            calibrate=len(parts.calibrate),
            choose=len(parts.choose),
            confirm=len(parts.confirm),
            labels=metric.against == "labels" or parts.choose.labels is not None,
            groups=parts.choose.groups is not None,
            metric=metric.name,
            metric_about=metric.about,
            metric_why=metric.why,
            output=intake.output,
            task=recorded(settled, intake.source, parts.choose)
            or reclassified.facts(metric.name, intake.output, intake.source, parts.choose),
            seems=(
                without_data.seems(intake.source, context.choose.source)
                if context.scoring.unscored
                else None
            ),
        ),
        choices=(),
        environment=environment(pool.here, pool.machines()),
        warnings=intake.warnings + tuple(pool.warnings),
        started=started,
        seconds=0.0,
    )


def finish(run: Run, folder: RunFolder, profiles: dict[str, Profile]) -> Run:
    """Write bundles, report and run.json; returns the run with its records."""
    run = msgspec.structs.replace(
        run, folder=str(folder.path), records=tuple(folder.journal.records())
    )
    choices = tuple(_bundled(run, choice, folder) for choice in run.choices)
    run = msgspec.structs.replace(run, choices=choices)
    (folder.path / "targets").mkdir(exist_ok=True)
    for name, profile in profiles.items():
        atomic.write(folder.path / "targets" / f"{name}.json", msgspec.json.encode(profile))
    write_report(run)
    folder.write_run(run)
    return run


def mended(run: Run, folder: RunFolder) -> Run:
    """A finished run; a bundle that is not what it wrote is written again.

    Every chosen artifact has to be the one that was measured (`folder_check.changed_artifacts`).
    """
    changed = folder_check.changed_bundles(run, folder)
    if not changed:
        return run
    sentences = tuple(f"{sentence} It was written again." for sentence in changed.values())
    run = msgspec.structs.replace(run, warnings=run.warnings + sentences)
    return finish(run, folder, run_folder.profiles(folder.path))


def write_report(run: Run) -> None:
    """Write report.html from what the run's folder holds.

    Raises:
        BadInput: the folder holds something else.
        CannotWrite: there is no room for it.
    """
    folder = Path(run.folder)
    profiles = run_folder.profiles(folder)
    rows = published.rows()
    table = comparison(run, profiles, rows) if len(profiles) > 1 else None
    with disk.ending(folder):
        atomic.write(folder / "report.html", html.render(run, profiles, table, rows))


def _bundled(run: Run, choice: Choice, folder: RunFolder) -> Choice:
    record = run.record(choice.target, choice.recipe_id)
    if record is None or record.recipe is None:
        return choice
    choice = msgspec.structs.replace(choice, roof=near_roof.of(run, record, folder))
    if run.request.budget == GLANCE.name:
        return choice
    artifact = artifact_of(record, folder)
    if artifact is None:
        if choice.bundle:  # of a run that had finished: its artifacts may be gone
            return choice
        raise BadInput(f"the artifact of {record.recipe} was changed while the run went on.", AGAIN)
    write_bundle(run, choice, artifact, folder.path / choice.target, folder)
    return msgspec.structs.replace(choice, bundle=choice.target)


def artifact_of(record: Record, folder: RunFolder) -> Artifact | None:
    """The artifact that a record is of; None where it is gone, or another one by now."""
    if record.recipe is None:
        return None
    artifact = folder.artifact(record.recipe.conversion_id)
    same = artifact is not None and record.sha256 in (None, artifact.sha256)
    return artifact if same else None


def write_bundle(
    run: Run, choice: Choice, artifact: Artifact, place: Path, folder: RunFolder
) -> None:
    """Write the bundle of a choice's candidate into a folder.

    One that takes several samples at once takes and gives arrays of so many: what decodes single
    ones is left out.
    """
    record = run.record(choice.target, choice.recipe_id)
    assert record is not None, "a choice is of a record"
    batch = artifact.recipe.batch
    bundle.write(
        place,
        record,
        artifact,
        folder.artifact_folder(artifact.recipe.conversion_id),
        run.source if batch == 1 else batches.facts(run.source, batch),
        run.environment,
        run.data.task if batch == 1 else None,
        card.files(card.card(run, choice, record, artifact)),
    )
