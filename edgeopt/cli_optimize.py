"""`edgeopt optimize` and `report`. Heavy rooms are imported in the commands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from edgeopt import call_file, cli_export
from edgeopt.cli_options import shared, target_and_data
from edgeopt.command import Command
from edgeopt.console import console, print_json, progress, say

if TYPE_CHECKING:
    from edgeopt.domain.compression import Compression
    from edgeopt.domain.run import Run
    from edgeopt.pipeline.call import Call

print_all = click.option("--all", "whole", is_flag=True, help="Print everything, not one screen.")

#: Limits that are figures: of `Constraints`, and the options that say them.
_LIMITS = {
    "max_size_bytes": "max_size",
    "max_latency_ms": "max_latency",
    "max_p90_ms": "max_p90",
    "max_memory_bytes": "max_memory",
    "max_energy_mj": "max_energy",
}

#: Options that say something of the task, and have one value.
_OF_TASK = ("task", "head", "images", "masks", "alphabet", "candidates", "pairs", "confirm_pairs")


@click.command(cls=Command, short_help="Find the best version for each target.")
@click.argument("model", type=click.Path(path_type=Path))
@target_and_data(required=True)
@shared
@cli_export.exports
@print_all
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@click.pass_context
def optimize(ctx: click.Context, **options: Any) -> None:
    """Find the best version of MODEL for each target."""
    from edgeopt.pipeline.optimize import optimize as run_optimize

    cli_export.require(options)
    call = call_of(options, call_file.said(ctx))
    with progress(call.time_s) as listener:
        run = run_optimize(call, listener)
    _show(run, options["as_json"], whole=options["whole"])
    cli_export.export(run, options, quiet=options["as_json"])
    ctx.exit(0 if run.qualified else 1)


def call_of(options: dict[str, Any], said: Mapping[str, Any] = MappingProxyType({})) -> Call:
    """The call that the options of `optimize` say.

    Args:
        said: the same as its file has it.

    Raises:
        BadInput: one cannot be read.
    """
    from edgeopt import parse
    from edgeopt.api import default_out
    from edgeopt.domain.run import Constraints
    from edgeopt.domain.task import TaskAsked
    from edgeopt.pipeline.call import Call, limits

    task = TaskAsked(**{name: options[name] or "" for name in _OF_TASK}, states=options["states"])
    constraints = Constraints(
        max_drop=parse.share(options["max_drop"]),
        max_slice_drop=None
        if options["max_slice_drop"] is None
        else parse.share(options["max_slice_drop"]),
        **{name: parse.figure(name, options[option]) for name, option in _LIMITS.items()},
        space=parse.space(
            options["runtimes"], options["precisions"], options["without"], options["threads"]
        ),
    )
    return Call(
        model=options["model"],
        targets=options["targets"],
        data=options["data"],
        out=options["out"] or default_out(options["model"]),
        metric=options["metric"],
        constraints=constraints,
        calibration=options["calibration"],
        confirm=options["confirm"],
        preprocessing=parse.preprocessing(options["preprocess"], task, options["data"]),
        output=options["output"],
        shapes=parse.shapes(options["shapes"]),
        open_axis=parse.open_axis(options["open_axis"]),
        trust=options["trust"],
        budget=options["budget"] or "standard",
        seed=options["seed"],
        **limits(parse.figure("step_timeout_s", options["step_timeout"])),
        devices=options["devices"],
        slice_by=options["slice_by"],
        corruptions=options["corruptions"],
        pictures=not options["no_pictures"],
        fold=parse.fold(options["fold_input"], options["fold_output"]),
        compression=_compression(options),
        train=options["train"],
        tensorboard=options["tensorboard"],
        fresh=options["fresh"],
        task=task,
        aim=options["aim"],
        batches=parse.counts("--batch", options["batches"]),
        time_s=parse.duration(options["time"], "--time"),
        said=said,
    )


def _compression(options: dict[str, Any]) -> Compression | None:
    from edgeopt.compress.asked import compression
    from edgeopt.search.ladder import ORDER

    methods = [method for method in ORDER if options[method.replace("-", "_")]]
    return compression(methods, options["pruning"], options["training"], options["epochs"])


@click.command(cls=Command, short_help="Show a run again.")
@click.argument("folder", type=click.Path(path_type=Path))
@cli_export.exports
@print_all
@click.option("--svg", type=click.Path(path_type=Path), help="Write the charts there, for slides.")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
def report(folder: Path, whole: bool, svg: Path | None, as_json: bool, **exports: Any) -> None:
    """Show a run again and rewrite its report.html."""
    from edgeopt.pipeline import folder_check
    from edgeopt.pipeline.outputs import write_report
    from edgeopt.store import run_folder

    cli_export.require(exports)
    run = folder_check.noticed(run_folder.read(folder))
    write_report(run)
    if svg is not None:
        from edgeopt.report import slides

        for path in slides.write(run, svg):
            say(f"Chart: {path}", error=as_json)
    _show(run, as_json, whole=whole)
    cli_export.export(run, exports, quiet=as_json)


def _show(run: Run, as_json: bool, *, whole: bool) -> None:
    if as_json:
        import msgspec

        print_json(msgspec.to_builtins(run))
        return
    from edgeopt.report import brief, terminal
    from edgeopt.store import run_folder
    from edgeopt.targets import published

    if whole:
        profiles = run_folder.profiles(Path(run.folder))
        console().print(terminal.summary(run, profiles, published.rows()))
    else:
        console().print(brief.brief(run))
    say(f"Report: {Path(run.folder) / 'report.html'}")
