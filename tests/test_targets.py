"""The target profiles: each one loads, each rule holds, each complaint is told clearly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from edgeopt import targets
from edgeopt.domain.errors import BadInput, NotInstalled
from edgeopt.domain.target import Isa, Profile
from edgeopt.runner import sensors
from edgeopt.runtimes import ncnn as ncnn_options
from edgeopt.targets.complaint import of_validation
from edgeopt.targets.field import line_of, parse_field

# A user's own profile, whole. The line numbers in the tests below count from its first line.
BOARD = """\
name = "my-board"
title = "My board"
summary = "A board of ours."
arch = "aarch64"
os = "linux"
link = "ssh"
threads = [1, 0]

[[cores]]
model = "cortex-a55"
count = 4
clock_ghz = { value = 1.8, basis = "verified", source = "data sheet" }

[isa]
features = ["asimd", "asimddp"]
absent = ["i8mm"]
basis = "verified"
source = "/proc/cpuinfo"

[match]
board = "My Board"

[[recipes]]
runtime = "litert"
precision = "int8-static"
why = "dot product"

[[recipes]]
runtime = "onnxruntime"
precision = "int8-static"
why = "dot product"
needs_any = ["asimddp"]
otherwise = "no dot product"

[[left_out]]
runtime = "onnxruntime"
precision = "fp16"
reason = "no half precision"
"""

PI_5 = {
    "arch": "aarch64",
    "cpu_model": "BCM2835",
    "cores": 4,
    "features": ["asimd", "asimddp", "asimdhp", "fphp"],
    "memory_bytes": 8 * 2**30,
    "board": "Raspberry Pi 5 Model B Rev 1.0",
}
XEON = {
    "arch": "x86_64",
    "cpu_model": "Intel(R) Xeon(R) Platinum 8480+",
    "cores": 8,
    "features": ["amx_bf16", "amx_int8", "avx2", "avx512_fp16"],
    "memory_bytes": 25276502016,
    "board": None,
}


@pytest.fixture
def board(tmp_path):
    """Writes `BOARD` with one text replaced by another, and returns the file's path."""

    def write(old: str = "", new: str = "") -> str:
        assert old in BOARD
        path = tmp_path / "my-board.toml"
        path.write_text(BOARD.replace(old, new, 1) if old else BOARD + new, "utf-8")
        return str(path)

    return write


def complaint(path: str) -> str:
    """What loading a file complains of, its folder left off."""
    with pytest.raises(BadInput) as raised:
        targets.load(path)
    return str(raised.value.args[0]).replace(f"{Path(path).parent}/", "")


# The profiles that come with edgeopt


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


@pytest.mark.parametrize("name", targets.names())
def test_openvino_always_says_which_precision_it_computes_in(name):
    rules = [rule for rule in targets.load(name).recipes if rule.runtime == "openvino"]
    assert all("INFERENCE_PRECISION_HINT" in rule.options for rule in rules)


@pytest.mark.parametrize("name", targets.names())
def test_ncnn_always_says_which_floats_it_computes_in(name):
    for rule in (rule for rule in targets.load(name).recipes if rule.runtime == "ncnn"):
        on = int(rule.precision == "fp16")
        assert rule.options == dict.fromkeys(ncnn_options.OPTIONS, on)


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


# Where they live


def test_folder_of_a_checkout_is_at_its_top():
    assert targets.folder() == Path(__file__).parents[1] / "targets"


def test_folder_of_a_wheel_is_inside_the_package(tmp_path):
    package = tmp_path / "edgeopt" / "targets"
    (package / "profiles").mkdir(parents=True)
    (tmp_path / "targets").mkdir()
    assert targets.folder(package) == package / "profiles"


def test_folder_missing_altogether(tmp_path):
    package = tmp_path / "edgeopt" / "targets"
    with pytest.raises(NotInstalled, match="target profiles are missing") as raised:
        targets.folder(package)
    assert raised.value.hint == "Install edgeopt again."


