"""What a worker is given of a study, once: the question, the functions, where devices are."""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import edgeopt
from edgeopt.pipeline.placement import Placement
from edgeopt.runner import sensors
from edgeopt.tuning.call import TuneCall
from edgeopt.tuning.user_side import handed

DATA = "data"


@dataclass(frozen=True)
class Kit:
    """See the module's head. It is pickled by Dask.

    Attributes:
        id: of the call, as it is connected now.
        call: with functions that can be handed over, without the storage's address.
        data: the content of the data where that is one file; None: the call has it, or a path
            that every worker can read.
        placements: of the targets that some worker's device serves.
        places: folders in which the caller's modules lie, where workers see them, too.
        answering: flags of the call's processor: all workers make forms for it.
    """

    id: str
    call: TuneCall
    data: bytes | None
    placements: tuple[Placement, ...]
    places: tuple[str, ...]
    answering: tuple[str, ...] = ()
    version: str = edgeopt.__version__

    def unpacked(self, folder: Path) -> TuneCall:
        """The call as it is done on this machine.

        Args:
            folder: for the data, and for the trials' folders.
        """
        asked = dataclasses.replace(self.call.asked, devices=())
        if self.data is not None:
            path = folder / DATA / Path(str(asked.data)).name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.data)
            asked = dataclasses.replace(asked, data=path)
        return dataclasses.replace(self.call, asked=asked, out=folder)


def packed(name: str, call: TuneCall, placements: tuple[Placement, ...]) -> Kit:
    """The kit of a call.

    Raises:
        BadInput: a function cannot be handed over.
    """
    data = call.asked.data
    file = Path(data) if isinstance(data, str | Path) else None
    content = file.read_bytes() if file is not None and file.is_file() else None
    asked = call.asked
    if file is not None and content is None:
        asked = dataclasses.replace(asked, data=str(file.resolve()))
    with tempfile.TemporaryDirectory() as folder:
        build = handed(call.build, Path(folder) / "build")
        train = handed(call.train, Path(folder) / "train")
    plain = dataclasses.replace(
        call, asked=asked, build=build, train=train, storage=None, scheduler=None
    )
    places = tuple(str(Path(place).resolve()) for place in [*sys.path, "."] if place)
    return Kit(name, plain, content, placements, places, tuple(sensors.features()))
