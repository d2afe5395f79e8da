"""`edgeopt optimize`, `compare` and `report`. Heavy rooms are imported in the commands."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeopt.command import Command
from edgeopt.console import console, print_json, progress, say
from edgeopt.domain.errors import BadInput

if TYPE_CHECKING:
    from edgeopt.domain.compression import Compression
    from edgeopt.domain.run import Run
    from edgeopt.pipeline.call import Call

_DATA = ".npz, folder of images, module:function, COCO .json, data.yaml, ... (docs/tasks.md)"
_SHARED = (
    click.option(
        "--device", "devices", multiple=True, help="A name or link: measure there. Repeatable."
    ),
    click.option("--task", help="detection, segmentation, pose, ctc, ... or module:Class."),
    click.option("--head", help="How a detector's outputs become boxes: yolo, ssd, ..."),
    click.option("--images", metavar="FOLDER", help="Where annotations' file names start from."),
    click.option("--masks", metavar="FOLDER", help="PNGs of class numbers, one a photo."),
    click.option("--alphabet", metavar="FILE", help="The letters of a reader, one a line."),
    click.option("--candidates", metavar="FILE", help="Lists of candidates, .csv or .npz."),
    click.option("--pairs", metavar="FILE", help="Pairs of samples, .csv or .npz."),
    click.option(
        "--state", "states", multiple=True, metavar="OUT=IN", help="A model's memory. Repeatable."
    ),
    click.option("--metric", help="accuracy, top5, f1, roc-auc, mae, mse, ... or module:function."),
    click.option("--max-drop", default="1%", show_default=True, help="Allowed loss: 1% or 0.01."),
    click.option("--max-slice-drop", help="The same for the worst slice of 10 samples or more."),
    click.option(
        "--slice-by", "slice_by", multiple=True, help="Column of the data to slice by. Repeatable."
    ),
    click.option("--corruptions", is_flag=True, help="Score the chosen on corrupted inputs, too."),
    click.option("--no-pictures", is_flag=True, help="Draw nothing: the report has no images."),
    click.option("--max-size", help="Largest artifact: 5MB, 800kB."),
    click.option("--max-latency", type=float, metavar="MS", help="Largest p50, milliseconds."),
    click.option("--calibration", help="Samples that calibrate, instead of a part of --data."),
    click.option("--confirm", help="Samples that confirm, instead of a part of --data."),
    click.option(
        "--preprocess",
        help="For images: size=256,crop=224,mean=127,scale=0.0078125,layout=nchw; of tasks "
        "way=letterbox,size=640,mean=0,scale=0.0039216,order=bgr,...",
    ),
    click.option(
        "--fold-input", metavar="mean=127,scale=0.0078,...", help="Take uint8; see docs/folding.md."
    ),
    click.option(
        "--fold-output", type=click.Choice(["softmax", "argmax"]), help="Answer with that."
    ),
    click.option("--output", help="The output that is scored; default: the first."),
    click.option(
        "--shape", "shapes", multiple=True, metavar="NAME=1x3x224x224", help="Fix a shape."
    ),
    click.option("--trust", is_flag=True, help="Run code inside the model's file."),
    click.option("--prune", is_flag=True, help="Try fewer channels, by steps, with recovery."),
    click.option("--low-rank", is_flag=True, help="Try linear and 1x1 layers as two thinner ones."),
    click.option("--sparse", is_flag=True, help="Try single weights set to zero."),
    click.option("--input-size", is_flag=True, help="Try a smaller image inside the model."),
    click.option("--qat", is_flag=True, help="Try training with 8-bit rounding."),
    click.option("--train", help="Samples to train on, beside those that calibrate."),
    click.option("--epochs", type=click.IntRange(1), help="Of each training, at most.  [30]"),
    click.option("--training", metavar="KEY=VALUE,...", help="How to train: docs/pruning.md."),
    click.option("--pruning", metavar="KEY=VALUE,...", help="importance, scope, step."),
    click.option("--tensorboard", is_flag=True, help="Write the curves of trainings for it, too."),
    click.option("--quick", "budget", flag_value="quick", help="Fewer launches and rounds."),
    click.option(
        "--submission", "budget", flag_value="submission", help="1,024 runs and 60 s each."
    ),
    click.option("--seed", default=0, show_default=True),
    click.option(
        "--step-timeout", type=float, metavar="SECONDS", help="[300; for reading the model: 900]"
    ),
    click.option("--out", type=click.Path(path_type=Path), help="The run's folder.  [runs/MODEL]"),
)


#: Options that say something of the task, and have one value.
_OF_TASK = ("task", "head", "images", "masks", "alphabet", "candidates", "pairs")


def _shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a request, those that need no data among them."""
    for option in reversed(_SHARED):
        command = option(command)
    return command


