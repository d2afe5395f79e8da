"""What earlier runs on this machine found, for a run that asks for the same again: decision 57."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

import edgeopt
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.layers import LayerSensitivity
from edgeopt.domain.model import content_id
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints, Request
from edgeopt.domain.schedule import Asked
from edgeopt.pipeline import run_environment
from edgeopt.report import untimed_words
from edgeopt.sources.source import Source
from edgeopt.store.limits import under_other_limits
from edgeopt.store.results_cache import Found, Kind, ResultsCache

#: Ends that are the same again: others may come from a limit, a full disk, or want of memory.
SAME_AGAIN = ("ok", "failed-parity")
#: Of a request what a score does not depend on.
_NOT_OF_SCORES = (
    "source", "targets", "profiles", "data", "constraints", "calibration", "confirm", "budget",
    "devices", "corruptions", "pictures", "compression", "aim", "batches", "later",
    "time_s",
)  # fmt: skip
#: Of a source where its files lie: scratch, or the user's.
_PLACES = (
    "path", "onnx", "exported", "torchscript", "saved_model", "tflite", "open_onnx",
    "reference_path", "notes", "warnings",
)  # fmt: skip


@dataclass
class EarlierResults:
    """Looks into the cache for one run, and counts what it found.

    Attributes:
        source_facts: what the source is, without where it lies.
        calibration: the SHA-256 of the calibrating samples.
        judged: what a score depends on besides its artifact; None: own code judges, which may be
            another by now.
        machine: what tells this machine.
        taken: kind -> how many results were taken. oldest: when the oldest of them was made.
    """

    cache: ResultsCache
    source_facts: Mapping[str, Any]
    calibration: str
    judged: Mapping[str, Any] | None
    machine: Mapping[str, Any]
    taken: dict[Kind, int] = field(default_factory=dict)
    oldest: str = ""

    def artifact(self, recipe: Recipe, folder: Path) -> Artifact | None:
        """Copy an artifact's files into `folder`, as a conversion writes them."""
        if recipe.compression:
            return None
        found = self.cache.find("artifact", self._group, self._made(recipe))
        if found is None:
            return None
        try:
            for name in found.entry.files:
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(found.read(name))
            artifact = msgspec.json.decode((folder / "artifact.json").read_bytes(), type=Artifact)
        except (OSError, ValueError):
            return None
        self._take(found)
        return artifact

    def keep_artifact(self, artifact: Artifact, folder: Path) -> None:
        """Keep what lies in the folder of an artifact."""
        if not artifact.recipe.compression:
            names = ("artifact.json", *artifact.files)
            files = {name: folder / name for name in names}
            self.cache.keep("artifact", self._group, self._made(artifact.recipe), files)

    def layers(self, recipe: Recipe, output: str) -> LayerSensitivity | None:
        """The noise of a form's layers."""
        facts = {**self._made(recipe), "output": output}
        found = None if recipe.compression else self.cache.find("layers", self._group, facts)
        return None if found is None else self._value(found, "layers.json", LayerSensitivity)

    def keep_layers(self, recipe: Recipe, output: str, table: LayerSensitivity) -> None:
        facts = {**self._made(recipe), "output": output}
        if not recipe.compression:
            self._keep("layers", self._group, facts, "layers.json", table)

    def record(self, empty: Record, machine: object, limits: Constraints) -> Record | None:
        """A candidate as it was scored, under these limits.

        Args:
            machine: what tells the machine that answers.
        """
        facts = self._scored(empty, machine)
        found = facts and self.cache.find("score", self._group, facts)
        if not found:
            return None
        scored = self._value(found, "score.json", Scored)
        if scored is None or scored.limits == limits:
            return scored and scored.record
        again = under_other_limits([scored.record], limits, untimed_words.sentence)
        return again[0] if again else None

    def keep_record(self, record: Record, machine: object, limits: Constraints) -> None:
        facts = self._scored(record, machine)
        if facts and record.status in SAME_AGAIN:
            scored = Scored(record=record, limits=limits)
            self._keep("score", self._group, facts, "score.json", scored)

    def schedules(self) -> Iterator[tuple[Asked, Found]]:
        """What schedules of this source and data were asked for, the latest first."""
        for found in self.cache.each("schedule", self._timed):
            try:
                yield msgspec.convert(found.entry.facts["asked"], Asked), found
            except (KeyError, msgspec.ValidationError):  # of another version
                continue

    def keep_schedule(self, asked: Asked, raw: Mapping[str, Any]) -> None:
        facts = {"asked": msgspec.to_builtins(asked), "code": code()}
        self._keep("schedule", self._timed, facts, "schedule.json", raw)

    def take_schedule(self, found: Found) -> bytes:
        """The raw times. Raises OSError where they are gone or damaged."""
        found.require_whole()
        raw = found.read("schedule.json")
        self._take(found)
        return raw

    @property
    def _group(self) -> str:
        return content_id(self.source_facts)

    @property
    def _timed(self) -> str:
        """Schedules of these samples, timed by this code."""
        data = self.judged["data_sha256"] if self.judged else ""
        return content_id([self._group, data, code()])

    def _made(self, recipe: Recipe) -> dict[str, Any]:
        """What an artifact depends on."""
        calibrated = bool(recipe.quantization and recipe.quantization.calibration)
        return {
            "source": self.source_facts,
            "conversion": recipe.conversion_id,
            "calibration": self.calibration if calibrated else "",
            "tools": tools(),
            "code": code(),
            "machine": self.machine,
        }

    def _scored(self, record: Record, machine: object) -> dict[str, Any] | None:
        recipe = record.recipe
        if self.judged is None or recipe is None or recipe.compression:
            return None
        return {
            **self._made(recipe),
            "judged": self.judged,
            "calibrated": self.calibration,
            "recipe": recipe.id,
            "target": record.target,
            "device": record.device,
            "answered_by": machine,
        }

    def _keep(self, kind: Kind, group: str, facts: dict[str, Any], name: str, value: Any) -> None:
        self.cache.keep(kind, group, facts, {name: msgspec.json.encode(value)})

    def _value(self, found: Found, name: str, kind: type[Any]) -> Any:
        try:
            value = msgspec.json.decode(found.read(name), type=kind)
        except (OSError, ValueError):
            return None
        self._take(found)
        return value

    def _take(self, found: Found) -> None:
        kind, made = found.entry.kind, found.entry.made
        self.taken[kind] = self.taken.get(kind, 0) + 1
        self.oldest = min(self.oldest or made, made)


class Scored(msgspec.Struct, frozen=True):
    """A candidate as it was scored, and the limits that it was held to."""

    record: Record
    limits: Constraints


def results_for(
    cache: ResultsCache,
    source: Source,
    request: Request,
    calibration: str,
    machine: Mapping[str, Any],
) -> EarlierResults:
    """What is looked up for a request."""
    facts = {k: v for k, v in msgspec.to_builtins(source).items() if k not in _PLACES}
    judged = {k: v for k, v in msgspec.to_builtins(request).items() if k not in _NOT_OF_SCORES}
    own = ":" in request.metric or bool(request.task and ":" in request.task.task)
    return EarlierResults(cache, facts, calibration, None if own else judged, machine)


@functools.cache
def tools() -> dict[str, Any]:
    """Versions do not change within a process; they are asked for with every candidate."""
    return run_environment.tools()


@functools.cache
def code() -> str:
    """The content of the package's own code: what it found before it was changed counts no more."""
    digest = hashlib.sha256()
    place = Path(edgeopt.__file__).parent
    for path in sorted(place.rglob("*.py")):
        digest.update(path.relative_to(place).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
