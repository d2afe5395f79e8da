"""How making an artifact fails where that is told in a sentence already."""

from __future__ import annotations

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
