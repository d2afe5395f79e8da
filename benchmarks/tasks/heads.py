"""What a runtime's default int8 does to a head, its tail in float, and the tail cut off, in numpy.

    python -m benchmarks.tasks.heads [MODEL.onnx SAMPLES.npz] [--runtimes onnxruntime ...]
                                     [--size 320] [--width 32] [--out FILE]

The model is a net that ends as YOLOv8 does (`heads_net.py`), or one that is given with samples
[n, ...] of its input. Of each runtime four forms are made: fp32, int8, int8 with its tail in float,
and int8 of the model without its tail, which then runs in numpy. Signal over noise (dB) is of boxes
and scores apart: the first four of the shorter axis, and the others. Times have the decode in them:
blocks of five answers in random order, round by round; the ratio to int8 is the median over rounds,
with its interval by order statistics. Writes heads.json.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.integers import usual_here
from benchmarks.tasks import heads_net
from benchmarks.tasks.cut_tail import cut
from edgeopt import convert, runtimes
from edgeopt.convert import matching, worker
from edgeopt.convert.job import Converted, Job
from edgeopt.domain.recipe import Precision, Recipe
from edgeopt.sources import onnx as onnx_source
from edgeopt.sources import trial
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.source import Source

RESULTS = Path(__file__).with_suffix(".json")
RUNTIMES = ("onnxruntime", "openvino", "litert", "mnn")
CALIBRATING, TRIALS, BLOCK = 16, 8, 5

#: A sample to the model's answers.
Ask = Callable[[np.ndarray], dict[str, np.ndarray]]


class Forms:
    """The forms of one model in one runtime, each open."""

    def __init__(self, runtime: str, samples: np.ndarray, place: Path) -> None:
        self._runtime, self._samples, self._place = runtime, samples, place
        np.save(place / "samples.npy", samples[:CALIBRATING])

    def opened(self, source: Source, precision: Precision, tail: str = "integer") -> Ask:
        made, job = self._made(source, precision, tail)
        path = Path(job.folder) / made.main
        session = runtimes.load(self._runtime).open_session(str(path), 1, job.recipe.options)
        name = source.inputs[0].name

        def ask(sample: np.ndarray) -> dict[str, np.ndarray]:
            return matching.read(
                made.outputs, session.run(matching.fed(made.inputs, {name: sample}))
            )

        return ask

    def _made(self, source: Source, precision: Precision, tail: str) -> tuple[Converted, Job]:
        converter, base = convert.load(self._runtime), None
        if converter.base(precision):
            plain, job = self._made(source, "fp32", "integer")
            base = str(Path(job.folder) / plain.main)
        how = usual_here(self._runtime, precision, source)
        if how is not None and tail == "float":
            how = msgspec.structs.replace(how, tail="float")
        recipe = Recipe(
            runtime=self._runtime, precision=precision, quantization=how,
            options=dict(runtimes.spec(self._runtime).options_for(precision)),
        )  # fmt: skip
        folder = Path(tempfile.mkdtemp(dir=self._place))
        job = Job(
            recipe=recipe, source=source, base=base, folder=str(folder),
            calibration={source.inputs[0].name: str(self._place / "samples.npy")},
        )  # fmt: skip
        return msgspec.convert(worker.make(msgspec.to_builtins(job)), Converted), job


def prepared(path: Path, samples: np.ndarray, place: Path) -> Source:
    place.mkdir()
    inputs = onnx_source.inspect(InspectRequest(path=str(path))).inputs
    name = inputs[0].name
    np.savez(place / "trials.npz", **{name: samples[:TRIALS]})  # type: ignore[arg-type]
    request = PrepareRequest(
        path=str(path), format="onnx", inputs=inputs, shapes={name: samples.shape[1:]},
        folder=str(place), trials=str(place / "trials.npz"),
    )  # fmt: skip
    return trial.prepare(request)


def row(runtime: str, whole: Source, body: Source, tail: Any, samples: np.ndarray) -> Any:
    """One runtime's figures."""
    with tempfile.TemporaryDirectory() as folder:
        forms = Forms(runtime, samples, Path(folder))
        bare = forms.opened(body, "int8-static")
        asks: dict[str, Ask] = {
            "fp32": forms.opened(whole, "fp32"),
            "int8": forms.opened(whole, "int8-static"),
            "tail in numpy": lambda sample: tail.run(bare(sample)),
        }
        with contextlib.suppress(Exception):  # MNN's tail is in float anyway
            asks["tail in float"] = forms.opened(whole, "int8-static", "float")
        return measured(asks, whole, samples[CALIBRATING:])


