"""Why an exported program is not read."""

from __future__ import annotations


class NeedsTrust(ValueError):
    """A part of the archive may run code when PyTorch reads it. Its text names that part."""

    @classmethod
    def unknown(cls, where: str) -> NeedsTrust:
        """What stands at `where` is none of what `torch.export.save` writes."""
        return cls("{} is not of a form that torch.export.save writes".format(where))


class Damaged(ValueError):
    """The archive is not whole. Its text says what is wrong."""


class NoProgram(ValueError):
    """There is no exported program in the file. Its text says what was looked for."""
