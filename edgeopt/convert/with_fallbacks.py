"""One conversion, with fallbacks where its converter offers them; what helped is kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from edgeopt.convert import matching
from edgeopt.convert.converter import Converter
from edgeopt.convert.fallbacks import Limits, search
from edgeopt.convert.job import Job, Made
from edgeopt.convert.library_errors import CannotLoad
from edgeopt.convert.relaxation import Relaxation
from edgeopt.domain.model import content_id
from edgeopt.domain.quantizers import QUANTIZERS
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import told

Open = Callable[[Job, Made], Any]


def made(job: Job, converter: Converter, opened: Open) -> tuple[Made, Any]:
    """What a converter makes of a job, and a session of it.

    Raises:
        EdgeoptError: see `fallbacks.search`.
    """
    ways = converter.ways(job)
    if not ways:
        result = converter.convert(job)
        return result, opened(job, result)
    how = job.recipe.quantization
    limits = Limits(
        library=QUANTIZERS[how.library].title if how else f"the converter to {job.recipe.runtime}",
        ways=ways,
        how=how,
        operators=lambda: converter.operators(job),
        seconds=job.limit_s,
    )

    def attempt(plan: Relaxation) -> tuple[Relaxation, Path, Made, Any]:
        place = Path(job.folder) / f"try-{content_id(msgspec.to_builtins(plan))}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        try:
            trial = msgspec.structs.replace(job, folder=str(place), relaxation=plan)
            result = converter.convert(trial)
            session = opened(trial, result)
            _answers(session, trial, result)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        return plan, place, result, session

    plan, place, result, session = search(attempt, limits, kept(job))
    _keep(job, plan)
    for path in place.iterdir():
        shutil.move(path, job.folder)
    for other in Path(job.folder).glob("try-*"):
        shutil.rmtree(other)
    return msgspec.structs.replace(result, notes=(*plan.notes, *result.notes)), session


def _answers(session: Any, job: Job, result: Made) -> None:
    """Ask for one sample: some files open and fail at their first inference.

    Raises:
        CannotLoad: it does not answer.
    """
    inputs, _ = matching.bound(job, session, result.permutes)
    for sample in job.samples(1):
        try:
            session.run(matching.fed(inputs, sample))
        except Exception as error:
            what = f"{job.recipe.runtime} cannot run what was made"
            otherwise = CannotLoad(what, first_line(error))
            raise told(error, otherwise) from error


def kept(job: Job) -> Relaxation:
    """What helped a recipe before, whatever its exceptions."""
    path = _place(job)
    if path is None or not path.is_file():
        return Relaxation()
    return msgspec.json.decode(path.read_bytes(), type=Relaxation)


def _keep(job: Job, plan: Relaxation) -> None:
    path = _place(job)
    if path is not None and plan != Relaxation():
        new = path.with_suffix(f".{os.getpid()}")
        new.write_bytes(msgspec.json.encode(plan))
        os.replace(new, path)


def _place(job: Job) -> Path | None:
    how = job.recipe.quantization
    if job.cache is None or how is None:
        return None
    how = msgspec.structs.replace(how, exceptions=())
    about = ["careful", job.recipe.runtime, job.recipe.precision, msgspec.to_builtins(how)]
    return Path(job.cache) / f"careful-{content_id(about)}.json"
