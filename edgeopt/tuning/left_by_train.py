"""Which network a training left: the one that it returns, or the one that it was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from edgeopt.domain.errors import BadInput
from edgeopt.sources import given, no_model

_ALONE = "Return the trained model alone, or nothing where it was trained in place."


def network(returned: Any, built: Any) -> Any:
    """The trained one. What is no model, as a history or a loss, says that `built` was trained.

    Raises:
        BadInput: a model may be meant that would be dropped, or nothing was trained.
    """
    if returned is None or returned is built:
        return built
    if given.is_model(returned):
        return returned
    if no_model.is_unrun(returned):
        raise BadInput(
            f"train {no_model.unrun(returned)}: nothing of it ran.", no_model.hint(returned)
        )
    if no_model.is_file(returned):
        raise BadInput(f"train returned the text {returned!r:.120}, and no model.", no_model.PATHS)
    if isinstance(returned, tuple) or _holds_another(returned, built):
        raise BadInput(f"train returned {no_model.shown(returned)}, and no model.", _ALONE)
    return built


def _holds_another(returned: Any, built: Any) -> bool:
    values: Iterable[Any] = ()
    if isinstance(returned, Mapping):
        values = returned.values()
    elif isinstance(returned, list):
        values = returned
    return any(given.is_model(one) and one is not built for one in values)
