"""What a runtime is made of: a row, two files of one name, and templates for what is shipped."""

import importlib.resources
from typing import get_args

import pytest

from edgeopt import convert, runtimes
from edgeopt.bundle import write
from edgeopt.domain.quantizers import QUANTIZERS, Library
from edgeopt.domain.recipe import PRECISIONS

RUNTIMES = sorted(runtimes.RUNTIMES)
CONVERTIBLE = sorted(convert.CONVERTERS)


def test_the_tables_agree():
    stand_ins = {spec.stand_in for spec in runtimes.specs()} - {""}
    references = {spec.name for spec in runtimes.specs() if spec.reference}
    stood_in_for = {spec.name for spec in runtimes.specs() if spec.stand_in}
    by_suffix = set(runtimes.RUNTIMES) - references - stood_in_for
    assert set(runtimes.suffixes().values()) == by_suffix
    assert stand_ins <= by_suffix
    assert set(convert.CONVERTERS) == set(runtimes.RUNTIMES) - {"torch"} - references
    suffixes = [suffix for spec in runtimes.specs() for suffix in spec.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    orders = sorted(spec.baseline for spec in runtimes.specs() if spec.baseline)
    assert orders == list(range(1, len(orders) + 1))


@pytest.mark.parametrize("name", RUNTIMES)
def test_a_runtime_is_a_file_of_its_name(name):
    module = runtimes.load(name)
    assert module.__name__ == f"edgeopt.runtimes.{name}"
    assert module.SPEC.name == name
    assert module.SPEC.packages
    assert callable(module.version)
    assert callable(module.open_session)
    assert module.__doc__


def test_a_runtime_that_is_not_in_the_table():
    with pytest.raises(KeyError):
        runtimes.load("tvm")
    with pytest.raises(KeyError):
        convert.load("torch")


@pytest.mark.parametrize("name", CONVERTIBLE)
def test_a_converter_is_a_file_of_the_same_name(name):
    converter, made = convert.load(name), runtimes.spec(name).precisions
    assert type(converter).__module__ == f"edgeopt.convert.{name}"
    assert converter.runtime == name
    assert "fp32" in made
    assert set(made) <= set(PRECISIONS)
    assert set(converter.copies) <= set(made)
    for precision in made:
        assert (converter.quantization(precision) is not None) == precision.startswith("int8")
        assert converter.base(precision) in {None, *made} - {precision}
    assert converter.base("fp32") is None


@pytest.mark.parametrize("name", RUNTIMES)
def test_a_spec_names_precisions_that_there_are(name):
    spec = runtimes.spec(name)
    arithmetic = set(spec.arithmetic) - {"*"}
    tried = {p for one in (*spec.option_sets, *spec.providers) for p in one.precisions}
    assert arithmetic | tried <= set(spec.precisions)
    assert bool(spec.providers) == bool(spec.provider_option)


def test_a_quantizer_is_known_for_every_library():
    assert set(QUANTIZERS) == set(get_args(Library))
    used = [
        convert.load(name).quantization(precision)
        for name in CONVERTIBLE
        for precision in runtimes.spec(name).precisions
    ]
    assert {how.library for how in used if how} <= set(QUANTIZERS)


@pytest.mark.parametrize("name", CONVERTIBLE)
@pytest.mark.parametrize("part", ["imports", "session"])
def test_what_is_shipped_has_its_template(name, part):
    folder = importlib.resources.files(write.__package__) / "templates"
    text = (folder / f"{part}_{name}.j2").read_text("utf-8")
    assert text.strip()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("onnxruntime", {"threads": 2}, r"\['threads'\]; known: graph_optimization"),
        ("onnxruntime", {"graph_optimization": "most"}, "'most'; known: all, extended"),
        ("onnxruntime", {"provider": "NONE"}, "unknown provider 'NONE'; known: CPU, XNNPACK"),
        ("openvino", {"NUM_STREAMS": 2}, r"\['NUM_STREAMS'\]; known: .*INFERENCE_PRECISION_HINT"),
        ("openvino", {"DEVICE": "TPU"}, "OpenVINO sees no TPU here, only .*CPU"),
        ("executorch", {"delegate": "none"}, r"\['delegate'\]; it has none"),
        ("ncnn", {"threads": 2}, r"\['threads'\]; known: use_fp16_packed, use_fp16_storage"),
        ("ncnn", {"use_fp16_storage": "most"}, "use_fp16_storage is 0 or 1, not 'most'"),
        ("mnn", {"threads": 2}, r"\['threads'\]; known: precision"),
        ("mnn", {"precision": "most"}, "unknown precision 'most'; known: normal, high, low"),
        ("coreml", {"units": "all"}, r"\['units'\]; it has none"),
        ("onnxruntime", {"spinning": "1"}, "unknown spinning '1'; known: off, during-run, always"),
        ("litert", {"delegate": "gpu"}, r"\['delegate'\]; known: xnnpack"),
        ("litert", {"xnnpack": "on"}, "unknown xnnpack 'on'; known: default, latest, off"),
        ("torch", {"compile": 1}, r"\['compile'\]; known: trust"),
        ("tensorflow", {"jit": 1}, r"\['jit'\]; it has none"),
        ("sklearn", {"jobs": 1}, r"\['jobs'\]; it has none"),
    ],
)
def test_an_unknown_option_is_refused_and_the_known_ones_are_named(name, options, message):
    with pytest.raises(ValueError, match=message):
        runtimes.load(name).open_session("no-such-file", 1, options)


def test_a_provider_that_the_package_has_not_is_refused():
    """PyPI's packages for x86 are built without it; one that has it would open the file."""
    with pytest.raises(Exception, match=r"has no XNNPACK provider, only|no-such-file"):
        runtimes.load("onnxruntime").open_session("no-such-file", 1, {"provider": "XNNPACK"})
