"""A package that is not installed, as an error that names the line which installs it."""

from __future__ import annotations

#: Modules that readers and converters import -> the extra that brings them, where not "all".
_EXTRAS = {
    "torch": "torch", "litert_torch": "torch", "onnxscript": "torch", "tensorflow": "tensorflow",
    "keras": "tensorflow", "tf2onnx": "tensorflow", "sklearn": "sklearn", "skops": "sklearn",
    "onnx": "onnxruntime", "onnxruntime": "onnxruntime", "openvino": "openvino",
    "nncf": "openvino",
}  # fmt: skip


def told(error: ImportError, words: str) -> dict[str, str]:
    """`message` and `hint`.

    Args:
        words: the library's own, for a package that is there and cannot be imported.
    """
    package = (error.name or "").partition(".")[0]
    hint = f"pip install 'edgeopt[{_EXTRAS.get(package, 'all')}]'"
    if isinstance(error, ModuleNotFoundError) and package:
        return {"message": f"the package {package} is needed and is not installed.", "hint": hint}
    return {"message": words, "hint": hint}