@click.command(cls=Command)
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--target", "targets", multiple=True, required=True, help="Profile name or path.")
@click.option("--data", required=True, help=_DATA)
@_shared
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@click.pass_context
def optimize(ctx: click.Context, **options: Any) -> None:
    """Turn MODEL into the best artifact for each target."""
    from edgeopt.pipeline.optimize import optimize as run_optimize

    call = call_of(options)
    with progress() as listener:
        run = run_optimize(call, listener)
    _show(run, options["as_json"])
    ctx.exit(0 if run.qualified else 1)


@click.command(cls=Command)
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--target", "targets", multiple=True, help="Profiles: a,b,c. Repeatable.")
@click.option("--data", help=_DATA)
@_shared
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@click.pass_context
def compare(ctx: click.Context, **options: Any) -> None:
    """Optimize MODEL for several targets and show them in one table; or show a run's folder so."""
    import msgspec

    from edgeopt.pipeline.comparing import compare as table_of
    from edgeopt.report import compare_table

    run = _compared_run(ctx, options)
    found = table_of(run)
    if options["as_json"]:
        print_json(msgspec.to_builtins(found))
    else:
        console().print(compare_table.render(found))
        say(f"Report: {Path(run.folder) / 'report.html'}")
    ctx.exit(0 if run.choices and run.qualified else 1)


def _compared_run(ctx: click.Context, options: dict[str, Any]) -> Run:
    """The run in a folder, or a new one."""
    from edgeopt.jobs import on_disk
    from edgeopt.pipeline.optimize import optimize as run_optimize
    from edgeopt.store import run_folder

    if on_disk.kind(options["model"] / "run.json") == "file":  # a model can be a folder, too
        given = [name for name in options if _is_given(ctx, name) and name != "as_json"]
        if given != ["model"]:
            raise BadInput(
                f"{options['model']} is a run's folder: only --json goes with it.",
                "Other options go with a model.",
            )
        return run_folder.read(options["model"])
    targets = [name for given in options["targets"] for name in _names(given)]
    if not targets or not options["data"]:
        raise BadInput(
            "a model needs --target and --data.",
            "Or give the folder of a run: edgeopt compare runs/MODEL",
        )
    call = call_of({**options, "targets": tuple(targets)})
    with progress() as listener:
        return run_optimize(call, listener)


def _is_given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT


def _names(given: str) -> list[str]:
    """ "a,b" -> two names; the path of a profile may have commas."""
    with contextlib.suppress(OSError):  # a list of names may be longer than any file's
        if Path(given).is_file():
            return [given]
    return [name.strip() for name in given.split(",") if name.strip()]


def call_of(options: dict[str, Any]) -> Call:
    """The call that the options of `optimize` say.

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
        max_size_bytes=parse.size(options["max_size"]) if options["max_size"] is not None else None,
        max_latency_ms=options["max_latency"],
        max_slice_drop=parse.share(options["max_slice_drop"])
        if options["max_slice_drop"] is not None
        else None,
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
        trust=options["trust"],
        budget=options["budget"] or "standard",
        seed=options["seed"],
        **limits(options["step_timeout"]),
        devices=options["devices"],
        slice_by=options["slice_by"],
        corruptions=options["corruptions"],
        pictures=not options["no_pictures"],
        fold=parse.fold(options["fold_input"], options["fold_output"]),
        compression=_compression(options),
        train=options["train"],
        tensorboard=options["tensorboard"],
        task=task,
    )


def _compression(options: dict[str, Any]) -> Compression | None:
    from edgeopt.compress.asked import compression
    from edgeopt.search.ladder import ORDER

    methods = [method for method in ORDER if options[method.replace("-", "_")]]
    return compression(methods, options["pruning"], options["training"], options["epochs"])


@click.command(cls=Command)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
def report(folder: Path, as_json: bool) -> None:
    """Show a run again, and write its report.html anew."""
    from edgeopt.pipeline import folder_check
    from edgeopt.pipeline.outputs import write_report
    from edgeopt.store import run_folder

    run = folder_check.noticed(run_folder.read(folder))
    write_report(run)
    _show(run, as_json)


def _show(run: Run, as_json: bool) -> None:
    if as_json:
        import msgspec

        print_json(msgspec.to_builtins(run))
        return
    from edgeopt.report import terminal
    from edgeopt.store import run_folder
    from edgeopt.targets import published

    profiles = run_folder.profiles(Path(run.folder))
    console().print(terminal.summary(run, profiles, published.rows()))
    say(f"Report: {Path(run.folder) / 'report.html'}")
