"""A training's curves as TensorBoard reads them, epoch by epoch while it goes."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from edgeopt.compress.curve import Epoch
from edgeopt.domain.compression import Compression
from edgeopt.domain.errors import BadInput, NotInstalled

Watch = Callable[[Epoch], None]


def require(compression: Compression | None) -> None:
    """Refuse what could only fail, or write nothing, hours later.

    Raises:
        BadInput: nothing is to be trained. NotInstalled: TensorBoard is missing.
    """
    if compression is None:
        raise BadInput(
            "--tensorboard writes the curves of trainings, but nothing is to be trained.",
            "Say --prune, --low-rank, --sparse, --input-size or --qat, or leave it out.",
        )
    require_package()


def require_package() -> None:
    """Raise NotInstalled where TensorBoard is missing."""
    try:
        import tensorboard  # noqa: F401
    except ImportError as error:
        raise NotInstalled(
            "--tensorboard needs the package tensorboard.", "pip install 'edgeopt[tensorboard]'"
        ) from error


@contextlib.contextmanager
def events(folder: Path | None) -> Iterator[Watch]:
    """Give what writes an epoch into a new file of events in `folder`; None: write nothing.

    A training that goes on writes a second file beside the first; TensorBoard reads both.
    """
    if folder is None:
        yield lambda epoch: None
        return
    with written(folder) as write:
        yield lambda epoch: write(epoch.number, scalars(epoch))


@contextlib.contextmanager
def written(folder: Path) -> Iterator[Callable[[int, dict[str, float]], None]]:
    """Give what writes values by their tags, of one step, into a new file of events."""
    # Its writers of summaries go through TensorFlow where that is installed, which takes seconds.
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    folder.mkdir(parents=True, exist_ok=True)
    now = time.time()
    with (folder / f"events.out.tfevents.{int(now)}.{os.getpid()}").open("wb") as file:
        writer = RecordWriter(file)

        def write(event: Event) -> None:
            writer.write(event.SerializeToString())
            file.flush()

        def values(step: int, tags: dict[str, float]) -> None:
            event = Event(wall_time=time.time(), step=step)
            for tag, value in tags.items():
                event.summary.value.add(tag=tag, simple_value=value)
            write(event)

        write(Event(wall_time=now, file_version="brain.Event:2"))
        yield values


def scalars(epoch: Epoch) -> dict[str, float]:
    """What is drawn of an epoch; a loss that is no number any more is left out."""
    found = {
        "loss/training": epoch.loss,
        "loss/held out": epoch.held_out,
        "right/held out": epoch.right,
        "learning rate": epoch.rate if epoch.number else None,  # 0 is before the training
    }
    return {tag: value for tag, value in found.items() if value is not None}