def test_another_folder_can_be_named(board):
    shipped = Path(board()).parent
    assert targets.names(shipped) == ["my-board"]
    assert targets.load("my-board", shipped).title == "My board"


def test_shipped_profile_has_its_files_name(board):
    shipped = Path(board('"my-board"', '"your-board"')).parent
    with pytest.raises(BadInput) as raised:
        targets.load("my-board", shipped)
    assert str(raised.value).endswith(
        "my-board.toml, line 1: name: must be the file's own name, 'my-board', but is 'your-board'"
    )


# Finding a profile


def test_own_file_is_loaded_by_its_path(board):
    profile = targets.load(board())
    assert profile.name == "my-board"
    assert profile.cores[0].clock_ghz is not None
    assert profile.cores[0].clock_ghz.value == 1.8


def test_own_file_may_have_any_name(board):
    assert targets.load(board('"my-board"', '"your-board"')).name == "your-board"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "raspbery-pi-5",
            "unknown target 'raspbery-pi-5'; did you mean 'raspberry-pi-5'?",
        ),
        ("Pixel-6", "unknown target 'Pixel-6'; did you mean 'pixel-6'?"),
        ("toaster", "unknown target 'toaster'"),
        ("", "unknown target ''"),
    ],
)
def test_unknown_target(name, message):
    with pytest.raises(BadInput) as raised:
        targets.load(name)
    assert raised.value.args[0] == message
    assert raised.value.hint == "See `edgeopt targets`."


@pytest.mark.parametrize("name", ["no-such.toml", "boards/no-such"])
def test_missing_file(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(BadInput) as raised:
        targets.load(str(path))
    assert raised.value.args[0] == f"no such file: {path}"
    assert "`edgeopt targets`" in raised.value.hint


def test_folder_instead_of_a_file(tmp_path):
    with pytest.raises(BadInput, match=r"cannot read .*: it is a folder"):
        targets.load(str(tmp_path))


def test_file_that_is_not_text(tmp_path):
    path = tmp_path / "binary.toml"
    path.write_bytes(b'name = "\xff"')
    assert complaint(str(path)) == "binary.toml is not UTF-8 text: invalid start byte at byte 8"


# Faults of format


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "arch = ",
            "arch ",
            "my-board.toml, line 4, column 6: Expected '=' after a key in a key/value pair",
        ),
        ("", "\n[broken", "my-board.toml, end of document: "),
        (
            "count = 4",
            "count = 4\ncount = 5",
            "my-board.toml, line 12, column 10: Cannot overwrite",
        ),
    ],
)
def test_syntax_error_tells_the_place(board, old, new, message):
    assert complaint(board(old, new)).startswith(message)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "count = 4",
            'count = "four"',
            "line 11: cores[0].count: expected int, got str",
            id="wrong type",
        ),
        pytest.param(
            "count = 4",
            "count = -1",
            "line 11: cores[0].count: expected int >= 1, got -1",
            id="low",
        ),
        pytest.param(
            "value = 1.8",
            "value = -1.8",
            "line 12: cores[0].clock_ghz.value: expected float > 0.0, got -1.8",
            id="negative",
        ),
        pytest.param(
            "threads = [1, 0]",
            "threads = 1",
            "line 7: threads: expected array, got int",
            id="not an array",
        ),
        pytest.param(
            "threads = [1, 0]",
            "threads = []",
            "line 7: threads: expected array of length >= 1, got []",
            id="empty array",
        ),
        pytest.param(
            '"My Board"', "7", "line 21: match.board: expected str, got int", id="optional"
        ),
        pytest.param(
            '[match]\nboard = "My Board"',
            "[caches]\nl3_kib = 4",
            "line 21: caches.l3_kib: expected table, got int",
            id="not a table",
        ),
        pytest.param(
            'otherwise = "no dot product"',
            'otherwise = "no dot product"\noptions = { graph_optimization = 0.5 }',
            "line 34: recipes[1].options: expected int or str, got float",
            id="option",
        ),
        pytest.param('"My board"', '""', "line 2: title: expected str of length >= 1, got ''"),
        pytest.param(
            '"my-board"',
            '"My Board"',
            "line 1: name: expected str matching regex '^[a-z0-9]+(-[a-z0-9]+)*$', got 'My Board'",
            id="bad name",
        ),
        pytest.param(
            '"aarch64"',
            '"arch64"',
            "line 4: arch: expected one of aarch64, x86_64, got 'arch64'; did you mean 'aarch64'?",
            id="bad choice",
        ),
        pytest.param(
            'basis = "verified", ',
            'basis = "sure", ',
            "line 12: cores[0].clock_ghz.basis: "
            "expected one of derived, recalled, verified, got 'sure'",
            id="bad choice in an optional table",
        ),
        pytest.param(
            "count = 4\n", "", "line 9: cores[0].count: required, but missing", id="missing"
        ),
        pytest.param(
            'title = "My board"\n', "", "title: required, but missing", id="missing on top"
        ),
        pytest.param(
            "count = 4",
            "cuont = 4",
            "line 11: cores[0].cuont: unknown field; did you mean 'count'?",
            id="misspelt",
        ),
        pytest.param(
            'board = "My Board"',
            'zzz = "My Board"',
            "line 21: match.zzz: unknown field; known: features, absent, cpu_model, board",
            id="unknown",
        ),
    ],
)
def test_format_fault_tells_file_line_and_field(board, old, new, message):
    where = "my-board.toml, " if message.startswith("line") else "my-board.toml: "
    assert complaint(board(old, new)) == where + message


