"""What a library's failure is told as, and which errors are of a library at all."""

from __future__ import annotations

from edgeopt.convert.failing_operators import first_cause, plain
from edgeopt.domain.errors import EdgeoptError


class LibraryFailed(EdgeoptError):
    """A library ended with an error, and that is told in a sentence already."""


class CannotLoad(LibraryFailed):
    """A runtime does not open what was made for it, or does not answer with it.

    Attributes:
        what: which of the two, without what the runtime said.
    """

    def __init__(self, what: str, said: str) -> None:
        super().__init__(f"{what}: {said}", "The conversion itself ended without an error.")
        self.what = what


class QuantizerFailed(EdgeoptError):
    """A library takes a model in no way that was tried."""


def is_of_a_library(error: Exception) -> bool:
    """Whether another way may help: not where it is the machine, or edgeopt, that failed."""
    return isinstance(error, LibraryFailed) or not isinstance(
        error, (EdgeoptError, ImportError, OSError, MemoryError)
    )


def cause_of(error: BaseException, library: str) -> str:
    """One sentence of why; `library`: its name for people."""
    if isinstance(error, CannotLoad):
        return f"{error.what}: {plain(root(error))}"
    if isinstance(error, LibraryFailed):
        return str(error.args[0])
    return f"{library}: {first_cause(error)}"


def root(error: Exception) -> BaseException:
    """What a runtime itself said."""
    return error.__cause__ if isinstance(error, CannotLoad) and error.__cause__ else error
