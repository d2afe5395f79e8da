"""ONNX's own test models through every runtime: what is right, refused and wrong, and why.

    python -m benchmarks.faults.onnx_backend                    # what is not there yet
    python -m benchmarks.faults.onnx_backend --runtime litert --again
    python -m benchmarks.faults.onnx_backend --only test_ELU --again
    python -m benchmarks.faults.onnx_backend --light            # the classifiers, int8 as well
    python -m benchmarks.faults.onnx_backend --table            # of what is there

The 140 models with inputs and expected outputs (`onnx/backend/test/data`, without the unit tests
of operators) are read, converted to fp32 as `optimize` would, opened in their runtime and held
against the expected outputs by the project's own parity. An outcome is

    right         a row that would be called ok, and is
    refused       a reason that was looked at and is true (`backend_reasons.py`)
    false-reason  any other reason
    wrong         a row that would be called ok, and answers otherwise

Writes benchmarks/faults/onnx_backend.json. Two processes at most; about 25 minutes on two cores.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import edgeopt
from benchmarks.faults.backend_models import TestModel, all_models, light_models
from benchmarks.faults.backend_reasons import kind_of
from benchmarks.integers import usual_here
from edgeopt import convert, runtimes
from edgeopt.convert.job import Job
from edgeopt.datasets.check import check
from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.recipe import Precision, Recipe
from edgeopt.jobs import child
from edgeopt.sources import load, shapes
from edgeopt.sources.source import Source

RESULTS = Path(__file__).with_suffix(".json")
RUNTIMES = ("onnxruntime", "openvino", "litert", "ncnn")
LIMIT_S = 240
#: Made here: two threads that make msgspec's account of a type at once crash it (0.22).
_SOURCE = msgspec.json.Decoder(Source)


def prepared(model: TestModel, work: Path) -> tuple[Source, Path]:
    """The source, and an .npz with its inputs and what it must answer; kept in `work`.

    Raises:
        EdgeoptError: it is refused.
    """
    kept, arrays, log = work / "source.json", work / "arrays.npz", work / "source.log"
    if kept.is_file():
        return _SOURCE.decode(kept.read_bytes()), arrays
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    inspected = load.inspect(model.path, False, log, LIMIT_S)
    names = [spec.name for spec in inspected.inputs]
    given = _stacked(model.inputs, names, "in:")
    batch = shapes.batch_symbols([spec.shape for spec in inspected.inputs if spec.shape])
    fixed = {
        spec.name: shapes.fix(
            spec.name, spec.shape, batch, None, given[f"in:{spec.name}"].shape[1:]
        )
        for spec in inspected.inputs
    }
    sample = _sample(given, fixed, work)
    source = load.prepare(inspected, fixed, sample, work, log, LIMIT_S)
    samples = Samples(inputs={name: given[f"in:{name}"] for name in names}, origin="the data")
    check(samples, source.inputs, "the data")
    outputs = [spec.name for spec in source.outputs]
    np.savez(arrays, **given, **_stacked(model.expected, outputs, "out:"))
    kept.write_bytes(msgspec.json.encode(source))
    return source, arrays


def _sample(
    given: dict[str, np.ndarray], fixed: dict[str, tuple[int, ...]], work: Path
) -> Path | None:
    """As `intake` does: none where the data does not fit, which `check` then explains."""
    arrays = {name: given[f"in:{name}"][0] for name in fixed}
    if any(array.size != np.prod(fixed[name]) for name, array in arrays.items()):
        return None
    np.savez(work / "sample.npz", **{n: array.reshape(fixed[n]) for n, array in arrays.items()})
    return work / "sample.npz"


def _stacked(
    sets: list[list[np.ndarray | None]], names: list[str], role: str
) -> dict[str, np.ndarray]:
    """Arrays of all data sets that have the shapes of the first one, [n, *shape]."""
    first = [None if array is None else array.shape for array in sets[0]]
    alike = [one for one in sets if [None if a is None else a.shape for a in one] == first]
    return {f"{role}{name}": np.stack(list(column)) for name, column in zip(names, zip(*alike))}  # noqa: B905 (an input that the data leaves out is refused by the source)


def asked(
    source: Source, arrays: Path, runtime: str, precision: Precision, work: Path
) -> dict[str, Any]:
    """One runtime's outcome; see the head of this file."""
    unsuitable = convert.load(runtime).unsuitable(precision, source)
    if unsuitable:
        return _refused(unsuitable)
    options = runtimes.spec(runtime).options_for("fp32")  # so that it computes in no less
    base = convert.load(runtime).base(precision)
    folder = work / f"{runtime}-{precision}"
    try:
        if base is not None:
            first = _made(source, arrays, Recipe(runtime=runtime, precision=base), None, folder)
            base = first["main"]
        recipe = _recipe(runtime, precision, options, source)
        answer = _made(source, arrays, recipe, base, folder)
    except EdgeoptError as error:
        return _refused(str(error.args[0]), error.hint)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if answer["parity"]:
        return {**_refused(answer["parity"], "parity"), "notes": answer["notes"]}
    outcome = "wrong" if answer["truth"] else "right"
    return {"outcome": outcome, "reason": answer["truth"], "notes": answer["notes"]}


def _recipe(
    runtime: str, precision: Precision, options: dict[str, str | int], source: Source
) -> Recipe:
    how = usual_here(runtime, precision, source)
    return Recipe(runtime=runtime, precision=precision, options=options, quantization=how)


