"""`edgeopt bench` and `edgeopt doctor`. Heavy rooms are imported in the commands."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeopt.command import Command
from edgeopt.console import console, print_data, print_json, progress, say

if TYPE_CHECKING:
    from edgeopt.devices.device import Device, OwnTimer

#: Options of `bench` that mean nothing to a phone which LiteRT's benchmark_model times.
NOT_FOR_MEANS = (
    "baseline", "data", "shapes", "sustained", "streams", "fps", "load_time", "end_to_end"
)  # fmt: skip


@click.command(cls=Command, short_help="Time model files side by side.")
@click.argument("artifacts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--threads", "threads", multiple=True, type=click.IntRange(1), help="Repeatable. [1]")
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    help="The artifact that others are compared with.",
)
@click.option("--data", type=click.Path(path_type=Path), help="An .npz of real inputs, or photos.")
@click.option(
    "--shape", "shapes", multiple=True, metavar="NAME=1x8", help="For open dimensions. Repeatable."
)
@click.option("--device", default="local", help="A device's name or link.  [this machine]")
@click.option("--sustained", metavar="10m", help="Instead: each alone under load, for this long.")
@click.option("--streams", multiple=True, type=click.IntRange(1), help="Instead: sessions at once.")
@click.option("--fps", type=click.FloatRange(0, min_open=True), help="Instead: frames at a rate.")
@click.option("--load-time", is_flag=True, help="Instead: from the file to the first answer.")
@click.option("--end-to-end", is_flag=True, help="Bundles, from a photo of --data to its answer.")
@click.option("--quick", "budget", flag_value="quick", help="Half the rounds, 3 to 5 launches.")
@click.option(
    "--submission",
    "budget",
    flag_value="submission",
    help="Measure longer: 1,024 runs and 60 s each.",
)
@click.option("--seed", default=0, show_default=True)
@click.option("--trust", is_flag=True, help="Run code inside the files.")
@click.option("--out", type=click.Path(path_type=Path), help="Where every raw sample goes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with every raw sample.")
@click.pass_context
def bench(ctx: click.Context, artifacts: tuple[Path, ...], **options: Any) -> None:
    """Time ARTIFACTS (.onnx, .tflite, .xml, .pte, .param ...) side by side, against the first."""
    from edgeopt import parse
    from edgeopt.devices.device import is_own_timer
    from edgeopt.devices.resolve import resolve
    from edgeopt.store import bench_file

    options["shapes"] = parse.shapes(options["shapes"])
    if options["end_to_end"]:
        _require_ordinary(options)
    data, baseline = options["data"], options["baseline"]
    out = bench_file.place(options["out"], [*artifacts, *filter(None, (data, baseline))])
    with contextlib.closing(resolve(options["device"])) as device:
        if is_own_timer(device):
            means = _run_means(artifacts, options, device, out)
            ctx.exit(1 if all(row.reason for row in means) else 0)
        rows = None if options["end_to_end"] else _run_mode(artifacts, options, device, out)
        if rows is not None:
            ctx.exit(1 if all(row.reason for row in rows) else 0)
        rows = _run_schedule(artifacts, options, device, out)
    ctx.exit(1 if all(row.latency_ms is None for row in rows) else 0)


def _require_ordinary(options: dict[str, Any]) -> None:
    """Refuse what --end-to-end cannot be done with. Raises BadInput."""
    from edgeopt.domain.errors import BadInput

    given = {**options, "shape": options["shapes"]}
    other = [name for name in ("sustained", "streams", "fps", "load_time", "shape") if given[name]]
    if other:
        raise BadInput(
            f"--{other[0].replace('_', '-')} does not go with --end-to-end.",
            "It compares latencies from a photo to its answer, in the ordinary schedule.",
        )


def _run_means(
    artifacts: tuple[Path, ...],
    options: dict[str, Any],
    device: OwnTimer,
    out: Path,
) -> Any:
    """The rows of a phone that LiteRT's own program times."""
    from edgeopt.benchmarking.mean_latency import bench_means
    from edgeopt.devices.benchmark_model import EFFORTS
    from edgeopt.domain.errors import BadInput
    from edgeopt.report import mean_table

    unfit = [name for name in NOT_FOR_MEANS if options[name]]
    if unfit:
        raise BadInput(
            f"--{unfit[0].replace('_', '-')} does not go with {device.name}, which LiteRT's "
            "benchmark_model times.",
            "It gives means of random inputs, one artifact after the other.",
        )
    effort = EFFORTS[options["budget"] or "standard"]
    with progress() as listener:
        table = bench_means(artifacts, options["threads"] or (1,), device, effort, listener)
    _keep(out, table, mean_table.render(table), options["as_json"])
    return table.rows