def test_format_fault_points_to_the_schema(board):
    with pytest.raises(BadInput) as raised:
        targets.load(board("count = 4", "count = true"))
    assert "schema.json" in raised.value.hint


def test_a_fault_that_msgspec_words_anew_is_still_told():
    error = msgspec.ValidationError("Too many stars - at `$.cores[0]`")
    assert of_validation(error, {}) == (("cores", 0), "Too many stars")


# Rules beyond the format


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "value = 1.8",
            "value = inf",
            "line 12: cores[0].clock_ghz.value: expected a finite number, got inf",
            id="infinite",
        ),
        pytest.param(
            '["asimd", "asimddp"]',
            '["asimd", "asimddp", "AES"]',
            "line 15: isa.features: 'AES' is no flag of /proc/cpuinfo (lower case, like avx_vnni)",
            id="flag in capitals",
        ),
        pytest.param(
            'needs_any = ["asimddp"]',
            'needs_any = ["dot product"]',
            "line 32: recipes[1].needs_any: "
            "'dot product' is no flag of /proc/cpuinfo (lower case, like avx_vnni)",
            id="no flag needed",
        ),
        pytest.param(
            'absent = ["i8mm"]',
            'absent = ["i8mm", "asimd"]',
            "line 16: isa.absent: 'asimd' is also in isa.features",
            id="present and absent",
        ),
        pytest.param(
            'board = "My Board"',
            'features = ["sve"]\nabsent = ["sve"]',
            "line 22: match.absent: 'sve' is also in match.features",
            id="match present and absent",
        ),
        pytest.param(
            "threads = [1, 0]",
            "threads = [1, 0, 1]",
            "line 7: threads[2]: 1 is there twice",
            id="2x",
        ),
        pytest.param(
            "threads = [1, 0]",
            "threads = [1, 8]",
            "line 7: threads[1]: 8 threads, but the profile has 4 cores",
            id="too many threads",
        ),
        pytest.param(
            "count = 4",
            'count = 4\nrole = "little"',
            "line 12: cores[0].role: every core is little; at least one must have another role",
            id="only little cores",
        ),
        pytest.param(
            'board = "My Board"',
            "",
            "line 20: match: no condition is given, so every machine of this arch would match",
            id="empty match",
        ),
        pytest.param(
            '"My Board"',
            '"Board ("',
            "line 21: match.board: 'Board (' is no regular expression: "
            "missing ), unterminated subpattern at position 6",
            id="bad pattern",
        ),
        pytest.param(
            'runtime = "litert"',
            'runtime = "liteRT-"',
            "line 24: recipes[0].runtime: unknown runtime 'liteRT-'; did you mean 'litert'?",
            id="misspelt runtime",
        ),
        pytest.param(
            'runtime = "litert"',
            'runtime = "tvm"',
            "line 24: recipes[0].runtime: unknown runtime 'tvm'; "
            "known: " + ", ".join(targets.offers()),
            id="unknown runtime",
        ),
        pytest.param(
            'precision = "int8-static"',
            'precision = "bf16"',
            "line 25: recipes[0].precision: "
            "litert has no bf16; it has fp32, fp16, int8-static, int8-dynamic, int8-weights",
            id="precision not offered",
        ),
        pytest.param(
            'precision = "fp16"',
            'precision = "int8-static"',
            "line 35: left_out[0]: onnxruntime int8-static is named already by recipes[1]",
            id="tried and left out",
        ),
        pytest.param(
            'runtime = "litert"',
            'runtime = "onnxruntime"',
            "line 28: recipes[1]: onnxruntime int8-static is named already by recipes[0]",
            id="tried twice",
        ),
        pytest.param(
            'otherwise = "no dot product"\n',
            "",
            "line 28: recipes[1].otherwise: "
            "required with needs_any: the reason given where it is not met",
            id="no reason",
        ),
        pytest.param(
            'needs_any = ["asimddp"]\n',
            "",
            "line 32: recipes[1].otherwise: of no use without needs_any",
            id="needless reason",
        ),
        pytest.param(
            'needs_any = ["asimddp"]',
            'needs_any = ["i8mm"]',
            "line 32: recipes[1].needs_any: never met, all are in isa.absent; "
            "name the recipe in left_out instead",
            id="never met",
        ),
    ],
)
def test_rule(board, old, new, message):
    assert complaint(board(old, new)) == f"my-board.toml, {message}"


