"""To ncnn: pnnx, from TorchScript, a traced exported program, or ONNX."""

from __future__ import annotations

import functools
import importlib.util
import math
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgeopt.convert import ncnn_weights, pnnx_refused, rewrites, routes
from edgeopt.convert.converter import Converter
from edgeopt.convert.job import Job, Made
from edgeopt.domain.errors import EdgeoptError
from edgeopt.jobs.child import describe_exit
from edgeopt.jobs.told import told
from edgeopt.runtimes import exported
from edgeopt.sources.source import Source

_KINDS = {"float32": "f32", "float64": "f64", "float16": "f16"}
_MOST_AXES = 3  # of a value in ncnn, without the batch


class Ncnn(Converter):
    """By pnnx. No integers: the tools that would make them (ncnn2table, ncnn2int8) are no Python

    package. Each precision is made from the source: pnnx writes 16-bit weights itself.
    """

    runtime = "ncnn"
    from_torch = ("torch",)

    def needs(self, precision: str) -> tuple[str, ...]:
        """pnnx, for each."""
        return ("pnnx",)

    def unsuitable(self, precision: str, source: Source) -> str:
        """Why ncnn cannot take a source, or ""."""
        for spec in source.inputs:
            if spec.dtype not in _KINDS:
                return f"ncnn takes floats; input {spec.name!r} is {spec.dtype}"
            if spec.dtype == "float64" and not (source.exported or source.torchscript):
                return f"ncnn computes in 32-bit floats; input {spec.name!r} is float64"
            if len(spec.shape) > _MOST_AXES + 1:
                return f"ncnn's values have three axes beside the batch; {spec.name!r} has more"
            if 0 in spec.shape:
                return f"ncnn has no values of length 0; input {spec.name!r} is {spec.sizes}"
        return ""

    def convert(self, job: Job) -> Made:
        """Write model.param and model.bin.

        Raises:
            EdgeoptError: pnnx reads no form of the source, or leaves operators that ncnn has not.
        """
        target = Path(job.folder) / "model.param"
        forms = _forms(job)
        if not forms:
            raise EdgeoptError(job.source.onnx_reason or "the source has no ONNX form")
        ways_in = [
            routes.Route(name, functools.partial(_made, job, form, target)) for name, form in forms
        ]
        done = routes.first(ways_in, lambda: routes.check(job, target, {}))
        return Made(main=target.name, notes=(*done.result, *done.notes))


CONVERTER = Ncnn()

#: What writes the file that pnnx reads into a folder, and notes of it.
_Form = Callable[[Path], tuple[Path, tuple[str, ...]]]


def _forms(job: Job) -> list[tuple[str, _Form]]:
    """Ways into pnnx, the most direct one first."""
    source = job.source
    found: list[tuple[str, _Form]] = []
    if source.torchscript:
        found.append(("pnnx, from TorchScript", lambda work: (_copied(source, work), ())))
    elif source.exported:
        found.append(("pnnx, from a trace", lambda work: (_traced(source, work / "source.pt"), ())))
    if source.onnx is not None:
        found.append(("pnnx, from ONNX", lambda work: _rewritten(job, work)))
    return found


def _copied(source: Source, work: Path) -> Path:
    return Path(shutil.copyfile(str(source.torchscript), work / "source.pt"))


def _rewritten(job: Job, work: Path) -> tuple[Path, tuple[str, ...]]:
    with rewrites.written(job.source, "pnnx", next(job.samples(1), None)) as (path, notes):
        return Path(shutil.copyfile(path, work / "source.onnx")), notes


def _made(job: Job, form: _Form, target: Path) -> tuple[str, ...]:
    """Write the two files from one form of the source; returns notes."""
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        given, notes = form(work)
        log = _pnnx(job, given, work)
        text = (work / "model.param").read_text("utf-8")
        pnnx_refused.foreign(text, job.source)
        pnnx_refused.without_axes(text)
        pnnx_refused.dropped(log)  # before it is run: such a layer may take the process with it
        target.write_text(_with_inputs(text, _shapes(job.source, work)), "utf-8")
        shutil.move(work / "model.bin", target.with_suffix(".bin"))
    _hint_outputs(job, target)
    return (*notes, *ncnn_weights.notes(job, target))


