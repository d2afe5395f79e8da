"""What tells and installs beside run.py: requirements.txt, setup.sh and README.md."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from edgeopt import runtimes
from edgeopt.bundle import served
from edgeopt.domain.record import Record
from edgeopt.domain.task import TaskFacts
from edgeopt.report.bundle_usage import is_served

#: Runtimes whose package comes with the system, and not from an index.
_OF_THE_SYSTEM = {"tensorrt": "TensorRT comes with JetPack, or from NVIDIA's own index"}
_TITLES = {"litert": "LiteRT", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}


def requirements(record: Record, environment: Mapping[str, Any], task: TaskFacts | None) -> str:
    """What run.py needs, in the versions that answered and were timed."""
    spec = runtimes.spec(record.runtime)
    known: Mapping[str, str] = environment.get("packages", {})
    package, version = _ran(record, spec.packages)
    python = _version(environment.get("python", "")) or "not recorded"
    lines = [
        f"# What run.py needs, as it was measured: Python {python}.",
        "# Another Python may have no such wheels: then loosen a pin and score the outputs again.",
        _pin("numpy", known.get("numpy", "")),
    ]
    if record.runtime in _OF_THE_SYSTEM:
        lines.append(f"# {_OF_THE_SYSTEM[record.runtime]}: tensorrt{_at_version(version)}")
    else:
        lines.append(_pin(package, version or known.get(package, "")))
    lines += [_pin(name, known.get(name, "")) for name in spec.needs]
    lines += [f"{option}  # it has no wheels" for option in spec.from_source()]
    if is_served(task):
        pillow = _pin("pillow", known.get("pillow", ""))
        lines += [pillow, "# opencv-python-headless  (for --camera alone)"]
    return "\n".join(lines) + "\n"


def _ran(record: Record, packages: tuple[str, ...]) -> tuple[str, str]:
    """The package and its version, as the session said them: "1.31.0", or with a name before it."""
    said = record.executed.runtime_version.split() if record.executed else []
    package = next((word for word in said if word in packages), packages[0])
    return package, next(filter(None, map(_version, said)), "")


def _pin(package: str, version: str) -> str:
    return package + _at_version(_version(version))


def _at_version(version: str) -> str:
    return f"=={version}" if version else ""


def _version(said: str) -> str:
    """A version as an index has it, without a local part ("+cpu"); "" where it is none."""
    found = re.match(r"\d+(\.\w+)*", said, re.ASCII)
    return found[0] if found else ""


def setup_sh(task: TaskFacts | None) -> str:
    """A script for a Raspberry Pi: an environment with the pins, and an example of a service."""
    by_camera = is_served(task) and bool(task and task.preparation)
    return _template("setup.sh.j2").render(by_camera=by_camera)


def readme(record: Record, task: TaskFacts | None, native: Collection[str]) -> str:
    """How to use it where, in ten lines."""
    return _template("README.md.j2").render(
        title=_TITLES.get(record.runtime, record.runtime),
        runtime=record.runtime,
        usage=served.words(task).get("usage", [])[:1],
        native={Path(name).name for name in native},
        package=runtimes.spec(record.runtime).packages[0],
        timed=record.latency_ms is not None,
    )


def _template(name: str) -> Any:
    import jinja2

    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 (shell and Markdown of our own words: no name goes in)
    )
    return templates.get_template(name)
