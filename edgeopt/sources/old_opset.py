"""ONNX models older than opset 7, which no runtime reads any more: raised before they are run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeopt.domain.errors import BadInput
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import told
from edgeopt.sources import old_forms

if TYPE_CHECKING:
    import onnx

#: ONNX Runtime has operators from here on; broadcasting became numpy's with it.
OLDEST = 7


def opset(model: onnx.ModelProto) -> int:
    """The version of ONNX's own operators; 0 where the model has none."""
    return max((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=0)


def raised(model: onnx.ModelProto) -> tuple[onnx.ModelProto, list[str]]:
    """The model at opset 7 at least, with a note where it was older.

    Args:
        model: with fixed shapes: how old operators broadcast depends on ranks.

    Raises:
        BadInput: onnx has no newer form of one of its operators.
    """
    from onnx import version_converter

    version = opset(model)
    if not 0 < version < OLDEST:
        return model, []
    ready = old_forms.rewritten(model, version)
    failed: Exception | None = None
    for newer in (OLDEST, OLDEST + 1, OLDEST + 2):  # adapters are missing now and then
        try:
            made = old_forms.shown(version_converter.convert_version(ready, newer))
        except Exception as error:
            failed = failed or error
            continue
        return made, [f"its opset {version} is too old for any runtime; read as opset {newer}"]
    assert failed is not None
    otherwise = BadInput(
        f"it is of ONNX opset {version}, and no runtime reads what is older than {OLDEST}; onnx's "
        f"version converter does not raise it: {first_line(failed)}",
        "Export the model again, with opset 17 or so.",
    )
    raise told(failed, otherwise)
