"""EfficientNet-Lite0 in integers: what better quantization and layers in float give, and cost.

    python -m benchmarks.compression.exceptions [--runtime NAME ...] [--budget NAME] [--out FILE]

For LiteRT and ONNX Runtime: fp32, the quantizer's own default, edgeopt's default, bias
correction, 8-bit training without labels, and forms that keep 1, 2, 3, 5, 8, 13 groups of layers
in float, the best value first, as they are and after the training. Layers are ranked and
trained on crops of photos that calibrated; every form answers 1,000 crops of photos
that neither calibrated, trained nor ranked anything. Latencies of one runtime's forms are of one
interleaved schedule, two threads. Writes JSON; what other runs found of other runtimes stays.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.demo import crops, model
from benchmarks.integers import usual_here
from edgeopt import targets
from edgeopt.devices.local import Local
from edgeopt.domain.compression import Chain, Compression, QuantizationAware, Training
from edgeopt.domain.layers import Price, spans
from edgeopt.domain.progress import Listener
from edgeopt.domain.recipe import Quantization, Recipe
from edgeopt.domain.run import Constraints
from edgeopt.harness.budget import BUDGETS
from edgeopt.harness.figures import latency
from edgeopt.harness.interleaved import measure
from edgeopt.harness.profiling import profile
from edgeopt.harness.validity import findings
from edgeopt.harness.verdicts import compare
from edgeopt.pipeline import run_context
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.evaluator import Evaluator
from edgeopt.pipeline.intake import take_in
from edgeopt.pipeline.placement import Placement
from edgeopt.pipeline.run_context import RunContext
from edgeopt.pipeline.target_run import at_work
from edgeopt.report.progress import Progress
from edgeopt.search import prices
from edgeopt.search.space import Space
from edgeopt.store import run_folder

THREADS = 2
LADDER = (1, 2, 3, 5, 8, 13)
LADDER_TRAINED = (1, 3, 5)

#: Few crops of few photos: small steps, and batch norm stays as ImageNet left it.
RECOVERY = Training(epochs=3, batch=16, learning_rate=2e-5, batch_norm="keep")
TRAINED = (QuantizationAware(training=RECOVERY),)

#: What a library does when it is told nothing but "static int8".
LIBRARY_DEFAULT = {
    "litert": Quantization(library="ai-edge-quantizer", calibration="moving-average"),
    "onnxruntime": Quantization(
        library="onnxruntime", calibration="min-max", granularity="per-tensor"
    ),
}


def unseen() -> dict[str, np.ndarray]:
    """1,000 crops of 19 photos: none of those that calibrate."""
    return crops._crops(crops.photos()[0:19], 53, seed=11)


def first() -> dict[str, np.ndarray]:
    """A few crops of photos that calibrate: the pipeline wants a part that chooses."""
    return {name: array[:20] for name, array in crops._crops(crops.photos()[19:27], 3, 5).items()}


def training() -> dict[str, np.ndarray]:
    """320 more crops of the photos that calibrate."""
    return crops._crops(crops.photos()[19:27], 40, seed=7)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runtime", nargs="+", default=list(LIBRARY_DEFAULT))
    parser.add_argument("--budget", default="quick", choices=["quick", "standard"])
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as work, Progress(sys.stderr) as progress:
        found = run(asked.runtime, asked.budget, Path(work), progress)
    known = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    asked.out.write_text(json.dumps(known | found, indent=1) + "\n")


def run(names: Sequence[str], budget: str, work: Path, progress: Listener) -> dict[str, Any]:
    source = Path("runs/efficientnet-lite0.pt2")
    model.write(source)
    call = Call(
        model=source,
        targets=("this-machine",),
        data="benchmarks.compression.exceptions:first",
        calibration="benchmarks.demo.crops:calibrate",
        confirm="benchmarks.compression.exceptions:unseen",
        metric="agreement",
        constraints=Constraints(max_drop=0.01),
        compression=Compression(methods=("qat",), training=RECOVERY),
        train="benchmarks.compression.exceptions:training",
        out=work / "run",
        step_timeout_s=900.0,
    )
    scratch = work / "scratch"
    scratch.mkdir()
    intake = take_in(call, scratch, progress)
    folder, _ = run_folder.create(call.out, intake.request)
    with run_context.opened(call, intake, folder, progress, Local()) as context:
        placement = Placement(targets.load("this-machine"), context.local)
        evaluator = at_work(context, placement, Space((), ())).evaluator
        return {name: _runtime(context, evaluator, name, budget, progress) for name in names}


def _runtime(
    context: RunContext, evaluator: Evaluator, name: str, budget: str, progress: Listener
) -> dict[str, Any]:
    options = _options(name)
    usual = usual_here(name, "int8-static", context.intake.source)
    better = msgspec.structs.replace(usual, bias_correction="fast")
    fp32 = Recipe(runtime=name, precision="fp32", threads=THREADS, options=options)

    def static(how: Quantization, chain: Chain = ()) -> Recipe:
        return Recipe(
            runtime=name,
            precision="int8-static",
            compression=chain,
            quantization=how,
            threads=THREADS,
            options=options,
        )

    forms = {
        "fp32": fp32,
        "library default": static(LIBRARY_DEFAULT[name]),
        "edgeopt default": static(usual),
        "bias correction": static(better),
        "8-bit training": static(usual, TRAINED),
        "8-bit training, bias correction": static(better, TRAINED),
    }
    ranked = _prices(evaluator, fp32, static(better), progress)
    for count in LADDER:
        kept = spans(frozenset().union(*(price.group.numbers for price in ranked[:count])))
        partly = msgspec.structs.replace(better, exceptions=kept)
        forms[f"{count} groups in float"] = static(partly)
        if count in LADDER_TRAINED:
            forms[f"8-bit training, {count} groups in float"] = static(partly, TRAINED)
    rows = {}
    for title, recipe in forms.items():
        progress(f"{name}: {title}")
        rows[title] = _scored(context, evaluator, recipe)
    figures, machine = _timed(evaluator, forms, budget, progress)
    for title, row in rows.items():
        row.update(figures[title])
    return {"rows": rows, "prices": msgspec.to_builtins(ranked), "machine": machine}


def _options(name: str) -> dict[str, str | int]:
    rules = targets.load("this-machine").recipes
    return next(dict(r.options) for r in rules if (r.runtime, r.precision) == (name, "fp32"))


def _prices(evaluator: Evaluator, fp32: Recipe, plain: Recipe, progress: Listener) -> list[Price]:
    progress(f"{plain.runtime}: ranking layers")
    table = evaluator.conversions.sensitivity(plain, evaluator.choose.scoring.output)
    pair = profile(
        evaluator.access.device,
        [evaluator.subject(recipe) for recipe in (fp32, plain)],
        evaluator.choose.feed,
        [40, 40],
        evaluator.access.log("profile"),
        300.0,
    )
    return prices.worth_keeping(prices.price_groups(table, *pair))


def _scored(context: RunContext, evaluator: Evaluator, recipe: Recipe) -> dict[str, Any]:
    artifact, held_out = evaluator.conversions.artifact(recipe), context.confirm.value()
    answers, _ = evaluator.answers(recipe, evaluator.subject(recipe), held_out)
    score, drop = held_out.marks(answers)
    return {
        "recipe": str(recipe),
        "convert_s": artifact.convert_s,
        "size_bytes": artifact.size_bytes,
        "score": msgspec.to_builtins(score),
        "drop": msgspec.to_builtins(drop),
    }


def _timed(
    evaluator: Evaluator, forms: dict[str, Recipe], budget: str, progress: Listener
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    subjects = [evaluator.subject(recipe) for recipe in forms.values()]
    base = forms["fp32"].id
    session = measure(
        evaluator.access.device,
        subjects,
        evaluator.choose.feed,
        BUDGETS[budget],
        evaluator.access.log("measure"),
        300.0,
        progress=progress,
        baseline=base,
    )
    default = forms["edgeopt default"].id
    rows = {}
    for title, recipe in forms.items():
        timed = session.timed[recipe.id]
        rows[title] = {
            "latency_ms": msgspec.to_builtins(latency(timed, session.budget, ())),
            "times_as_fast_as_fp32": msgspec.to_builtins(compare(session, recipe.id, base)),
            "times_as_fast_as_edgeopt_default": msgspec.to_builtins(
                compare(session, recipe.id, default)
            ),
        }
    said = [f"{one.state}: {one.check}: {one.found}" for one in findings(session)
            if one.state in ("warning", "failed")]  # fmt: skip
    return rows, said


if __name__ == "__main__":
    main()
