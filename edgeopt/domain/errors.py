"""Errors that reach the user: what was wrong, what was found, what to do."""

from __future__ import annotations

#: Of a step that took longer than its limit.
LONGER = "Give it longer with --step-timeout SECONDS."


class EdgeoptError(Exception):
    """Root of the errors that edgeopt raises on purpose.

    Attributes:
        hint: what the user can do about it, one sentence, or "".
        exit_code: the exit code of the command line (see `docs/cli.md`).
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}\n  {self.hint}" if self.hint else message


class BadInput(EdgeoptError):
    """The request, a file or the data is not usable. Nothing was written."""

    exit_code = 2


class NoNumbers(BadInput):
    """A model answers no sample with a number: of a network that was just trained it diverged."""


class CannotWrite(EdgeoptError):
    """A place that edgeopt writes to is full, read-only or gone.

    It ends the run and says nothing of the model, a tool or a candidate: no record is made of it,
    and the same call goes on when there is room.
    """

    exit_code = 2


class NotInstalled(EdgeoptError):
    """Something that the request needs is not installed."""

    exit_code = 3


class OwnFault(EdgeoptError):
    """A mistake in edgeopt itself: neither the model's fault nor a tool's."""

    exit_code = 70  # EX_SOFTWARE of sysexits.h

    def __init__(self, message: str) -> None:
        hint = "This is a mistake in edgeopt, not in the model, the data or a tool: please report "
        super().__init__(message, f"{hint}it with this line.")

    @classmethod
    def at(cls, what: str, place: str) -> OwnFault:
        """Of an exception, and the file and line where it arose, below the package."""
        return cls(f"edgeopt itself failed: {what} (edgeopt/{place})")


class RunnerFailed(EdgeoptError):
    """The runner reported an error, died, or did not answer in time.

    Attributes:
        own: the error is a mistake in edgeopt's own code there, and is told so.
    """

    def __init__(
        self, message: str, timed_out: bool = False, hint: str = "", own: bool = False
    ) -> None:
        super().__init__(message, hint)
        self.timed_out, self.own = timed_out, own


class DeviceFailed(RunnerFailed):
    """A device cannot be reached, or cannot take what it is given: no runner runs there then."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)


class Untrusted(DeviceFailed):
    """What a device sent cannot be, or never ends: it ends the device, and is nobody else's fault.

    Nothing more is asked of it; no candidate is marked for it (docs/decisions/0036).
    """


class StepFailed(EdgeoptError):
    """A step of one candidate failed. It ends the candidate, never the run.

    Attributes:
        status: of `record.Status`.
    """

    def __init__(self, status: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.status = status

    @classmethod
    def ran(cls, error: RunnerFailed, otherwise: str = "") -> StepFailed:
        """Of a runner that failed.

        Args:
            otherwise: what to do where the error and its kind do not say it.
        """
        status = "timeout" if error.timed_out else "failed-run"
        hint = error.hint or (LONGER if error.timed_out else otherwise)
        return cls(status, str(error.args[0]), hint)

    @property
    def reason(self) -> str:
        return str(self.args[0])
