"""The profiles that come with edgeopt."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from edgeopt import targets
from edgeopt.domain.target import Profile
from edgeopt.runtimes import ncnn as ncnn_options


@pytest.mark.parametrize("name", targets.names())
def test_shipped_profile_loads(name):
    assert targets.load(name).name == name


@pytest.mark.parametrize("name", targets.names())
def test_shipped_profile_takes_a_stand_on_every_precision(name):
    profile = targets.load(name)
    stands = {(rule.runtime, rule.precision) for rule in (*profile.recipes, *profile.left_out)}
    served = {rule.runtime for rule in profile.recipes}
    assert served
    assert {(r, p) for r in served for p in targets.offers()[r]} <= stands


@pytest.mark.parametrize("name", targets.names())
def test_shipped_profile_names_the_schema_for_editors(name):
    first = (targets.folder() / f"{name}.toml").read_text("utf-8").partition("\n")[0]
    assert first == "#:schema ./schema.json"


def rules_of(runtime):
    """What the profiles say of a runtime: (profile, rule)."""
    found = [(name, rule) for name in targets.names() for rule in targets.load(name).recipes]
    return [(name, rule) for name, rule in found if rule.runtime == runtime]


def test_openvino_always_says_which_precision_it_computes_in():
    rules = rules_of("openvino")
    assert len(rules) >= 20
    assert [n for n, rule in rules if "INFERENCE_PRECISION_HINT" not in rule.options] == []


def test_ncnn_always_says_which_floats_it_computes_in():
    rules = rules_of("ncnn")
    assert {rule.precision for _, rule in rules} >= {"fp32", "fp16"}
    for name, rule in rules:
        on = int(rule.precision == "fp16")
        assert rule.options == dict.fromkeys(ncnn_options.OPTIONS, on), name


def test_names_are_sorted_and_hold_each_kind_of_hardware():
    names = targets.names()
    assert names == sorted(names)
    assert {"raspberry-pi-5", "pixel-8", "intel-cpu", "nvidia-gpu", "this-machine"} <= set(names)


def test_phones_have_big_and_little_cores():
    pixel = targets.load("pixel-6")
    assert [(c.model, c.role) for c in pixel.cores] == [
        ("cortex-x1", "big"),
        ("cortex-a76", "middle"),
        ("cortex-a55", "little"),
    ]
    assert pixel.big_cores == 4


def test_schema_is_current():
    kept = (targets.folder() / "schema.json").read_text("utf-8")
    command = "print(edgeopt.targets.schema_text(), end='')"
    assert kept == targets.schema_text(), (
        f'run: python -c "import edgeopt.targets; {command}" > targets/schema.json'
    )


def test_schema_is_of_the_profile():
    schema = json.loads(targets.schema_text())
    assert schema["$ref"] == "#/$defs/Profile"
    assert set(schema["$defs"]["Profile"]["properties"]) == set(Profile.__struct_fields__)


def test_nothing_heavy_is_imported():
    heavy = "{'numpy', 'scipy', 'rich', 'jinja2', 'onnx', 'torch'}"
    code = f"import sys, edgeopt.targets; print(sorted({heavy} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
