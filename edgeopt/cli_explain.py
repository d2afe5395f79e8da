"""`edgeopt explain`. Heavy rooms are imported in the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edgeopt.command import Command
from edgeopt.console import console, print_json, progress


@click.command(cls=Command, short_help="Say why a candidate is faster or slower.")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option("--target", help="A target of the run.  [the first]")
@click.option("--runtime", help="Explain this runtime's int8-static, in place of A.")
@click.option("--data", help="Inputs: .npz or module:function.  [the run's .npz, or random]")
@click.option("--trust", is_flag=True, help="Allow code inside the run's model files to run.")
@click.option("--roof", is_flag=True, help="Measure this machine's peak speeds first, if needed.")
@click.option(
    "--top",
    default=12,
    show_default=True,
    type=click.IntRange(1),
    help="How many layers are shown.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write the explanation as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
def explain(run: Path, as_json: bool, out: Path | None, top: int, **asked: Any) -> None:
    """Say why candidate A of a run is faster or slower than candidate B, layer by layer.

    RUN is the run's folder. A and B are words of a row of its table ("litert int8-static") or a
    recipe id. Without A, the chosen candidate is explained; without B, it is compared with the
    fp32 of the same runtime.
    """
    import msgspec

    from edgeopt.benchmarking import explaining as why
    from edgeopt.report import explain_table

    with progress() as listener:
        found = why.explain(run, why.Question(**asked), listener)
    if out is not None:
        why.keep(found, out)
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        console().print(explain_table.render(found, top))
