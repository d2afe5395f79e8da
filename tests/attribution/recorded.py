"""Parts of real profiles (EfficientNet-Lite0, two cores), shortened to a few operators.

Names, types and kernels are as ONNX Runtime 1.31, OpenVINO 2026.4 and LiteRT 2.3 told them.
"""

from __future__ import annotations

from edgeopt.domain.layer_names import LayerNames
from edgeopt.domain.time_profile import OperatorTime, TimeProfile

#: Conv - Clip - Conv(depthwise) - Clip - Conv - Add, mean, Gemm: as the exporter named them.
SOURCE = LayerNames(
    types={
        "node_Conv_877": "Conv", "n4": "Clip", "node_Conv_878": "Conv", "n4_2": "Clip",
        "node_Conv_809": "Conv", "node_add": "Add", "node_mean": "ReduceMean",
        "node_view": "Reshape", "node_linear": "Gemm",
    },
    makers={
        "getitem": "node_Conv_877", "hardtanh": "n4", "getitem_3": "node_Conv_878",
        "hardtanh_1": "n4_2", "getitem_24": "node_Conv_809", "add": "node_add",
        "mean": "node_mean", "view": "node_view", "output": "node_linear",
    },
    before={
        "n4": "node_Conv_877", "node_Conv_878": "n4", "n4_2": "node_Conv_878",
        "node_Conv_809": "n4_2", "node_add": "node_Conv_809", "node_mean": "node_add",
        "node_view": "node_mean", "node_linear": "node_view",
    },
)  # fmt: skip


def op(name, kind, us, precision="int8", output=None, layers=None, fallback=False) -> OperatorTime:
    return OperatorTime(
        name=name,
        type=kind,
        precision=precision,
        output=output or precision,
        detail="",
        layers=(name,) if layers is None else tuple(layers),
        fallback=fallback,
        ns=us * 1000.0,
    )


def profile(runtime, *operators, plain_us=None) -> TimeProfile:
    total = sum(operator.ns for operator in operators)
    return TimeProfile(
        runtime=runtime,
        how=f"{runtime}'s profiler",
        operators=operators,
        total_ns=total,
        plain_ns=total if plain_us is None else plain_us * 1000.0,
        runs=60,
    )


ORT_FP32 = profile(
    "onnxruntime",
    op("hardtanh_nchwc", "Conv", 766, "fp32"),
    op("hardtanh_1_nchwc", "Conv", 656, "fp32"),
    op("getitem_24_nchwc", "Conv", 420, "fp32"),
    op("ReorderOutput", "ReorderOutput", 63, "fp32"),
    op("node_mean", "ReduceMean", 58, "fp32"),
    op("node_view", "Reshape", 18, "fp32"),
    op("node_linear", "Gemm", 771, "fp32"),
)
ORT_STATIC = profile(
    "onnxruntime",
    op("inputs_QuantizeLinear", "QuantizeLinear", 202, "fp32", "int8"),
    op("Transpose", "Transpose", 130),
    op("node_Conv_877_token_1", "QLinearConv", 1590),
    op("node_Conv_878_token_4", "QLinearConv", 230),
    op("node_Conv_809_token_25", "QLinearConv", 132),
    op("node_add", "QLinearAdd", 49),
    op("hardtanh_32_DequantizeLinear", "DequantizeLinear", 84, "int8", "fp32"),
    op("node_mean", "ReduceMean", 52, "fp32"),
    op("mean_q", "QuantizeLinear", 21, "fp32", "int8"),
    op("node_view", "Reshape", 17),
    op("node_linear", "QGemm", 260),
    op("output_DequantizeLinear", "DequantizeLinear", 22, "int8", "fp32"),
)
ORT_DYNAMIC = profile(
    "onnxruntime",
    op("inputs_QuantizeLinear", "DynamicQuantizeLinear", 220, "fp32", "int8"),
    op("node_Conv_877_quant", "ConvInteger", 15822, "int8", "int32"),
    op("getitem_output_quantized_cast", "Cast", 439, "int32", "fp32"),
    op("node_Conv_877_quant_scales_mul", "Mul", 31, "fp32"),
    op("node_Conv_877_quant_output_scale_mul", "Mul", 777, "fp32"),
    op("getitem_bias_add", "Add", 3920, "fp32"),
    op("n4", "Clip", 431, "fp32"),
    op("hardtanh_QuantizeLinear", "DynamicQuantizeLinear", 386, "fp32", "int8"),
    op("node_Conv_878_quant", "ConvInteger", 20781, "int8", "int32"),
    op("node_Conv_809", "Conv", 400, "fp32"),
    op("node_linear_MatMul_quant", "MatMulInteger", 600, "int8", "int32"),
)
OV_STATIC = profile(
    "openvino",
    op("inputs/fq_output_0", "Subgraph", 138, "fp32", "int8"),
    op("inputs/fq_output_0_abcd_acdb_node_Conv_877/WithoutBiases", "Reorder", 124, layers=()),
    op("node_Conv_877/WithoutBiases", "Convolution", 544,
       layers=("node_Conv_877/WithoutBiases", "Multiply_8191", "node_Conv_877", "n4/fq_output_0")),
    op("node_Conv_878/WithoutBiases", "Convolution", 210,
       layers=("node_Conv_878/WithoutBiases", "Multiply_8225", "node_Conv_878")),
    op("node_Conv_809/WithoutBiases", "Convolution", 100,
       layers=("node_Conv_809/WithoutBiases", "node_Conv_809", "node_add", "node_add/fq_output_0")),
    op("node_mean", "Reduce", 49, layers=("node_mean", "node_mean/fq_output_0")),
    op("node_linear/WithoutBiases/DequantizationMultiply", "FullyConnected", 463, "int8", "fp32",
       layers=("node_linear/WithoutBiases/DequantizationMultiply", "output")),
)  # fmt: skip

_SCOPE = "litert_torch._convert.to_channel_last_io.ChannelLastIOWrapper"
LITERT_FP32 = profile(
    "litert",
    op(f"{_SCOPE};;{_SCOPE};14", "CONV_2D", 563, "fp32"),
    op(f"{_SCOPE};;{_SCOPE};12", "DEPTHWISE_CONV_2D", 656, "fp32"),
    op(f"{_SCOPE};48", "CONV_2D", 372, "fp32"),
    op(f"{_SCOPE};3", "ADD", 24, "fp32"),
    op(f"{_SCOPE};12", "MEAN", 11, "fp32"),
    op("serving_default_output_0_output", "FULLY_CONNECTED", 919, "fp32"),
)
LITERT_DYNAMIC = profile(
    "litert",
    op("Convert", "Convert", 66, "fp32", "int8-dynamic", layers=()),
    op(f"{_SCOPE};;{_SCOPE};14", "CONV_2D", 722, "int8-dynamic", "fp32"),
    op(f"{_SCOPE};;{_SCOPE};12", "DEPTHWISE_CONV_2D", 6230, "int8-dynamic", "fp32", fallback=True),
    op(f"{_SCOPE};48", "CONV_2D", 282, "int8-dynamic", "fp32"),
    op(f"{_SCOPE};3", "ADD", 24, "fp32"),
    op(f"{_SCOPE};12", "MEAN", 11, "fp32"),
    op("serving_default_output_0_output", "FULLY_CONNECTED", 265, "int8-dynamic", "fp32"),
)