def _traced(source: Source, path: Path) -> Path:
    import torch

    from edgeopt.runtimes.torch import flat

    class Flat(torch.nn.Module):
        """Answers with a tuple, whatever structure the module's answers have."""

        def __init__(self, inner: torch.nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return tuple(flat(self.inner(*given)))

    module = Flat(exported.written(str(source.exported)).module())
    arguments = tuple(
        torch.zeros(list(spec.sizes), dtype=getattr(torch, spec.dtype)) for spec in source.inputs
    )
    with torch.inference_mode():
        torch.jit.trace(module, arguments, check_trace=False).save(str(path))
    return path


def _pnnx(job: Job, given: Path, work: Path) -> str:
    """Run pnnx, a program of its own; what it writes beside the two files stays in `work`.

    Returns:
        What it said.
    """
    found = importlib.util.find_spec("pnnx")
    assert found is not None  # the space holds what is installed
    assert found.origin is not None
    options = [
        *_input_shapes(job.source, given),
        f"fp16={int(job.recipe.precision == 'fp16')}",
        f"ncnnparam={work / 'model.param'}",
        f"ncnnbin={work / 'model.bin'}",
        f"ncnnpy={work / 'model_ncnn.py'}",
    ]
    program = Path(found.origin).with_name("pnnx")
    done = subprocess.run([program, given, *options], cwd=work, capture_output=True, text=True)
    log = f"{done.stdout}\n{done.stderr}"
    print(log)  # noqa: T201 (log)
    if done.returncode or not (work / "model.bin").exists():
        raise EdgeoptError(
            f"{describe_exit(done.returncode, program='pnnx')} and wrote no "
            f"ncnn model: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1][:200]}"
        )
    return log


def _input_shapes(source: Source, given: Path) -> list[str]:
    """An ONNX file has its shapes, a TorchScript has none."""
    if given.suffix == ".onnx":
        return []
    shapes = [
        f"[{','.join(str(dim) for dim in spec.sizes)}]{_KINDS[spec.dtype]}"
        for spec in source.inputs
    ]
    return [f"inputshape={','.join(shapes)}"]


def _shapes(source: Source, work: Path) -> dict[str, tuple[int, ...]]:
    """ncnn's inputs and their shapes: without the batch, whose axis pnnx's own example tells."""
    text = (work / "model_ncnn.py").read_text("utf-8")
    found = re.findall(r'ex\.input\("(\w+)", ncnn\.Mat\(.*batch_index=(\d+)\)', text)
    if len(found) != len(source.inputs):
        raise EdgeoptError(
            f"pnnx made {len(found)} inputs of the source's {len(source.inputs)}: it drops those "
            "that nothing reads."
        )
    shapes = {}
    for spec, (name, batch) in zip(source.inputs, found, strict=True):
        kept = list(spec.sizes)
        count = kept.pop(int(batch)) if int(batch) < len(kept) else 1  # 233 where there is none
        if count != 1:
            raise EdgeoptError(
                f"ncnn has no batch axis, and {spec.name!r} is a batch of {count} (axis {batch}).",
                "Export the model with a batch of 1, or with that axis open.",
            )
        if len(kept) > _MOST_AXES:
            raise EdgeoptError(
                f"ncnn's values have three axes, {spec.name!r} has {len(kept)}, and nothing in the "
                "model tells pnnx which of them is the batch.",
                "Export the model with a batch of 1 and at most three axes beside it.",
            )
        shapes[name] = tuple(kept) or (1,)
    return shapes


def _with_inputs(text: str, shapes: dict[str, tuple[int, ...]]) -> str:
    """The file with the shapes of its inputs, in ncnn's own words (0=w 1=h 2=c)."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        words = line.split()
        if words and words[0] == "Input":
            sizes = enumerate(reversed(shapes[words[4]]))
            lines[i] = " ".join([line, *(f"{key}={size}" for key, size in sizes)])
    return "\n".join(lines) + "\n"


def _hint_outputs(job: Job, path: Path) -> None:
    """Write the shapes of the outputs into the file, as hints of the layers that make them.

    Raises:
        EdgeoptError: ncnn does not run the model.
    """
    from edgeopt.runtimes import ncnn

    try:
        session = ncnn.open_session(str(path), 1, job.recipe.options)
        results = session.run([np.zeros(spec["shape"], np.float32) for spec in session.inputs])
    except (ValueError, RuntimeError) as error:
        for file in (path, path.with_suffix(".bin")):
            file.unlink()
        raise told(error, EdgeoptError("ncnn does not run what pnnx made of it.")) from error
    shapes = {spec["name"]: a.shape for spec, a in zip(session.outputs, results, strict=True)}
    for name, shape in shapes.items():
        _require_room(name, shape, job.source)
    lines = path.read_text("utf-8").splitlines()
    for i, layer in enumerate(ncnn.read(str(path)), 2):
        if not shapes.keys() & set(layer["tops"]):
            continue
        hints = [_hint(shapes.get(top, ())) for top in layer["tops"]]
        numbers = [str(number) for hint in hints for number in hint]
        lines[i] += f" -23330={len(numbers)},{','.join(numbers)}"
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _require_room(name: str, shape: tuple[int, ...], source: Source) -> None:
    """Of an output with more axes than a hint has room for, the source's shape is taken.

    Raises:
        EdgeoptError: no output of the source has as many values.
    """
    sizes = {math.prod(spec.sizes) for spec in source.outputs}
    if len(shape) > _MOST_AXES and math.prod(shape) not in sizes:
        raise EdgeoptError(
            f"output {name!r} of what pnnx made is {shape}: no output of the source has as many "
            "values."
        )


def _hint(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """ncnn's (axes, w, h, c); zeros where nothing is known."""
    if not 0 < len(shape) <= _MOST_AXES:
        return (0, 0, 0, 0)
    width, height, channels = (*reversed(shape), 1, 1)[:3]
    return (len(shape), width, height, channels)