def test_flags_of_the_match_are_held_to_the_same_rule(board):
    path = board('board = "My Board"', 'features = ["SVE"]\nabsent = ["SME"]')
    lines = complaint(path).splitlines()
    assert [line.split(": ")[1] for line in lines] == ["match.features", "match.absent"]


def test_every_fault_is_told_at_once(board):
    path = board(
        'threads = [1, 0]\n\n[[cores]]\nmodel = "cortex-a55"\ncount = 4',
        'threads = [2, 2]\n\n[[cores]]\nmodel = "a"\ncount = 1',
    )
    assert complaint(path).splitlines() == [
        "my-board.toml, line 7: threads[0]: 2 threads, but the profile has 1 cores",
        "my-board.toml, line 7: threads[1]: 2 is there twice",
        "my-board.toml, line 7: threads[1]: 2 threads, but the profile has 1 cores",
    ]


def test_a_profile_without_a_file_is_checked_too(board):
    profile = targets.load(board())
    broken = msgspec.structs.replace(profile, threads=(1, 1))
    with pytest.raises(BadInput) as raised:
        targets.check(broken, "my profile")
    assert str(raised.value) == "my profile: threads[1]: 1 is there twice"


def test_a_runtime_not_served_yet_may_be_left_out(board):
    path = board(
        "", '\n[[left_out]]\nruntime = "tvm"\nprecision = "bf16"\nreason = "not built yet"\n'
    )
    assert targets.load(path).left_out[1].runtime == "tvm"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("$.cores[0].count", 11),
        ("$.cores[0].clock_ghz.value", 12),
        ("$.recipes[1].why", 31),
        ("$.left_out[0]", 35),
        ("$.cores[0].not_there", 9),
        ("$.nothing", None),
    ],
)
def test_line_of_a_field(path, line):
    assert line_of(BOARD, parse_field(path)) == line


def test_line_of_a_field_in_a_table_inside_an_array_of_tables():
    text = (
        "[[recipes]]\n[recipes.options]\nsize = 1\n[[recipes]] # two\n[recipes.options]\nsize = 2"
    )
    assert line_of(text, ("recipes", 1, "options", "size")) == 6


