"""The command line: parses, calls, prints. Heavy rooms are imported in the commands."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeopt.cli_devices import devices
from edgeopt.cli_explain import explain
from edgeopt.cli_measure import bench, doctor
from edgeopt.console import console, print_json, progress
from edgeopt.domain.errors import EdgeoptError

if TYPE_CHECKING:
    from edgeopt.domain.run import Run


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


for command in (bench, devices, doctor, explain):
    cli.add_command(command)


@cli.group("targets", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def targets_group(ctx: click.Context, as_json: bool) -> None:
    """List the targets, and what can be done for each from here."""
    if ctx.invoked_subcommand is None:
        from edgeopt.report import targets_table
        from edgeopt.runner.sensors import machine

        rows = targets_table.rows(machine())
        if as_json:
            print_json([row._asdict() for row in rows])
        else:
            console().print(targets_table.render(rows))


@targets_group.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def targets_show(name: str, as_json: bool) -> None:
    """Show one target: its facts with their sources, its recipes, its traps."""
    import msgspec

    from edgeopt import targets
    from edgeopt.report import published_table, targets_table
    from edgeopt.runner.sensors import machine
    from edgeopt.targets import published

    profile = targets.load(name)
    if profile.name == "this-machine":
        profile = targets.probe(profile, machine())
    found = published.of_target(profile.name)
    if as_json:
        print_json({**msgspec.to_builtins(profile), "published": msgspec.to_builtins(found)})
        return
    console().print(targets_table.show(profile))
    if found:
        console().print(published_table.render(found))


@targets_group.command("schema")
def targets_schema() -> None:
    """Print the JSON Schema of a profile, for editors."""
    from edgeopt import targets

    print_json(targets.json_schema())


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
@click.option("--trust", is_flag=True, help="Run code inside the model's file.")
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
    with progress() as listener:
        run = run_optimize(call, listener)
    _show(run, options["as_json"])
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
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
def report(folder: Path, as_json: bool) -> None:
    """Show a run again, and write its report.html anew."""
    from edgeopt.pipeline.finish import write_report
    from edgeopt.store import run_folder

    run = run_folder.read(folder)
    write_report(run)
    _show(run, as_json)


def _show(run: Run, as_json: bool) -> None:
    if as_json:
        import msgspec

        print_json(msgspec.to_builtins(run))
        return
    from edgeopt.report import terminal

    shown = console()
    shown.print(terminal.summary(run))
    shown.print(f"Report: {Path(run.folder) / 'report.html'}", highlight=False, soft_wrap=True)


def main() -> None:
    """The `edgeopt` command."""
    cli()


if __name__ == "__main__":
    main()
