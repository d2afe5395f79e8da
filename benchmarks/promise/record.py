"""Records what every candidate answers to a whole pool, so that draws convert nothing.

    python -m benchmarks.promise.record [POOL ...]

Real forms are made by edgeopt's own converters, int8 ones from ten draws of 60 calibrating
samples; besides, weights of the source with fewer bits or with noise, so that some forms lie
on each side of a limit. Answers go to ~/.cache/edgeopt/promise/POOL.npz, not into the repository.
"""

from __future__ import annotations

import argparse
import copy
import os
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np
import torch

from benchmarks.integers import usual_here
from benchmarks.promise.networks import POOLS, Pool, saved
from edgeopt import convert, runtimes
from edgeopt.convert import worker
from edgeopt.convert.job import Converted, Job
from edgeopt.domain.recipe import Recipe
from edgeopt.runtimes.binding import from_artifact, to_artifact
from edgeopt.sources.load import inspect, prepare
from edgeopt.sources.source import Source

CALIBRATIONS = 10
CALIBRATE_WITH = 60
#: (runtime, precision, options, calibrating draws that it is made from).
REAL = (
    ("onnxruntime", "fp32", {}, 1),
    ("litert", "fp32", {}, 1),
    ("openvino", "fp32", {"INFERENCE_PRECISION_HINT": "f32"}, 1),
    ("openvino", "bf16", {"INFERENCE_PRECISION_HINT": "bf16"}, 1),
    ("litert", "int8-dynamic", {}, 1),
    ("onnxruntime", "int8-static", {}, CALIBRATIONS),
    ("openvino", "int8-static", {"INFERENCE_PRECISION_HINT": "f32"}, CALIBRATIONS),
    ("litert", "int8-static", {}, CALIBRATIONS),
)
#: Weights rounded to so many bits, per tensor; and Gaussian noise of this share of their spread.
BITS = (9, 8, 7, 6, 5, 4)
NOISE = (0.005, 0.01, 0.02, 0.04, 0.08)


def place(name: str) -> Path:
    """The file of a pool's answers."""
    root = Path(os.environ.get("EDGEOPT_CACHE", Path.home() / ".cache" / "edgeopt"))
    return root / "promise" / f"{name}.npz"


def record(name: str) -> None:
    """Make every form of a pool's network and ask it about every sample."""
    pool = POOLS[name]()
    arrays = {"source": _eager(pool.module, pool.samples), "labels": pool.labels}
    if pool.groups is not None:
        arrays["groups"] = pool.groups
    rng = np.random.default_rng(0)
    drawn = [rng.permutation(len(pool.samples))[:CALIBRATE_WITH] for _ in range(CALIBRATIONS)]
    arrays["calibrations"] = np.stack(drawn)
    arrays["inputs"] = pool.samples.astype(np.float16)
    for bits in BITS:
        arrays[f"{bits}-bit weights"] = _eager(_rounded(pool.module, bits), pool.samples)
    for share in NOISE:
        arrays[f"noise {share:g}"] = _eager(_noisy(pool.module, share), pool.samples)
    with tempfile.TemporaryDirectory(prefix="promise-") as folder:
        arrays |= _real(pool, Path(folder), drawn)
    place(name).parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(place(name), **arrays)


def _eager(module: torch.nn.Module, samples: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return module(torch.from_numpy(samples)).numpy()


def _rounded(module: torch.nn.Module, bits: int) -> torch.nn.Module:
    module = copy.deepcopy(module)
    for weight in module.parameters():
        if weight.ndim > 1:
            step = weight.data.abs().max() / (2 ** (bits - 1) - 1)
            weight.data = (weight.data / step).round() * step
    return module


def _noisy(module: torch.nn.Module, share: float) -> torch.nn.Module:
    module = copy.deepcopy(module)
    torch.manual_seed(round(share * 1e4))
    for weight in module.parameters():
        if weight.ndim > 1:
            weight.data += share * weight.data.std() * torch.randn_like(weight)
    return module


def _real(pool: Pool, folder: Path, drawn: list[np.ndarray]) -> dict[str, np.ndarray]:
    path = saved(pool.module, pool.samples, folder / "net.pt2")
    log = folder / "log"
    found = inspect(path, False, log, 600)
    [spec] = found.inputs
    (folder / "source").mkdir()
    shape = (1, *pool.samples.shape[1:])
    source = prepare(found, {spec.name: shape}, None, folder / "source", log, 600)
    arrays = {}
    for runtime, precision, options, draws in REAL:
        for number, rows in enumerate(drawn[:draws]):
            began = time.monotonic()
            recipe = Recipe(
                runtime=runtime, precision=precision, options=options,
                quantization=usual_here(runtime, precision, source),
            )  # fmt: skip
            work = folder / f"{runtime}-{precision}-{number}"
            key = f"{runtime} {precision}" + (f" #{number}" if draws > 1 else "")
            try:
                arrays[key] = _answers(recipe, source, pool, rows, work)
            except Exception as error:  # a form that cannot be made is no candidate
                print(f"{key}: {error}", flush=True)
            print(f"{key}: {time.monotonic() - began:.1f} s", flush=True)
    return arrays


def _answers(
    recipe: Recipe, source: Source, pool: Pool, rows: np.ndarray, work: Path
) -> np.ndarray:
    made, path = _made(recipe, source, pool.samples[rows][:, None], work)
    session = runtimes.load(recipe.runtime).open_session(str(path), 1, dict(recipe.options))
    [into], [out] = made.inputs, made.outputs
    fields = msgspec.to_builtins(into)
    fed = to_artifact(pool.samples[:, None], fields)
    found = np.concatenate(
        [session.run([np.ascontiguousarray(one)])[out.index][None] for one in fed]
    )
    session.close()
    answers = from_artifact(found, msgspec.to_builtins(out))
    return answers.reshape(len(answers), -1)


def _made(
    recipe: Recipe, source: Source, samples: np.ndarray, work: Path
) -> tuple[Converted, Path]:
    """A conversion in this process, and its file."""
    work.mkdir(parents=True)
    np.save(work / "calibrate.npy", samples)
    base = convert.load(recipe.runtime).base(recipe.precision)
    started = None
    if base is not None:
        plain = Recipe(runtime=recipe.runtime, precision=base)
        started = work.parent / f"{recipe.runtime}-{base}-base"
        if not started.exists():
            _made(plain, source, samples, started)
        started = next(p for p in (started / "made").iterdir() if p.is_file())
    (work / "made").mkdir()
    (work / "cache").mkdir()
    job = Job(
        recipe=recipe, source=source, base=str(started) if started else None,
        calibration={source.inputs[0].name: str(work / "calibrate.npy")},
        folder=str(work / "made"), cache=str(work / "cache"),
    )  # fmt: skip
    made = msgspec.convert(worker.make(msgspec.to_builtins(job)), Converted)
    return made, work / "made" / made.main


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pools", nargs="*", help=f"of {', '.join(POOLS)}; all")
    torch.set_num_threads(1)
    for name in parser.parse_args().pools or POOLS:
        if not place(name).exists():
            print(f"{name}:", flush=True)
            record(name)


if __name__ == "__main__":
    main()
