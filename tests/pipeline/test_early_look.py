"""What a call's bounds ask of a target and cannot have: refused before anything is written."""

from types import SimpleNamespace

import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.domain.run import Constraints
from edgeopt.domain.space_asked import SpaceAsked
from edgeopt.pipeline import early_look
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.placement import Placement, space_of
from tests.search.test_space import profile, rule, source

BOARD = profile(rule("onnxruntime", "fp32"), rule("litert", "fp32"), threads=(1, 4))
MACHINE = {"features": [], "cores": 4}


def asked(**bounds):
    return space_of(Placement(BOARD, None, MACHINE), source(), SpaceAsked(**bounds))


def refused(**bounds):
    with pytest.raises(BadInput) as caught:
        asked(**bounds)
    return caught.value.args[0], caught.value.hint


def test_what_is_within_is_tried_with_the_threads_that_were_asked_for():
    found = asked(runtimes=("litert",), threads=(2, 3, 9)).recipes
    assert [(r.runtime, r.threads) for r in found] == [("litert", 3), ("litert", 2)]


def test_where_nothing_is_within_it_says_what_there_is():
    message, hint = refused(precisions=("fp16",))
    assert message == "nothing can be tried for board within --precision fp16."
    assert hint == "There are: onnxruntime fp32, litert fp32."


def test_where_what_was_asked_for_is_left_out_it_says_why():
    bf16 = profile(rule("litert", "fp32"), rule("onnxruntime", "bf16"), threads=(1,))
    with pytest.raises(BadInput) as caught:
        space_of(Placement(bf16, None, MACHINE), source(), SpaceAsked(precisions=("bf16",)))
    assert caught.value.hint.startswith("onnxruntime bf16: this version of edgeopt makes no bf16")


@pytest.mark.parametrize("threads", [(8,), (5, 16)])
def test_more_threads_than_cores_are_refused(threads):
    message, hint = refused(threads=threads)
    assert message == f"--threads asks for {threads[0]} at least, and board has 4 cores."
    assert hint == "Give numbers from 1 to 4."


class Pool(SimpleNamespace):
    """Devices that were found already."""

    def placements(self, profiles, named):
        return self.placed


def look(aim="latency", **limits):
    call = Call("m", ("board",), "d", "o", aim=aim, constraints=Constraints(**limits))
    pool = Pool(placed=[Placement(BOARD, None, MACHINE)], log=None)
    intake = SimpleNamespace(profiles=(BOARD,), source=source())
    return early_look.placements(pool, call, intake)


def test_without_bounds_no_device_is_asked():
    assert look() is None
    assert look(aim="size", max_p90_ms=3.0) is None


@pytest.mark.parametrize(
    ("changes", "option"),
    [({"aim": "energy"}, "--for energy"), ({"max_energy_mj": 3.0}, "--max-energy")],
)
def test_energy_needs_a_device(changes, option):
    with pytest.raises(BadInput) as caught:
        look(**changes)
    assert caught.value.args[0] == (
        f"{option} needs a device that measures its energy, and for board there is none: "
        "nothing is timed for it."
    )


def test_bounds_are_tried_on_every_target_at_once():
    assert look(space=SpaceAsked(runtimes=("litert",))) is not None
    with pytest.raises(BadInput, match="nothing can be tried for board"):
        look(space=SpaceAsked(runtimes=("ncnn",)))