def _run_schedule(
    artifacts: tuple[Path, ...], options: dict[str, Any], device: Device, out: Path
) -> Any:
    """The rows of the ordinary schedule."""
    from edgeopt.benchmarking.side_by_side import bench as run_bench
    from edgeopt.harness.budget import BUDGETS
    from edgeopt.report import bench_table

    with progress() as listener:
        table = run_bench(
            artifacts,
            options["threads"] or (() if options["end_to_end"] else (1,)),
            options["data"],
            options["baseline"],
            BUDGETS[options["budget"] or "standard"],
            options["seed"],
            progress=listener,
            device=device,
            trust=options["trust"],
            shapes=options["shapes"],
            whole=options["end_to_end"],
        )
    _keep(out, table, bench_table.render(table), options["as_json"])
    return table.rows


def _run_mode(
    artifacts: tuple[Path, ...], options: dict[str, Any], device: Device, out: Path
) -> Any:
    """The rows of what is measured in place of the ordinary schedule, None for that."""
    from edgeopt import parse
    from edgeopt.benchmarking import modes
    from edgeopt.report import mode_table

    seconds, fps = parse.duration(options["sustained"]), options["fps"]
    ordinary = bool(options["baseline"] or options["budget"])
    mode = modes.asked(seconds, options["streams"], fps, options["load_time"], ordinary)
    if mode is None:
        return None
    files = modes.Files(
        artifacts,
        options["threads"] or (1,),
        options["data"],
        options["seed"],
        device=device,
        trust=options["trust"],
        shapes=options["shapes"],
    )
    with progress() as listener:
        outcome = modes.run_mode(files, mode, listener)
    shown = mode_table.render(outcome.mode, outcome.rows, outcome.inputs)
    _keep(out, outcome.data(), shown, options["as_json"])
    return outcome.rows


def _keep(out: Path, found: Any, shown: Any, as_json: bool) -> None:
    """Print the raw samples, or the table; write them to a file."""
    from edgeopt.store import bench_file

    data = bench_file.encoded(found)
    if as_json:
        print_data(data.decode())
    else:
        console().print(shown)
    bench_file.write(out, data)  # after it was shown: a disk that is full now loses no measurement
    if not as_json:
        say(f"Every raw sample: {out}")


@click.command(cls=Command, short_help="Check a machine for measuring.")
@click.option("--device", "name", default="local", help="A device's name or link.  [this machine]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with every reading.")
@click.pass_context
def doctor(ctx: click.Context, name: str, as_json: bool) -> None:
    """Say what is wrong with a machine for measuring, and how to mend it."""
    from edgeopt.benchmarking.machine_check import doctor as examine
    from edgeopt.devices.resolve import resolve
    from edgeopt.jobs import scratch
    from edgeopt.report import doctor_table

    with (
        scratch.folder("edgeopt-doctor-") as work,
        progress() as listener,
        contextlib.closing(resolve(name)) as device,
    ):
        diagnosis = examine(device, Path(work) / "doctor.log", listener)
    if as_json:
        print_json(doctor_table.as_data(diagnosis))
    else:
        console().print(doctor_table.render(diagnosis))
    ctx.exit(1 if diagnosis.failed else 0)
