"""What of a call does not go together: refused before anything is read."""

from __future__ import annotations

from edgeopt.domain.errors import BadInput
from edgeopt.pipeline import without_data
from edgeopt.pipeline.call import Call


def refuse(call: Call) -> None:
    """Refuse a call that asks for two things at odds.

    Raises:
        BadInput: it does.
    """
    if call.train is not None and call.compression is None:
        raise BadInput(
            "--train gives samples for training, but nothing is to be trained.",
            "Say --prune, --low-rank, --sparse, --input-size or --qat, or leave --train out.",
        )
    if call.fold is not None and call.compression is not None:
        raise BadInput(
            "a model is trained on what its data holds, which a folded one no longer takes.",
            "Leave --fold-input and --fold-output out, or --prune and the like.",
        )
    if call.open_axis is not None:
        _refuse_beside_open(call)
    if not any(count > 1 for count in call.batches):
        return
    if call.aim != "throughput":
        raise BadInput(
            "--batch goes with --for throughput: in a batch each answer waits for the others.",
            "Say --for throughput, or leave --batch out.",
        )
    if call.fold is not None or call.compression is not None:
        raise BadInput(
            "--batch does not go with --fold-input, --fold-output, --prune and the like.",
            "Leave one of them out.",
        )


def _refuse_beside_open(call: Call) -> None:
    """Refuse what needs one shape beside an axis that stays open. Raises BadInput."""
    beside = {
        "--fold-input and --fold-output": call.fold is not None,
        "--prune and the like": call.compression is not None,
        "--batch": any(count > 1 for count in call.batches),
        "--state": bool(call.task.states),
        "--data random": without_data.is_asked(call),
    }
    for option, said in beside.items():
        if said:
            raise BadInput(
                f"--open-axis does not go with {option}: that needs one fixed shape.",
                "Leave one of them out; --shape fixes the axis.",
            )
