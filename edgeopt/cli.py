"""The command line: parses, calls, prints. Heavy rooms are imported in the commands."""

from __future__ import annotations

import sys
import traceback
from typing import Any

import click

from edgeopt import faults, streams
from edgeopt.cli_cache import cache
from edgeopt.cli_compare import compare
from edgeopt.cli_devices import devices
from edgeopt.cli_explain import explain
from edgeopt.cli_inspect import inspect
from edgeopt.cli_measure import bench, doctor
from edgeopt.cli_optimize import optimize, report
from edgeopt.cli_roof import roof
from edgeopt.cli_setup import setup
from edgeopt.cli_ship import ship
from edgeopt.cli_show import show
from edgeopt.cli_try import means_try, try_model
from edgeopt.cli_tune import tune
from edgeopt.command import Group
from edgeopt.console import console, doing, print_json, say, say_error
from edgeopt.domain.visible import visible
from edgeopt.jobs import interpreter


class _Group(Group):
    """Turns the package's errors into one message and an exit code."""

    def main(self, *args: Any, **options: Any) -> Any:
        """As click's, whose own errors quote what was typed."""
        try:
            code = super().main(*args, **{**options, "standalone_mode": False})
        except click.Abort:
            code = _stopped("")
        except click.ClickException as error:
            _shown(error).show()
            code = error.exit_code
        raise SystemExit(code)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's; the path of a model, where a command is expected, is for `try`."""
        if self.get_command(ctx, args[0]) is None and means_try(args[0]):
            args = ["try", *args]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(_stopped(ctx.invoked_subcommand or ""))
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            self._fail(ctx, error)

    @staticmethod
    def _fail(ctx: click.Context, error: Exception) -> None:
        """Say what went wrong, and end."""
        if ctx.params.get("debug"):
            say(*traceback.format_exc().splitlines(), error=True)
        fault = faults.told(error, f"edgeopt {ctx.invoked_subcommand or ''}".strip(), doing(ctx))
        say_error(fault.args[0], fault.hint)
        ctx.exit(fault.exit_code)


#: Characters of an error: click quotes whatever was typed.
_LONGEST = 800


def _shown(error: click.ClickException) -> click.ClickException:
    """The same of visible characters, and no longer than a reader takes."""
    message = visible(error.format_message())
    if len(message) > _LONGEST:
        message = f"{message[: _LONGEST // 2]} ... {message[-_LONGEST // 4 :]}"
    if isinstance(error, click.UsageError):
        return click.UsageError(message, error.ctx)
    return click.ClickException(message)


def _stopped(command: str) -> int:
    resumes = command in ("optimize", "compare", "try", "tune")
    say("stopped; the same command again goes on" if resumes else "stopped", error=True)
    return 130


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(package_name="edgeopt")
def cli(debug: bool) -> None:
    """Find the version of a model to ship on each device, and see why by measurement.

    \b
    Exit codes: 0 chosen, 1 nothing qualified, 2 bad input, 3 something is not installed,
    70 a mistake in edgeopt itself.
    """


for command in (
    bench,
    cache,
    compare,
    devices,
    doctor,
    explain,
    inspect,
    optimize,
    report,
    roof,
    setup,
    ship,
    show,
    try_model,
    tune,
):
    cli.add_command(command)


@cli.group("targets", invoke_without_command=True, short_help="List the targets.")
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


@targets_group.command("show", short_help="Show one target.")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def targets_show(name: str, as_json: bool) -> None:
    """Show one target: facts with their sources, recipes, and known problems."""
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


def main() -> None:
    """The `edgeopt` command."""
    interpreter.start()
    streams.mend()
    try:
        cli()
    except SystemExit as ended:
        lost = streams.failure()
        if lost is None:
            raise
        say(f"error: what was to be printed is lost: {lost.strerror}.", error=True)
        raise SystemExit(ended.code or 2) from None


if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the current folder, which `-m` puts there
    main()
