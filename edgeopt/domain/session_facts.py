"""What a runtime says of what really runs in a session that it opened."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class SessionFacts(Struct, frozen=True, kw_only=True):
    """One session, as `runtimes/__init__.py` describes it. What a runtime does not say is None.

    Attributes:
        version: of the runtime.
        operators: kind of operator -> how many of it run.
        precisions: arithmetic -> how many of the operators that compute run in it.
        total, delegated: operators, and how many of them run in the kernels that were asked for.
        providers: what they run on.
        options: those that the session was opened with.
        float_asked, float_ran: the float of the operators that are not counted in `precisions`.
        rss_bytes: of the process that holds the session.
        why_null: field -> why it is None.
    """

    version: str = ""
    operators: dict[str, int] | None = None
    precisions: dict[str, int] | None = None
    total: int | None = None
    delegated: int | None = None
    providers: list[str] | None = None
    options: dict[str, Any] | None = None
    float_asked: str | None = None
    float_ran: str | None = None
    rss_bytes: int | None = None
    why_null: dict[str, str] = field(default_factory=dict)
