"""`edgeopt compare`. Heavy rooms are imported in the command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeopt import call_file
from edgeopt.cli_optimize import call_of, print_all
from edgeopt.cli_options import shared, target_and_data
from edgeopt.command import Command
from edgeopt.console import console, print_json, progress, say
from edgeopt.domain.errors import BadInput

if TYPE_CHECKING:
    from edgeopt.domain.run import Run


@click.command(cls=Command, short_help="Compare targets, or several models.")
@click.argument("model", nargs=-1, required=True, type=click.Path(path_type=Path))
@target_and_data(required=False)
@shared
@print_all
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@click.pass_context
def compare(ctx: click.Context, **options: Any) -> None:
    """Optimize MODEL for several targets, in one table; several MODELs: which of them to ship.

    The folder of a run, or of several, is shown in the same way.
    """
    import msgspec

    from edgeopt.pipeline.comparing import compare as table_of
    from edgeopt.report import compare_brief, compare_table

    models: tuple[Path, ...] = options["model"]
    if len(models) > 1:
        _compare_models(ctx, options, models)
        return
    run = _compared_run(ctx, options, models[0], options["out"])
    found = table_of(run)
    if options["as_json"]:
        print_json(msgspec.to_builtins(found))
    else:
        shown = (
            compare_table.render(found) if options["whole"] else compare_brief.render(run, found)
        )
        console().print(shown)
        say(f"Report: {Path(run.folder) / 'report.html'}")
    ctx.exit(0 if run.choices and run.qualified else 1)


def _compare_models(ctx: click.Context, options: dict[str, Any], models: Sequence[Path]) -> None:
    """Each model optimized in a folder of its own; what they ship is timed in one schedule."""
    import msgspec

    from edgeopt.benchmarking.between_models import compare_models
    from edgeopt.harness.budget import BUDGETS
    from edgeopt.report import models_table

    places = _places(models, options["out"])
    runs = [
        _compared_run(ctx, options, model, place)
        for model, place in zip(models, places, strict=True)
    ]
    budget = BUDGETS[options["budget"] or "standard"]
    with progress() as listener:
        found = compare_models(runs, budget, options["seed"], listener)
    if options["as_json"]:
        print_json(msgspec.to_builtins(found))
    else:
        console().print(models_table.render(found))
        for run in runs:
            say(f"Report: {Path(run.folder) / 'report.html'}")
    ctx.exit(0 if all(run.choices and run.qualified for run in runs) else 1)


def _places(models: Sequence[Path], out: Path | None) -> list[Path]:
    """A folder for each model's run: its own name below `--out`.

    Raises:
        BadInput: two models would have the same.
    """
    from edgeopt.api import default_out

    places = [default_out(model) for model in models]
    if out is not None:
        places = [out / place.name for place in places]
    for place in places:
        if places.count(place) > 1:
            raise BadInput(
                f"two of the models would have the same folder, {place}.",
                "Rename one, or make each run by itself: `edgeopt compare` takes their folders.",
            )
    return places


def _compared_run(
    ctx: click.Context, options: dict[str, Any], model: Path, out: Path | None
) -> Run:
    """The run in a folder, or a new one."""
    from edgeopt.jobs import on_disk
    from edgeopt.pipeline.optimize import optimize as run_optimize
    from edgeopt.store import run_folder

    if on_disk.kind(model / "run.json") == "file":  # a model can be a folder, too
        given = {name for name in options if _is_given(ctx, name)}
        several = {"budget", "seed"} if len(options["model"]) > 1 else set()
        if not given <= {"model", "as_json", "whole"} | several:
            raise BadInput(
                f"{model} is a run's folder: only --all and --json go with it.",
                "Other options go with a model.",
            )
        return run_folder.read(model)
    if not options["targets"] or not options["data"]:
        raise BadInput(
            "a model needs --target and --data.",
            "Or give the folder of a run: edgeopt compare runs/MODEL",
        )
    asked = {**options, "model": model, "out": out}
    said = {**call_file.said(ctx), "model": str(model)}
    call = call_of(asked, said if out is None else {**said, "out": str(out)})
    with progress() as listener:
        return run_optimize(call, listener)


def _is_given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
