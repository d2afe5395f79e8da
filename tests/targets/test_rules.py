"""What a profile must keep beyond its format."""

from __future__ import annotations

import msgspec
import pytest

from edgeopt import targets
from edgeopt.domain.errors import BadInput
from tests.targets.my_board import complaint


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