def measured(asks: dict[str, Ask], whole: Source, held_out: np.ndarray) -> dict[str, Any]:
    name = whole.inputs[0].name
    true = matching.answers(whole, [{name: sample} for sample in held_out])
    found: dict[str, Any] = {}
    for form, ask in asks.items():
        made = [ask(sample) for sample in held_out]
        found[form] = {part: round(float(db), 1) for part, db in noise(made, true).items()}
    for form, about in timed(asks, held_out).items():
        found[form] |= about
    return found


def noise(made: list[Any], true: list[Any]) -> dict[str, float]:
    """Signal over noise of boxes and scores, dB."""
    [output] = true[0]
    ours, theirs = (np.stack([one[output] for one in rows])[:, 0] for rows in (made, true))
    if ours.shape[1] > ours.shape[2]:
        ours, theirs = ours.swapaxes(1, 2), theirs.swapaxes(1, 2)
    parts = {"boxes_db": slice(0, 4), "scores_db": slice(4, None)}
    return {
        part: 10 * np.log10(
            np.var(theirs[:, rows])
            / max(float(np.mean((ours[:, rows] - theirs[:, rows]) ** 2)), 1e-12)
        )
        for part, rows in parts.items()
    }  # fmt: skip


def timed(asks: dict[str, Ask], held_out: np.ndarray, rounds: int = 40) -> dict[str, Any]:
    rng, took = np.random.default_rng(0), {form: list[float]() for form in asks}
    for number in range(rounds):
        sample = held_out[number % len(held_out)]
        for form in rng.permutation(list(asks)):
            asks[form](sample)
            began = time.perf_counter_ns()
            for _ in range(BLOCK):
                asks[form](sample)
            took[form].append((time.perf_counter_ns() - began) / BLOCK / 1e6)
    found = {}
    for form, durations in took.items():
        ratios = np.sort(np.array(durations) / np.array(took["int8"]))
        far = int(np.floor(0.98 * np.sqrt(rounds)))  # 95 % of a median, binomial
        low, middle, high = (ratios[rounds // 2 + by] for by in (-far - 1, 0, far))
        found[form] = {
            "ms": round(float(np.median(durations)), 3),
            "times_as_long_as_int8": [round(float(one), 3) for one in (middle, low, high)],
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("samples", nargs="?", type=Path)
    parser.add_argument("--runtimes", nargs="+", default=RUNTIMES)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        path = asked.model or heads_net.write(place / "net.onnx", asked.size, asked.width)
        if asked.samples:
            samples = next(iter(np.load(asked.samples).values()))[:, None]
        else:
            samples = heads_net.images(asked.size, 2 * CALIBRATING)
        whole = prepared(path, samples, place / "whole")
        assert whole.onnx is not None
        import onnx

        pieces = cut(onnx.load(whole.onnx))
        onnx.save_model(pieces.body, str(place / "body.onnx"))
        body = prepared(place / "body.onnx", samples, place / "body")
        results = {
            "model": path.name,
            "tail": msgspec.to_builtins(whole.tail),
            "runtimes": {
                runtime: row(runtime, whole, body, pieces.tail(), samples)
                for runtime in asked.runtimes
            },
        }
    asked.out.write_text(json.dumps(results, indent=1), "utf-8")
    print(json.dumps(results["runtimes"], indent=1))


if __name__ == "__main__":
    main()
