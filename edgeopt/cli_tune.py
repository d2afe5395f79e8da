"""`edgeopt tune`. Heavy rooms are imported in the command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeopt.cli_options import target_names
from edgeopt.command import Command, under
from edgeopt.console import console, print_json, progress, say

if TYPE_CHECKING:
    from edgeopt.tuning.call import TuneCall

_SAMPLERS = "auto, random, grid, tpe, gp, nsga-ii, nsga-iii, cma-es."
_PRUNERS = "median, successive-halving, hyperband, none."
_what, _limits = under("Networks and data"), under("How long, and limits")
_search, _judged, _shown = (
    under("The search"),
    under("How a network is judged"),
    under("The result"),
)


@click.command(cls=Command, short_help="Search for an architecture by measured latency.")
@click.argument("build")
@_what(
    "--train", metavar="FUNCTION", help="module:function(model, trial, report), which trains it."
)
@_what("--data", required=True, help="Samples that judge, as for `edgeopt optimize`.")
@_what(
    "--target",
    "targets",
    multiple=True,
    required=True,
    callback=target_names,
    help="Profiles, by name or path: a,b,c. Repeatable.",
)
@_what("--device", "devices", multiple=True, help="Measure on this device (name or link).")
@_limits("--time", "time", metavar="20m|2h", help="Begin no trial after this time.")
@_limits("--trials", type=int, metavar="N", help="Most trials.  [20 without --time]")
@_limits("--max-drop", default="1%", show_default=True, help="Allowed loss: 1% or 0.01.")
@_limits("--max-latency", type=float, metavar="MS", help="Do not train networks slower than this.")
@_limits("--max-size", metavar="5MB", help="Do not train networks larger than this.")
@_limits(
    "--trial-timeout", type=float, default=3600.0, show_default=True, metavar="SECONDS",
    help="Most time for BUILD and --train together.",
)  # fmt: skip
@_limits("--step-timeout", type=float, metavar="SECONDS", help="Most time for a conversion.  [300]")
@_search(
    "--objective",
    "objectives",
    multiple=True,
    metavar="NAME",
    help="score, latency, size, multiply-adds. Repeatable.  [score, and latency without a limit]",
)
@_search("--sampler", metavar="NAME", default="auto", show_default=True, help=_SAMPLERS)
@_search("--pruner", metavar="NAME", default="median", show_default=True, help=_PRUNERS)
@_search("--storage", metavar="PATH|URL", help="A .journal file, or postgresql://...")
@_search("--study", "name", default="", help="The study's name in the storage.  [the folder's]")
@_search("--scheduler", metavar="URL", help="Dask's: tcp://HOST:PORT, or local:4 for 4 workers.")
@_search("--seed", default=0, show_default=True)
@_judged(
    "--score-by",
    type=click.Choice(["converted", "reported"]),
    metavar="WAY",
    default="converted",
    show_default=True,
    help="converted: score each form in its runtime; reported: take the last report as the score.",
)
@_judged("--reports-loss", is_flag=True, help="What --train reports is better when lower.")
@_judged(
    "--form",
    metavar="WORDS",
    help="The form that is judged: all, or words such as 'litert int8-static'.  [a float form]",
)
@_judged("--metric", help="accuracy, f1, mae, ... or module:function.")
@_judged("--task", default="", help="detection, segmentation, ... or module:Class.")
@_judged("--output", help="The output that is scored.  [the first]")
@_shown("--no-bundle", is_flag=True, help="Only search; do not optimize the chosen network.")
@_shown("--quick", "budget", flag_value="quick", help="Measure what ships for less time.")
@_shown("--out", type=click.Path(path_type=Path), help="The study's folder.  [runs/tune]")
@_shown("--mlflow", metavar="URI", help="Log the trials there: http://..., sqlite:///FILE.")
@_shown("--tensorboard", is_flag=True, help="Also write training curves for TensorBoard.")
@_shown("--all", "whole", is_flag=True, help="Print every trial.")
@_shown("--json", "as_json", is_flag=True, help="Print the study as JSON.")
@click.pass_context
def tune(ctx: click.Context, **options: Any) -> None:
    """Find the network to ship on each target, among those that BUILD makes.

    BUILD is module:function(trial). Each trial is one network: it is built, timed on the target,
    trained and scored. docs/tuning.md explains both functions.
    """
    from edgeopt.report import mlflow_study, study_table
    from edgeopt.tuning.tune import tune as run_tune

    call, logged = call_of(options), mlflow_study.logs_to(options["mlflow"])
    with progress() as listener:
        study = run_tune(call, listener)
    if options["as_json"]:
        import msgspec

        print_json(msgspec.to_builtins(study))
    else:
        console().print(study_table.render(study, whole=options["whole"]))
        say(f"Report: {Path(study.folder) / 'report.html'}")
        if study.run:
            say(f"What ships: {Path(study.folder) / study.run}")
    if run := logged(study):
        say(f"MLflow: run {run}", error=options["as_json"])
    good = study.chosen is not None and (study.qualified or not call.bundle)
    ctx.exit(0 if good else 1)


def call_of(options: dict[str, Any]) -> TuneCall:
    """The call that the options say.

    Raises:
        BadInput: one cannot be read.
    """
    from edgeopt import parse
    from edgeopt.api_tune import DEFAULT_OUT
    from edgeopt.domain.run import Constraints
    from edgeopt.domain.task import TaskAsked
    from edgeopt.tuning.asked import Asked
    from edgeopt.tuning.call import TuneCall

    most = options["max_size"]
    asked = Asked(
        targets=options["targets"],
        data=options["data"],
        metric=options["metric"],
        constraints=Constraints(
            max_drop=parse.share(options["max_drop"]),
            max_latency_ms=options["max_latency"],
            max_size_bytes=parse.figure("max_size_bytes", most),
        ),
        form=options["form"],
        devices=options["devices"],
        output=options["output"],
        seed=options["seed"],
        step_timeout_s=options["step_timeout"],
        task=TaskAsked(task=options["task"]),
    )
    return TuneCall(
        asked,
        options["build"],
        options["train"],
        options["out"] or DEFAULT_OUT,
        time_s=parse.duration(options["time"], "--time"),
        trials=options["trials"],
        sampler=options["sampler"],
        pruner=options["pruner"],
        storage=options["storage"],
        name=options["name"],
        scheduler=options["scheduler"],
        tensorboard=options["tensorboard"],
        objectives=options["objectives"],
        reports_loss=options["reports_loss"],
        score_by=options["score_by"],
        trial_timeout_s=options["trial_timeout"],
        bundle=not options["no_bundle"],
        budget=options["budget"] or "standard",
    )
