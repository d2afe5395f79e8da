"""How an exception that was caught is told: as a tool's, or as a mistake of edgeopt's own."""

from __future__ import annotations

from edgeopt.domain.errors import CannotWrite, EdgeoptError, OwnFault, RunnerFailed
from edgeopt.jobs import disk
from edgeopt.jobs.child import first_line
from edgeopt.runtimes.origin import own_place


def told(error: BaseException, otherwise: EdgeoptError) -> EdgeoptError:
    """The error to raise for one that was caught.

    Args:
        otherwise: what is true where `error` did not arise in edgeopt's own code.
    """
    if isinstance(error, OwnFault | CannotWrite):
        return error
    full = disk.told(error)
    if full is not None:
        return full
    if isinstance(error, RunnerFailed) and error.own:
        return OwnFault(str(error.args[0]))
    place = own_place(error)
    return OwnFault.at(first_line(error), place) if place else otherwise


def reason(error: BaseException, sentence: str) -> str:
    """`sentence: what the error says`, where that is not a mistake of edgeopt's own."""
    return str(told(error, EdgeoptError(f"{sentence}: {first_line(error)}")).args[0])
