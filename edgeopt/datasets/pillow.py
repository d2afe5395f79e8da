"""Pillow, which reads images, or the sentence that says it is missing."""

from __future__ import annotations

from types import ModuleType

from edgeopt.domain.errors import NotInstalled


def image_module() -> ModuleType:
    """`PIL.Image`. Raises NotInstalled: Pillow is missing."""
    try:
        from PIL import Image
    except ImportError as error:
        raise NotInstalled(
            "reading images needs Pillow, which is not installed",
            "pip install 'edgeopt[images]'",
        ) from error
    return Image
