"""The command line: parses, calls, prints. Heavy rooms are imported in the commands."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import click

from edgeopt import screen
from edgeopt.domain.errors import EdgeoptError


class _Group(click.Group):
    """Turns the package's errors into one message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EdgeoptError as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            click.secho("error: ", fg="red", bold=True, err=True, nl=False)
            click.echo(str(error), err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            again = (
                "; the same command again goes on" if ctx.invoked_subcommand == "optimize" else ""
            )
            click.echo(f"stopped{again}", err=True)
            ctx.exit(130)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(package_name="edgeopt")
def cli(debug: bool) -> None:
    """Find the version of a model to ship on each device, and see why by measurement.

    \b
    Exit codes: 0 chosen, 1 nothing qualified, 2 bad input, 3 something is not installed.
    """


@cli.group("targets", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def targets_group(ctx: click.Context, as_json: bool) -> None:
    """List the targets, and what can be done for each from here."""
    if ctx.invoked_subcommand is None:
        from edgeopt.report import targets_table
        from edgeopt.runner.sensors import machine

        rows = targets_table.rows(machine())
        screen.show([row._asdict() for row in rows], targets_table.render(rows), as_json)


@targets_group.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def targets_show(name: str, as_json: bool) -> None:
    """Show one target: its facts with their sources, its recipes, its traps."""
    from edgeopt import targets
    from edgeopt.report import targets_table
    from edgeopt.runner.sensors import machine

    profile = targets.load(name)
    if profile.name == "this-machine":
        profile = targets.probe(profile, machine())
    screen.show(profile, targets_table.show(profile), as_json)


@targets_group.command("schema")
def targets_schema() -> None:
    """Print the JSON Schema of a profile, for editors."""
    from edgeopt import targets

    screen.show_json(targets.json_schema())


@cli.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--target", "targets", multiple=True, required=True, help="Profile name or path.")
@click.option("--data", required=True, help=".npz, folder of images by class, or module:function.")
@click.option("--metric", help="accuracy, top5, f1, roc-auc, mae, mse, ... or module:function.")
@click.option("--max-drop", default="1%", show_default=True, help="Allowed loss: 1% or 0.01.")
@click.option("--max-size", help="Largest artifact: 5MB, 800kB.")
@click.option("--max-latency", type=float, metavar="MS", help="Largest p50, milliseconds.")
@click.option("--calibration", help="Samples that calibrate, instead of a part of --data.")
@click.option("--confirm", help="Samples that confirm, instead of a part of --data.")
@click.option(
    "--preprocess", help="For images: size=256,crop=224,mean=127,scale=0.0078125,layout=nchw"
)
@click.option("--output", help="The output that is scored; default: the first.")
@click.option("--shape", "shapes", multiple=True, metavar="NAME=1x3x224x224", help="Fix a shape.")
@click.option("--trust", is_flag=True, help="Unpickle .pt files: this runs code inside them.")
@click.option("--quick", "budget", flag_value="quick", help="Fewer launches and rounds.")
@click.option("--submission", "budget", flag_value="submission", help="1,024 runs and 60 s each.")
@click.option("--seed", default=0, show_default=True)
@click.option("--step-timeout", default=300.0, show_default=True, metavar="SECONDS")
@click.option("--out", type=click.Path(path_type=Path), help="The run's folder.  [runs/MODEL]")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@click.pass_context
def optimize(ctx: click.Context, **options: Any) -> None:
    """Turn MODEL into the best artifact for each target."""
    from edgeopt.pipeline.optimize import optimize as run_optimize

    call = _call(options)
    with screen.progress() as listener:
        run = run_optimize(call, listener)
    screen.show_run(run, options["as_json"])
    ctx.exit(0 if run.qualified else 1)


def _call(options: dict[str, Any]) -> Any:
    from edgeopt import parse
    from edgeopt.api import default_out
    from edgeopt.domain.run import Constraints
    from edgeopt.pipeline.call import Call

    constraints = Constraints(
        max_drop=parse.share(options["max_drop"]),
        max_size_bytes=parse.size(options["max_size"]) if options["max_size"] else None,
        max_latency_ms=options["max_latency"],
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
        preprocessing=parse.preprocessing(options["preprocess"]),
        output=options["output"],
        shapes=parse.shapes(options["shapes"]),
        trust=options["trust"],
        budget=options["budget"] or "standard",
        seed=options["seed"],
        step_timeout_s=options["step_timeout"],
    )


@cli.command()
@click.argument("artifacts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--threads", "threads", multiple=True, type=click.IntRange(1), help="Repeatable. [1]")
@click.option("--baseline", type=click.Path(path_type=Path), help="Verdicts are against it.")
@click.option("--data", type=click.Path(path_type=Path), help="An .npz of real inputs.")
@click.option("--sustained", metavar="10m", help="Instead: each alone under load for so long.")
@click.option("--streams", multiple=True, type=click.IntRange(1), help="Instead: sessions at once.")
@click.option("--fps", type=click.FloatRange(0, min_open=True), help="Instead: frames at a rate.")
@click.option("--load-time", is_flag=True, help="Instead: from the file to the first answer.")
@click.option("--quick", "budget", flag_value="quick", help="Half the rounds, 3 to 5 launches.")
@click.option("--submission", "budget", flag_value="submission", help="1,024 runs and 60 s each.")
@click.option("--seed", default=0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Where every raw sample goes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with every raw sample.")
@click.pass_context
def bench(ctx: click.Context, artifacts: tuple[Path, ...], **options: Any) -> None:
    """Time ARTIFACTS (.onnx, .xml, .tflite, .pt2) side by side; verdicts are against the first."""
    from edgeopt.harness.budget import BUDGETS
    from edgeopt.pipeline.bench import bench as run_bench
    from edgeopt.report import bench_table
    from edgeopt.store import bench_file

    out = bench_file.place(options["out"])
    rows = _run_mode(artifacts, options, out)
    if rows is not None:
        ctx.exit(1 if all(row.reason for row in rows) else 0)
    with screen.progress() as listener:
        table = run_bench(
            artifacts,
            options["threads"] or (1,),
            options["data"],
            options["baseline"],
            BUDGETS[options["budget"] or "standard"],
            options["seed"],
            progress=listener,
        )
    _keep(out, table, bench_table.render(table), options["as_json"])
    ctx.exit(1 if all(row.latency_ms is None for row in table.rows) else 0)


def _run_mode(artifacts: tuple[Path, ...], options: dict[str, Any], out: Path) -> Any:
    """The rows of what is measured in place of the ordinary schedule, None for that."""
    from edgeopt import parse
    from edgeopt.pipeline import modes
    from edgeopt.report import mode_table

    seconds, fps = parse.duration(options["sustained"]), options["fps"]
    ordinary = bool(options["baseline"] or options["budget"])
    mode = modes.asked(seconds, options["streams"], fps, options["load_time"], ordinary)
    if mode is None:
        return None
    files = modes.Files(artifacts, options["threads"] or (1,), options["data"], options["seed"])
    with screen.progress() as listener:
        outcome = modes.run_mode(files, mode, listener)
    shown = mode_table.render(outcome.mode, outcome.rows, outcome.inputs)
    _keep(out, outcome.data(), shown, options["as_json"])
    return outcome.rows


def _keep(out: Path, found: Any, shown: Any, as_json: bool) -> None:
    """Write the raw samples to a file; print them, or the table."""
    from edgeopt.store import bench_file

    data = bench_file.write(out, found)
    if as_json:
        click.echo(data)
    else:
        screen.console().print(shown)
        click.echo(f"Every raw sample: {out}")


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
def report(folder: Path, as_json: bool) -> None:
    """Show a run again, and write its report.html anew."""
    from edgeopt.pipeline.finish import write_report
    from edgeopt.store import run_folder

    run = run_folder.read(folder)
    write_report(run)
    screen.show_run(run, as_json)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON with every reading.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Say what is wrong with this machine for measuring, and how to mend it."""
    import tempfile

    from edgeopt.devices.local import Local
    from edgeopt.pipeline.doctor import doctor as examine
    from edgeopt.report import doctor_table

    with (
        tempfile.TemporaryDirectory(prefix="edgeopt-doctor-") as scratch,
        screen.progress() as listener,
    ):
        diagnosis = examine(Local(), Path(scratch) / "doctor.log", listener)
    if as_json:
        screen.show_json(doctor_table.as_data(diagnosis))
    else:
        screen.console().print(doctor_table.render(diagnosis))
    ctx.exit(1 if diagnosis.failed else 0)


@cli.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option("--target", help="A target of the run; default: the first.")
@click.option("--runtime", help="Explain the int8-static of this runtime, not the chosen one.")
@click.option("--data", help="Inputs: .npz or module:function; default: the run's .npz, or random.")
@click.option("--top", default=12, show_default=True, type=click.IntRange(1), help="Layers shown.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the explanation as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
def explain(run: Path, as_json: bool, out: Path | None, top: int, **asked: Any) -> None:
    """Say why candidate A of a run is faster or slower than candidate B, layer by layer."""
    from edgeopt.pipeline import explain as why
    from edgeopt.report import explain_table

    with screen.progress() as listener:
        found = why.explain(run, why.Asked(**asked), listener)
    if out is not None:
        why.keep(found, out)
    screen.show(found, explain_table.render(found, top), as_json)


def main() -> None:
    """The `edgeopt` command."""
    cli()


if __name__ == "__main__":
    main()