def test_line_of_a_field_is_not_found_inside_a_sentence():
    text = 'notes = [\n  "threads = 4 is slow",\n]\nthreads = [4]'
    assert line_of(text, ("threads",)) == 4


# Machines


@pytest.mark.parametrize(
    ("machine", "matching"),
    [
        (PI_5, {"raspberry-pi-5", "this-machine"}),
        (XEON, {"intel-cpu", "xeon-sapphire-rapids", "this-machine"}),
        ({**XEON, "features": ["avx2"]}, {"intel-cpu", "this-machine"}),
        ({**XEON, "cpu_model": "Intel(R) N100"}, {"intel-cpu", "intel-n100", "this-machine"}),
        (
            {**XEON, "cpu_model": "12th Gen Intel(R) Core(TM) i5-12400"},
            {"intel-cpu", "intel-core-12th-gen", "this-machine"},
        ),
        ({**XEON, "cpu_model": "AMD Ryzen 7 5800X"}, {"this-machine"}),
        ({**XEON, "cpu_model": None}, {"this-machine"}),
        ({**PI_5, "arch": "armv7l"}, {"this-machine"}),
        (
            {**PI_5, "board": "Raspberry Pi 3 Model B Plus Rev 1.3"},
            {"raspberry-pi-3b-plus", "this-machine"},
        ),
        (
            {**PI_5, "board": "Raspberry Pi Zero 2 W Rev 1.0"},
            {"raspberry-pi-zero-2w", "this-machine"},
        ),
        (
            {**PI_5, "board": "NVIDIA Jetson Orin Nano Developer Kit"},
            {"jetson-orin-nano", "this-machine"},
        ),
        ({**PI_5, "board": "NVIDIA Jetson Nano Developer Kit"}, {"jetson-nano", "this-machine"}),
    ],
)
def test_matches(machine, matching):
    found = {name for name in targets.names() if targets.matches(targets.load(name), machine)}
    assert found == matching


@pytest.mark.parametrize(
    ("absent", "expected"), [(["sve"], True), (["asimddp"], False), (["sve", "asimd"], False)]
)
def test_match_by_absent_flags(board, absent, expected):
    path = board('board = "My Board"', f"absent = {json.dumps(absent)}")
    assert targets.matches(targets.load(path), PI_5) is expected


def test_probe_fills_in_what_the_machine_says():
    profile = targets.probe(targets.load("this-machine"), PI_5)
    assert profile.arch == "aarch64"
    assert profile.title == "This machine (BCM2835)"
    assert [(core.model, core.count, core.role) for core in profile.cores] == [
        ("BCM2835", 4, "all")
    ]
    assert profile.big_cores == 4
    assert profile.isa == Isa(
        features=("asimd", "asimddp", "asimdhp", "fphp"),
        absent=(),
        basis="verified",
        source="/proc/cpuinfo of this machine",
    )
    size = profile.memory.size_gib
    assert size is not None
    assert (size.value, size.basis, size.source) == (
        8.0,
        "verified",
        "/proc/meminfo of this machine",
    )


def test_probe_keeps_the_rest_of_the_template():
    template = targets.load("this-machine")
    profile = targets.probe(template, XEON)
    assert (profile.name, profile.recipes, profile.left_out, profile.notes) == (
        template.name,
        template.recipes,
        template.left_out,
        template.notes,
    )


def test_probe_of_a_machine_that_says_little():
    silent = {**XEON, "cpu_model": None, "features": [], "memory_bytes": None}
    profile = targets.probe(targets.load("this-machine"), silent)
    assert profile.title == "This machine (unknown processor)"
    assert profile.isa.features == ()
    assert profile.memory.size_gib is None


def test_probe_refuses_an_architecture_that_no_profile_has():
    with pytest.raises(BadInput, match="this machine is riscv64; targets are aarch64 or x86_64"):
        targets.probe(targets.load("this-machine"), {**PI_5, "arch": "riscv64"})


def test_probe_of_the_real_machine_is_a_sound_profile():
    profile = targets.probe(targets.load("this-machine"), sensors.machine())
    targets.check(profile, "this machine")
    assert profile.big_cores >= 1
