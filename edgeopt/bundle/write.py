"""Writes a bundle: artifact, manifest.json, run.py and what it needs beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from edgeopt import runtimes
from edgeopt.bundle import native, served, setting_up
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.errors import BadInput
from edgeopt.domain.fold import Fold
from edgeopt.domain.latency import Latency
from edgeopt.domain.record import Record
from edgeopt.domain.run import SourceFacts
from edgeopt.domain.task import TaskFacts
from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.harness.budget import BUDGETS, SETTLING, STANDARD
from edgeopt.report.bundle_usage import is_served
from edgeopt.runner import alone

MANIFEST_VERSION = 1

#: Alone a session warms up for so long at least: no other keeps the processor's clock up meanwhile.
ALONE_WARMUP_S = 1.0


def write(
    folder: Path,
    record: Record,
    artifact: Artifact,
    made: Path,
    source: SourceFacts,
    environment: dict[str, Any],
    task: TaskFacts | None = None,
    beside: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write the bundle of a chosen record into `folder`, whole or not at all.

    Args:
        made: the folder that holds the artifact's files.
        environment: the machine and versions of the run.
        task: what its outputs were judged as; run.py then answers with boxes, text and the like.
        beside: other files of text, by name.

    Raises:
        BadInput: it is a form to be timed only.
    """
    if record.latency_only:
        raise BadInput(
            f"{record.title} was made to be timed only: its ranges come from random inputs.",
            "Run `edgeopt optimize` with your data: it makes such a form that can be shipped.",
        )
    task = served.shipped_task(task, source)
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        for name in artifact.files:
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made / name, part / name)
        manifest = msgspec.json.encode(manifest_of(record, artifact, source, environment, task))
        (part / "manifest.json").write_bytes(msgspec.json.format(manifest))
        (part / "run.py").write_text(run_py(record, artifact, source, task), "utf-8")
        texts = _beside(record.runtime, task)
        texts |= _for_people(record, artifact, source, environment, task)
        for name, text in {**texts, **beside}.items():
            (part / name).parent.mkdir(exist_ok=True)
            (part / name).write_text(text, "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


#: Beside every run.py: name in the bundle -> the runtimes' own file that it is.
_ALWAYS = {"fitting.py": "fitting.py", "read_npz.py": "npz.py"}
_BENCHMARK = "benchmark.py"


def _for_people(
    record: Record,
    artifact: Artifact,
    source: SourceFacts,
    environment: dict[str, Any],
    task: TaskFacts | None,
) -> dict[str, str]:
    """How it is installed and used, in other languages, too: path -> text."""
    code = native.files(record, artifact, source)
    return {
        **code,
        "requirements.txt": setting_up.requirements(record, environment, task),
        "setup.sh": setting_up.setup_sh(task),
        "README.md": setting_up.readme(record, task, code),
    }


def _beside(runtime: str, task: TaskFacts | None) -> dict[str, str]:
    """What run.py needs beside it: path -> text."""
    found = served.files(task) if task is not None and is_served(task) else {}
    found[_BENCHMARK] = (
        Path(__file__).with_name("templates").joinpath(f"{_BENCHMARK}.j2").read_text("utf-8")
    )
    found["alone.py"] = Path(alone.__file__).read_text("utf-8")
    for name, own in {**_ALWAYS, **runtimes.spec(runtime).shipped}.items():
        text = Path(runtimes.__file__).with_name(own).read_text("utf-8")
        found[name] = text.replace("from edgeopt.runtimes.", "from ")
    return found


def manifest_of(
    record: Record,
    artifact: Artifact,
    source: SourceFacts,
    environment: dict[str, Any],
    task: TaskFacts | None = None,
) -> dict[str, Any]:
    """What the manifest says. Its fields are documented in `docs/records.md`."""
    batch = record.recipe.batch if record.recipe else 1
    return {
        "v": MANIFEST_VERSION,
        "target": record.target,
        "artifact": Path(artifact.path).name,
        "files": artifact.files,
        "sha256": artifact.sha256,
        "size_bytes": artifact.size_bytes,
        "runtime": record.runtime,
        "recipe": record.recipe,
        "recipe_id": record.recipe_id,
        "tools": artifact.tools,
        "source": source,
        "inputs": artifact.inputs,
        "outputs": artifact.outputs,
        "measured": {
            "device": record.device,
            "kind": record.kind,
            "latency_ms": record.latency_ms,
            "latency_reason": record.latency_reason,
            "versus_baseline": record.versus_baseline,
            "executed": record.executed,
            "schedule": schedule(record.latency_ms),
            "boundary": f"host to host, batch {batch}; pre- and post-processing outside",
        },
        "score": record.confirm_score or record.score,
        "drop": record.confirm_drop or record.drop,
        "notes": artifact.notes,
        "environment": environment,
        "task": task,
        "random_inputs": record.random_inputs,
    }


def schedule(latency: Latency | None) -> dict[str, float]:
    """The schedule of a record, as `run.py --benchmark` follows it; of none: the standard one."""
    budget = BUDGETS.get(latency.budget, STANDARD) if latency else STANDARD
    budget = budget if budget.stage == "final" else STANDARD
    return {
        "launches": budget.looks[0],
        "rounds": budget.rounds_for([latency.p50 * 1e6]) if latency else budget.rounds,
        "warmup_runs": budget.warmup_runs,
        "warmup_s": max(budget.warmup_s, ALONE_WARMUP_S),
        "block_runs": budget.block_runs,
        "block_s": budget.block_s,
        "block_most_s": budget.block_most_s,
        "settling": SETTLING,
    }


def run_py(
    record: Record, artifact: Artifact, source: SourceFacts, task: TaskFacts | None = None
) -> str:
    """A page of Python that runs the artifact with numpy and its runtime alone."""
    import jinja2

    assert record.recipe is not None
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 (Python, not HTML; values go through repr)
    )
    template = templates.get_template("run.py.j2")
    return template.render(
        runtime=record.runtime,
        artifact=Path(artifact.path).name,
        threads=record.recipe.threads,
        options=record.recipe.options,
        affinity=record.recipe.affinity,
        folded=folded_words(source.fold),
        inputs=[_given(binding, source) for binding in artifact.inputs],
        outputs=[_answered(binding, source) for binding in artifact.outputs],
        any_size=source.kept is not None,
        **served.words(task),
    )


