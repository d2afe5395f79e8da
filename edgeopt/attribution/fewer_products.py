"""Which kernels multiply less than their layer says, so that no share of a peak can be told."""

from __future__ import annotations

import re

from edgeopt.domain.layer_work import LayerWork
from edgeopt.domain.nearness import NoShare
from edgeopt.domain.time_profile import OperatorTime

_NAMED = re.compile(r"winograd|strassen|spmm|sparse", re.IGNORECASE)

#: Runtimes whose profile does not name the kernel: ncnn takes Winograd's for dense 3x3 convolutions
#: with stride 1 (its `use_winograd_convolution`), MNN that and Strassen's for large products.
_WINOGRAD, _STRASSEN = ("ncnn", "mnn"), ("mnn",)


def of_operator(runtime: str, operator: OperatorTime, works: list[LayerWork]) -> NoShare | None:
    """Why an operator of a profile has no share; None where nothing speaks against one."""
    if _NAMED.search(f"{operator.type} {operator.detail}"):
        return "fewer-products"
    return next((why for work in works if (why := of_layer(runtime, work))), None)


def of_layer(runtime: str, work: LayerWork) -> NoShare | None:
    """The same of a layer whose kernel is not known."""
    if not work.multiply_adds or work.depthwise:
        return None
    if runtime in _STRASSEN:
        return "may-multiply-less"
    three = work.kernel == (3, 3) and set(work.strides or (1,)) == {1}
    return "may-multiply-less" if runtime in _WINOGRAD and three else None
