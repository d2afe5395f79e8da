"""To MNN: its own converter, from ONNX, which stores weights in 16 or 8 bits as well."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from edgeopt.convert import mnn_static, rewrites
from edgeopt.convert.converter import Converter
from edgeopt.convert.job import Job, Made
from edgeopt.convert.onnxruntime import onnx_of
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.recipe import Quantization
from edgeopt.jobs import interpreter
from edgeopt.jobs.child import describe_exit
from edgeopt.jobs.process import captured
from edgeopt.sources.source import Source

#: The library alone: `MNN.tools`, which holds the package's commands, installs another package
#: when it is imported, and sends what was converted to a log of its makers.
_CALL = "import sys, _tools; sys.exit(not _tools.mnnconvert(['mnnconvert', *sys.argv[1:]]))"

#: Recurrent layers as one operator: as loops they have no session with fixed shapes.
_ALWAYS = ("--useOriginRNNImpl", "--bizCode", "edgeopt")

#: Where it says what it has no form of, and what it puts before a line.
_REFUSED = re.compile(r"\bONNX::(\w+)")
_PREFIX = re.compile(r"^(\[[\d:]+\] )?:\d+: ")


class Mnn(Converter):
    """By MNN's converter. Its reader of quantized ONNX knows a part of it (3.6.1): there is no
    way to give it a model that is quantized already.
    """

    runtime = "mnn"

    def quantization(self, precision: str, source: Source | None = None) -> Quantization | None:
        """Symmetric weights with a scale for each channel; ranges are found here."""
        if precision == "int8-static":
            return Quantization(library="mnn", calibration="min-max")
        return Quantization(library="mnn") if precision == "int8-weights" else None

    def convert(self, job: Job) -> Made:
        """Write model.mnn.

        Raises:
            EdgeoptError: there is no ONNX form of the source, MNN refuses it, or finds nothing in
                it that it quantizes.
        """
        onnx_of(job.source)
        target, sample = Path(job.folder) / "model.mnn", next(job.samples(1), None)
        with rewrites.written(job.source, self.runtime, sample) as (source, notes):
            _make(job, source, target)
        return Made(main=target.name, notes=notes)


CONVERTER = Mnn()


def _make(job: Job, source: Path, target: Path) -> None:
    precision = job.recipe.precision
    if precision == "int8-static":
        with tempfile.TemporaryDirectory(prefix="edgeopt-") as scratch:
            plain = Path(scratch) / "plain.mnn"
            _write(source, plain)
            mnn_static.write(job, plain, target, _call)
    elif precision == "int8-weights":
        _write(source, target, "--weightQuantBits", str(job.how.weight_bits))
        _refuse_float(source, target)
    else:
        _write(source, target, *(["--fp16"] if precision == "fp16" else []))


def _write(source: Path, target: Path, *options: str) -> None:
    words = ("-f", "ONNX", "--modelFile", str(source), "--MNNModel", str(target))
    _call(target, *words, *options)


def _call(made: Path, *words: str) -> None:
    """Call the converter in a process of its own, which MNN may take with it.

    Raises:
        EdgeoptError: the file that it should make is not there then.
    """
    done = captured(interpreter.command("-c", _CALL, *words, *_ALWAYS))
    log = f"{done.stdout}\n{done.stderr}"
    print(log)  # noqa: T201 (log)
    if done.returncode == 0 and made.is_file():
        return
    made.unlink(missing_ok=True)
    missing = sorted(set(_REFUSED.findall(log)))
    if missing:
        raise EdgeoptError(
            f"MNN's converter has no form of {', '.join(missing)} as this model has it."
        )
    how = describe_exit(done.returncode, program="MNN's converter")
    raise EdgeoptError(f"{how} and wrote no model: {_last_line(log)}")


def _last_line(log: str) -> str:
    said = [line.strip() for line in log.splitlines() if line.strip()]
    telling = [line for line in said if line != "Converted Failed!"]
    return _PREFIX.sub("", telling[-1])[:200] if telling else "it said nothing"


def _refuse_float(source: Path, target: Path) -> None:
    """It says nothing where it finds nothing to compress.

    Raises:
        EdgeoptError: the file is as large as in floats.
    """
    with tempfile.TemporaryDirectory(prefix="edgeopt-") as scratch:
        plain = Path(scratch) / "plain.mnn"
        _write(source, plain)
        if target.stat().st_size < plain.stat().st_size:
            return
    target.unlink()
    raise EdgeoptError("MNN found no weight in the model that it compresses.")
