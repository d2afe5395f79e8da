"""The options of `edgeopt optimize` and `compare`, under the headings of their `--help`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from edgeopt.command import under
from edgeopt.domain.aim import AIMS

DATA = ".npz, folder of images, module:function, COCO .json, data.yaml, ... (docs/tasks.md)"

WHAT, SPACE, AIM = "Model and data", "What is tried", "What is aimed at, and limits"
JUDGED, SMALLER, HOW = "How answers are judged", "A smaller model", "The run"


def _targets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from edgeopt import targets

    return _begun(incomplete, targets.names())


def target_names(
    ctx: click.Context, param: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...]:
    """ "a,b" -> two names; the path of a profile may have commas."""
    return tuple(name for one in given for name in _names(one))


def _names(given: str) -> list[str]:
    with contextlib.suppress(OSError):  # a list of names may be longer than any file's
        if Path(given).is_file():
            return [given]
    return [name.strip() for name in given.split(",") if name.strip()]


def _runtimes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from edgeopt.search import bounded

    return _begun(incomplete, bounded.runtime_names())


def _precisions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from edgeopt.domain.recipe import PRECISIONS

    return _begun(incomplete, PRECISIONS)


def _begun(incomplete: str, names: Iterable[str]) -> list[str]:
    """The names that go on with what was typed after the last comma."""
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in names if name.startswith(last)]


_what, _space, _aim = under(WHAT), under(SPACE), under(AIM)
_judged, _smaller, _how = under(JUDGED), under(SMALLER), under(HOW)

_SHARED = (
    _what(
        "--device",
        "devices",
        multiple=True,
        help="Measure on this device (name or link). Repeatable.",
    ),
    _what("--calibration", help="Samples for calibration, instead of a part of --data."),
    _what("--confirm", help="Held-out samples, instead of a part of --data."),
    _what("--train", help="More samples to train on."),
    _what(
        "--preprocess",
        help="For images: size=256,crop=224,mean=127,scale=0.0078125,layout=nchw; of tasks "
        "way=letterbox,size=640,mean=0,scale=0.0039216,order=bgr,...",
    ),
    _what(
        "--shape",
        "shapes",
        multiple=True,
        metavar="NAME=1x3x224x224",
        help="Fix the open shape of an input.",
    ),
    _what(
        "--open-axis",
        metavar="NAME:AXIS=160,320",
        help="Keep an axis open, at these sizes.",
    ),
    _what(
        "--state",
        "states",
        multiple=True,
        metavar="OUT=IN",
        help="Feed this output into this input at the next step.",
    ),
    _what(
        "--fold-input",
        metavar="mean=127,scale=0.0078,...",
        help="Make the model take uint8 and do this preparation itself.",
    ),
    _what(
        "--fold-output",
        type=click.Choice(["softmax", "argmax"]),
        help="Put this last step into the model.",
    ),
    _what("--trust", is_flag=True, help="Run code inside the model's file."),
    _space(
        "--runtime",
        "runtimes",
        multiple=True,
        help="Try only these: litert,onnxruntime.",
        shell_complete=_runtimes,
    ),
    _space(
        "--precision",
        "precisions",
        multiple=True,
        help="Try only these: int8-static,fp32.",
        shell_complete=_precisions,
    ),
    _space(
        "--not",
        "without",
        multiple=True,
        help="Try none of these runtimes and precisions.",
        shell_complete=lambda *asked: [*_runtimes(*asked), *_precisions(*asked)],
    ),
    _space(
        "--threads",
        multiple=True,
        metavar="1,4",
        help="Numbers of threads, instead of the profile's.",
    ),
    _aim(
        "--for",
        "aim",
        type=click.Choice([*AIMS]),
        default="latency",
        show_default=True,
        help="The figure that decides.",
    ),
    _aim(
        "--batch",
        "batches",
        multiple=True,
        metavar="1,4,8",
        help="Samples at once, for throughput.",
    ),
    _aim("--max-drop", default="1%", show_default=True, help="Allowed loss: 1% or 0.01."),
    _aim("--max-slice-drop", help="Allowed loss of the worst slice (10 samples or more)."),
    _aim("--max-latency", metavar="5ms", help="Largest p50; a bare number is milliseconds."),
    _aim("--max-p90", metavar="8ms", help="Largest p90; a bare number is milliseconds."),
    _aim("--max-size", metavar="5MB", help="Largest artifact; a bare number is bytes."),
    _aim("--max-memory", metavar="200MB", help="Largest amount of memory that the model may add."),
    _aim("--max-energy", metavar="3mJ", help="Largest energy of an inference; needs a meter."),
    _judged("--task", help="detection, segmentation, pose, ctc, ... or module:Class."),
    _judged("--metric", help="accuracy, top5, f1, roc-auc, mae, mse, ... or module:function."),
    _judged("--output", help="The output that is scored; default: the first."),
    _judged("--head", help="How a detector's outputs become boxes: yolo, ssd, ..."),
    _judged(
        "--images",
        metavar="FOLDER",
        help="The folder that file names in annotations are relative to.",
    ),
    _judged("--masks", metavar="FOLDER", help="PNGs of class numbers, one for each photo."),
    _judged("--alphabet", metavar="FILE", help="The letters of a text model, one a line."),
    _judged("--candidates", metavar="FILE", help="The candidates of each query, .csv or .npz."),
    _judged("--pairs", metavar="FILE", help="Pairs of samples, .csv or .npz."),
    _judged("--confirm-pairs", metavar="FILE", help="The same for the samples of --confirm."),
    _judged(
        "--slice-by", "slice_by", multiple=True, help="Column of the data to slice by. Repeatable."
    ),
    _judged("--corruptions", is_flag=True, help="Also score the choice on corrupted inputs."),
    _smaller("--prune", is_flag=True, help="Try fewer channels, step by step, with training."),
    _smaller("--low-rank", is_flag=True, help="Try linear and 1x1 layers as two thinner ones."),
    _smaller("--sparse", is_flag=True, help="Try single weights set to zero."),
    _smaller("--input-size", is_flag=True, help="Try a smaller image inside the model."),
    _smaller("--qat", is_flag=True, help="Try training with 8-bit rounding."),
    _smaller("--epochs", type=click.IntRange(1), help="Most epochs of each training.  [30]"),
    _smaller("--training", metavar="KEY=VALUE,...", help="How to train: docs/pruning.md."),
    _smaller("--pruning", metavar="KEY=VALUE,...", help="importance, scope, step."),
    _smaller("--tensorboard", is_flag=True, help="Also write training curves for TensorBoard."),
    _how(
        "--config",
        metavar="FILE.toml",
        is_eager=True,
        expose_value=False,
        callback=lambda ctx, _, value: _read_config(ctx, value),
        help="Options by their long names; a run leaves its own as call.toml.",
    ),
    _how("--quick", "budget", flag_value="quick", help="Measure for less time."),
    _how(
        "--submission",
        "budget",
        flag_value="submission",
        help="Measure longer: 1,024 runs and 60 s each.",
    ),
    _how(
        "--time",
        metavar="20m",
        help="End after about this time, with the best version found so far.",
    ),
    _how("--no-pictures", is_flag=True, help="Put no images into the report."),
    _how("--seed", default=0, show_default=True),
    _how("--fresh", is_flag=True, help="Use no results of earlier runs."),
    _how("--step-timeout", metavar="5m", help="[300 s; for reading the model: 900 s]"),
    _how("--out", type=click.Path(path_type=Path), help="The run's folder.  [runs/MODEL]"),
)


def target_and_data(*, required: bool) -> Callable[..., Any]:
    """What every request begins with; a run's folder needs neither."""
    target = _what(
        "--target",
        "targets",
        multiple=True,
        required=required,
        callback=target_names,
        help="Profiles, by name or path: a,b,c. Repeatable.",
        shell_complete=_targets,
    )
    data = _what("--data", required=required, help=DATA)
    return lambda command: target(data(command))


def shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a request, those that need no data among them."""
    for option in reversed(_SHARED):
        command = option(command)
    return command


def _read_config(ctx: click.Context, path: str | None) -> None:
    if path is not None:
        from edgeopt import call_file

        ctx.default_map = call_file.options(Path(path), ctx.command)
