"""What a call says of its data besides where it is: the task, the model's inputs, the part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from edgeopt.datasets.image_input import Spec
from edgeopt.domain.task import TaskAsked

#: What data is for, as the options of the command line are called.
Part = Literal["data", "calibration", "confirm", "train"]
#: Parts whose answers are judged, so that they need truths.
JUDGED = ("data", "confirm")
#: Tasks whose samples are images that something is marked on.
OF_IMAGES = ("detection", "pose", "segmentation", "image-to-image", "ctc")


@dataclass(frozen=True)
class TaskData:
    """How data of a task is read.

    Attributes:
        specs: the model's inputs as its file states them; (): not known yet.
        names: of the classes of --data, which this data must have, too.
        like: the kind of --data (`annotated_images.Kind`), whose images this data's are prepared
            like; "": it is this data, or holds no images of a task.
    """

    task: TaskAsked = field(default_factory=TaskAsked)
    specs: tuple[Spec, ...] = ()
    part: Part = "data"
    names: tuple[str, ...] = ()
    like: str = ""

    @property
    def of_images(self) -> bool:
        """Whether what is said means images that something is marked on."""
        said = self.task
        return said.task in OF_IMAGES or bool(said.head or said.masks or said.images)

    @property
    def may_be_marked(self) -> bool:
        """Whether it can mean such images: nothing that is said excludes them."""
        said = self.task
        named = said.task in ("", *OF_IMAGES) or ":" in said.task
        return named and not (said.pairs or said.candidates)
