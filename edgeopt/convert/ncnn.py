"""To ncnn: pnnx, from TorchScript, a traced exported program, or ONNX."""

from __future__ import annotations

import importlib.util
import math
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.convert.job import Job, Made
from edgeopt.domain.errors import EdgeoptError
from edgeopt.jobs.child import describe_exit
from edgeopt.sources.source import Source

EXTRA = "ncnn"

PRECISIONS: dict[str, tuple[str, ...]] = {
    "fp32": ("ncnn", "pnnx"),
    "fp16": ("ncnn", "pnnx"),
}
FROM_TORCH = ("torch",)

_KINDS = {"float32": "f32", "float64": "f64", "float16": "f16"}
_MOST_AXES = 3  # of a value in ncnn, without the batch


def arithmetic(precision: str) -> dict[str, str | int]:
    """Without the switches an ARM core with half-precision arithmetic computes in it."""
    half = int(precision == "fp16")
    return dict.fromkeys(("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic"), half)


def recipe(precision: str, source: Source | None = None) -> None:
    """No integers: the tools that would make them (ncnn2table, ncnn2int8) are no Python package."""
    return


def unsuitable(precision: str, source: Source) -> str:
    """Why ncnn cannot take a source, or ""."""
    for spec in source.inputs:
        if spec.dtype not in _KINDS:
            return f"ncnn takes floats; input {spec.name!r} is {spec.dtype}"
        if len(spec.shape) > _MOST_AXES + 1:
            return f"ncnn's values have three axes beside the batch; {spec.name!r} has more"
    return ""


def base(precision: str) -> None:
    """Each is made from the source: pnnx writes 16-bit weights itself."""
    return


def convert(job: Job) -> Made:
    """Write model.param and model.bin.

    Raises:
        EdgeoptError: pnnx reads no form of the source, or leaves operators that ncnn has not.
    """
    target = Path(job.folder) / "model.param"
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        given = _form(job.source, work)
        _pnnx(job, given, work)
        text = (work / "model.param").read_text("utf-8")
        _refuse_foreign(text)
        target.write_text(_with_inputs(text, _shapes(job.source, work)), "utf-8")
        shutil.move(work / "model.bin", target.with_suffix(".bin"))
    _hint_outputs(job, target)
    return Made(main=target.name, notes=_notes(job, target))


def _notes(job: Job, path: Path) -> tuple[str, ...]:
    """pnnx writes weights of layers in 16 bits, and what stands beside them (MemoryData) in 32.

    Raises:
        EdgeoptError: all of a half-precision form is in 32 bits.
    """
    if job.recipe.precision != "fp16":
        return ()
    from edgeopt.runtimes import ncnn

    whole = path.with_suffix(".bin").stat().st_size
    beside = [layer for layer in ncnn.read(str(path)) if layer["type"] == "MemoryData"]
    left = sum(4 * _elements(layer["parameters"]) for layer in beside)
    if whole and left >= whole:
        raise EdgeoptError(
            "pnnx wrote none of its weights in 16 bits: they are constants beside the layers, "
            "which stay 32-bit floats."
        )
    if 10 * left < whole:
        return ()
    return (f"{left} of the {whole} bytes of its weights stay 32-bit floats",)


def _elements(parameters: dict[str, str]) -> int:
    """Of a MemoryData layer: 0=w 1=h 11=d 2=c, 0 where an axis is not there."""
    sizes = (int(parameters.get(key, 0)) for key in ("0", "1", "11", "2"))
    return math.prod(size or 1 for size in sizes)


def _form(source: Source, work: Path) -> Path:
    """The file that pnnx reads, under a name of its own."""
    if source.torchscript:
        return Path(shutil.copyfile(source.torchscript, work / "source.pt"))
    if source.exported:
        return _traced(source, work / "source.pt")
    if source.onnx is None:
        raise EdgeoptError(source.onnx_reason or "the source has no ONNX form")
    return Path(shutil.copyfile(source.onnx, work / "source.onnx"))


def _traced(source: Source, path: Path) -> Path:
    import torch

    module: Any = torch.export.load(str(source.exported)).module()
    arguments = tuple(
        torch.zeros([int(dim or 1) for dim in spec.shape], dtype=getattr(torch, spec.dtype))
        for spec in source.inputs
    )
    with torch.inference_mode():
        torch.jit.trace(module, arguments, check_trace=False).save(str(path))
    return path


def _pnnx(job: Job, given: Path, work: Path) -> None:
    """Run pnnx, a program of its own; what it writes beside the two files stays in `work`."""
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
    print(done.stdout, done.stderr)  # noqa: T201 (log)
    if done.returncode or not (work / "model.bin").exists():
        raise EdgeoptError(
            f"pnnx {describe_exit(done.returncode).removeprefix('the process ')} and wrote no "
            f"ncnn model: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1][:200]}"
        )


def _input_shapes(source: Source, given: Path) -> list[str]:
    """An ONNX file has its shapes, a TorchScript has none."""
    if given.suffix == ".onnx":
        return []
    shapes = [
        f"[{','.join(str(dim or 1) for dim in spec.shape)}]{_KINDS[spec.dtype]}"
        for spec in source.inputs
    ]
    return [f"inputshape={','.join(shapes)}"]


def _refuse_foreign(text: str) -> None:
    """pnnx leaves what ncnn has no layer for under another name.

    Raises:
        EdgeoptError: it did.
    """
    import ncnn

    kinds = {line.split()[0] for line in text.splitlines()[2:] if line.strip()}
    foreign = sorted(kind for kind in kinds if ncnn.layer_to_index(kind) < 0)
    if foreign:
        raise EdgeoptError(f"pnnx has no ncnn form of {', '.join(foreign)}.")


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
        kept = [int(dim or 1) for dim in spec.shape]
        if int(batch) < len(kept) and kept.pop(int(batch)) != 1:  # 233 where there is none
            raise EdgeoptError(f"pnnx takes axis {batch} of {spec.name!r} for the batch.")
        if len(kept) > _MOST_AXES:
            raise EdgeoptError(f"pnnx keeps {len(kept)} axes of {spec.name!r}; ncnn has three.")
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
        raise EdgeoptError("ncnn does not run what pnnx made of it.") from error
    shapes = {spec["name"]: a.shape for spec, a in zip(session.outputs, results, strict=True)}
    lines = path.read_text("utf-8").splitlines()
    for i, layer in enumerate(ncnn.read(str(path)), 2):
        if not shapes.keys() & set(layer["tops"]):
            continue
        hints = [_hint(shapes.get(top, ())) for top in layer["tops"]]
        numbers = [str(number) for hint in hints for number in hint]
        lines[i] += f" -23330={len(numbers)},{','.join(numbers)}"
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _hint(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """ncnn's (axes, w, h, c); zeros where nothing is known."""
    if not 0 < len(shape) <= _MOST_AXES:
        return (0, 0, 0, 0)
    width, height, channels = (*reversed(shape), 1, 1)[:3]
    return (len(shape), width, height, channels)
