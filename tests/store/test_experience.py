import json

from edgeopt.store.experience import MOST_LINES, Experience, Line


def line(precision="fp16", share=0.5):
    return Line(
        runtime="litert",
        precision=precision,
        family="other",
        convert_s=2.0,
        share=share,
        allowed=True,
    )


def test_lines_of_a_target_come_back_in_their_order(tmp_path):
    seen = Experience(tmp_path)
    seen.keep("this-machine", [line(), line("bf16")])
    seen.keep("this-machine", [line("int8-static", None)])
    seen.keep("raspberry-pi-5", [line("int8-weights")])
    precisions = [one.precision for one in seen.lines("this-machine")]
    assert precisions == ["fp16", "bf16", "int8-static"]
    assert seen.lines("this-machine")[2].share is None
    assert seen.lines("raspberry-pi-4") == []


def test_what_cannot_be_read_is_passed_over(tmp_path):
    seen = Experience(tmp_path)
    seen.keep("this-machine", [line()])
    path = tmp_path / "seen" / "this-machine.jsonl"
    newer = json.dumps({"v": 9, "runtime": 3})
    path.write_bytes(path.read_bytes() + f'{newer}\n{{"v": 1, "runt\n'.encode() + b"\xff\xfe\n")
    seen.keep("this-machine", [line("bf16")])
    assert [one.precision for one in seen.lines("this-machine")] == ["fp16", "bf16"]


def test_only_the_latest_count(tmp_path):
    seen = Experience(tmp_path)
    seen.keep("this-machine", [line("bf16")])
    seen.keep("this-machine", [line()] * MOST_LINES)
    assert {one.precision for one in seen.lines("this-machine")} == {"fp16"}


def test_nothing_is_kept_where_none_is_wanted_or_may_be_written(tmp_path):
    Experience(None).keep("this-machine", [line()])
    assert Experience(None).lines("this-machine") == []
    (tmp_path / "seen").write_text("a file")
    Experience(tmp_path).keep("this-machine", [line()])
    assert Experience(tmp_path).lines("this-machine") == []
    Experience(tmp_path).keep("../out", [line()])
    assert not (tmp_path.parent / "out.jsonl").exists()