def _made(
    source: Source, arrays: Path, recipe: Recipe, base: str | None, work: Path
) -> dict[str, Any]:
    folder = work / recipe.precision
    folder.mkdir(parents=True)
    calibration = {}
    with np.load(arrays) as given:
        for i, spec in enumerate(source.inputs):
            calibration[spec.name] = str(work / f"{recipe.precision}-{i}.npy")
            np.save(calibration[spec.name], given[f"in:{spec.name}"])
    job = Job(recipe=recipe, source=source, calibration=calibration, base=base, folder=str(folder))
    argument = {"job": msgspec.to_builtins(job), "arrays": str(arrays)}
    log = work.parent / f"{recipe.runtime}-{recipe.precision}.log"
    reply = child.run("benchmarks.faults.backend_child:ask", argument, log, LIMIT_S)
    main = next(path for path in folder.iterdir() if path.stem == "model" and path.suffix != ".bin")
    return {**reply, "main": str(main)}


def _own_error(error: Exception) -> dict[str, Any]:
    return _refused(f"an error of edgeopt's own: {type(error).__name__}: {error}")


def _refused(reason: str, hint: str = "") -> dict[str, Any]:
    kind = kind_of(reason)
    outcome = "refused" if kind else "false-reason"
    return {"outcome": outcome, "kind": kind, "reason": reason, "hint": hint}


def judged(
    model: TestModel, runtimes: list[str], precisions: tuple[Precision, ...], root: Path
) -> dict[str, Any]:
    """Every runtime's outcome: {"runtime" or "runtime precision": outcome}."""
    work = root / model.name
    asking = {
        runtime if precision == "fp32" else f"{runtime} {precision}": (runtime, precision)
        for runtime in runtimes
        for precision in precisions
        if precision in runtimes.spec(runtime).precisions
    }
    try:
        source, arrays = prepared(model, work)
    except EdgeoptError as error:
        return dict.fromkeys(asking, _refused(str(error.args[0]), error.hint))
    except Exception as error:
        return dict.fromkeys(asking, _own_error(error))
    return {key: asked(source, arrays, *pair, work) for key, pair in asking.items()}


def _sources_hash() -> str:
    """What a kept source depends on."""
    digest = hashlib.sha256()
    for path in sorted((Path(edgeopt.__file__).parent / "sources").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def table(known: dict[str, dict[str, Any]]) -> str:
    """Counts by runtime, and whatever is not as it should be."""
    keys = sorted({key for outcomes in known.values() for key in outcomes})
    lines = [f"{'':26}{'right':>7}{'refused':>9}{'false':>7}{'wrong':>7}"]
    for key in keys:
        found = [outcomes[key]["outcome"] for outcomes in known.values() if key in outcomes]
        counts = [found.count(word) for word in ("right", "refused", "false-reason", "wrong")]
        lines.append(f"{key:26}{counts[0]:7}{counts[1]:9}{counts[2]:7}{counts[3]:7}")
    return "\n".join([*lines, *_told(known)])


def _told(known: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name, outcomes in known.items():
        for key, one in outcomes.items():
            if one["outcome"] in ("false-reason", "wrong"):
                yield f"{one['outcome']}: {name} {key}: {one['reason'][:150]}"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runtime", action="append", choices=RUNTIMES)
    parser.add_argument("--only", action="append", metavar="NAME")
    parser.add_argument("--again", action="store_true", help="ask again about what is there")
    parser.add_argument("--light", action="store_true", help="the light_* models, int8 as well")
    parser.add_argument("--table", action="store_true", help="of what is there; ask nothing")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "onnx-backend")
    given = parser.parse_args(words)
    known: dict[str, dict[str, Any]] = {}
    if RESULTS.is_file():
        known = json.loads(RESULTS.read_text("utf-8"))
        for outcomes in known.values():  # reasons that were looked at since
            for one in outcomes.values():
                if one["outcome"] in ("refused", "false-reason"):
                    one.update(_refused(one["reason"], one.get("hint", "")))
    if not given.table:
        _ask(given, known)
    print(table({name: one for name, one in known.items() if not name.startswith("light_")}))
    light = {name: one for name, one in known.items() if name.startswith("light_")}
    if light:
        print(table(light))
    return any(one["outcome"] == "wrong" for found in known.values() for one in found.values())


def _ask(given: argparse.Namespace, known: dict[str, dict[str, Any]]) -> None:
    wanted = given.runtime or list(RUNTIMES)
    precisions: tuple[Precision, ...] = ("fp32", "int8-static") if given.light else ("fp32",)
    models = list(light_models() if given.light else all_models())
    root, guard = given.work / _sources_hash(), threading.Lock()

    def one(model: TestModel) -> None:
        left = [r for r in wanted if given.again or r not in known.get(model.name, {})]
        if not left:
            return
        outcomes = judged(model, left, precisions, root)
        with guard:
            known.setdefault(model.name, {}).update(outcomes)
            kept = {name: known[name] for name in sorted(known)}
            RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
        print(model.name, {key: found["outcome"] for key, found in outcomes.items()}, flush=True)

    chosen = [m for m in models if not given.only or m.name in given.only]
    with ThreadPoolExecutor(given.processes) as pool:
        list(pool.map(one, chosen))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