def folded_words(fold: Fold | None) -> list[str]:
    """What is folded in, a line each, for who reads run.py."""
    lines = []
    if fold and fold.input:
        mean, scale = ("/".join(f"{v:g}" for v in vs) for vs in (fold.input.mean, fold.input.scale))
        layout = "" if fold.input.layout == "same" else f", {fold.input.layout}"
        lines.append(f"{fold.input.name}: uint8{layout}; (pixel - {mean}) * {scale} is inside.")
    if fold and fold.output:
        lines.append(f"The scored output is the {fold.output} over the original's classes.")
    return lines


def _given(binding: Binding, source: SourceFacts) -> dict[str, Any]:
    """An input's binding, with what its type and shape do not say."""
    folded = source.fold.input if source.fold else None
    pixels = folded is not None and folded.name == binding.source
    note = "pixels from 0 to 255, not normalised" if pixels else ""
    opened = {
        axis.axis: axis.name
        for axis in source.open_axes
        if axis.input == binding.source and not axis.usual
    }
    given = {**_fields(binding, source.inputs), "note": note}
    given |= {"open_axes": opened} if opened else {}
    kept = source.kept.places.get(binding.source) if source.kept else None
    return given if kept is None else {**given, "any_size": [kept]}


def _answered(binding: Binding, source: SourceFacts) -> dict[str, Any]:
    """An output's binding, with the axes that grow with one that stays open."""
    given = _fields(binding, source.outputs)
    if source.kept is None or binding.source not in source.kept.growing:
        return given
    first, *others = [shapes[binding.source] for shapes in source.kept.shapes]
    growing = [i for i, size in enumerate(first) if any(one[i] != size for one in others)]
    return {**given, "any_size": growing}


def _fields(binding: Binding, originals: tuple[TensorSpec, ...]) -> dict[str, Any]:
    """A binding, with the shape and the element type of the tensor that it stands for."""
    [spec] = [spec for spec in originals if spec.name == binding.source]
    return {
        **msgspec.to_builtins(binding),
        "original_shape": list(spec.sizes),
        "original_dtype": spec.dtype,
    }
