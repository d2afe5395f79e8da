"""C++ and Kotlin of a bundle: they give what run.py gives, whatever the tensors are called."""

from __future__ import annotations

import functools
import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.bundles import native_code
from edgeopt.bundle import literal, native
from edgeopt.bundle.write import write
from tests.bundle import many_tensors


@pytest.fixture
def bundle(tmp_path):
    def call(runtime):
        record, artifact, facts = many_tensors.made(runtime)
        (tmp_path / "made").mkdir()
        (tmp_path / "made" / "model.bin").write_bytes(b"weights")
        write(tmp_path / "bundle", record, artifact, tmp_path / "made", facts, {})
        return tmp_path / "bundle"

    return call


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++")
@pytest.mark.parametrize("runtime", ["litert", "onnxruntime"])
def test_cpp_gives_what_run_py_gives(bundle, tmp_path, runtime):
    folder = bundle(runtime)
    one = native_code.expected(folder, many_tensors.sample(), many_tensors.answers())
    found = native_code.cpp(runtime, folder, tmp_path / "cpp", one)
    assert found["fed_equal_to_the_byte"]
    assert found["largest_difference"] == 0


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("java") is None or "KOTLIN_COMPILER" not in os.environ,
    reason="there is no java, or $KOTLIN_COMPILER does not say where npm put kotlin-compiler",
)
def test_kotlin_gives_what_run_py_gives(bundle, tmp_path):
    folder = bundle("litert")
    one = native_code.expected(folder, many_tensors.sample(), many_tensors.answers())
    compiler = Path(os.environ["KOTLIN_COMPILER"])
    found = native_code.kotlin(folder, tmp_path / "kotlin", one, compiler)
    assert found["type_checked"], found["said"]
    for way in ("by_signature", "by_name"):
        assert found[way] == {"fed_equal_to_the_byte": True, "largest_difference": 0}


#: A literal, a comment, or anything else: what a compiler's first pass sees. Neither language gives
#: a meaning to "\\" outside of literals.
TOKENS = re.compile(
    r'(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<note>//[^\n]*|/\*.*?\*/)|(?P<word>\w+)|(?P<else>\s+|.)',
    re.DOTALL,
)
ESCAPES = {"cpp": re.compile(r"\\([0-7]{3})"), "kt": re.compile(r"\\u([0-9a-f]{4})")}


def skeleton(page, ids):
    """The page without literals and comments; identifiers made of names are numbered."""
    found = []
    for token in TOKENS.finditer(page):
        kind, text = token.lastgroup, token[0]
        if kind == "text":
            found.append('""')
        elif kind == "word":
            found.append(f"<{ids.index(text)}>" if text in ids else text)
        elif kind == "else":
            found.append(text)
    return "".join(found)


def pages(runtime, names, file):
    record, artifact, facts = many_tensors.made(runtime, names, file)
    ids = [
        *literal.identifiers([b.source for b in artifact.inputs], "in"),
        *literal.identifiers([b.source for b in artifact.outputs], "out"),
    ]
    return {
        path: (text, skeleton(text, ids))
        for path, text in native.files(record, artifact, facts).items()
    }


@functools.cache
def plain(runtime):
    return {path: found[1] for path, found in pages(runtime, many_tensors.NAMES, "m.bin").items()}


HOSTILE = st.one_of(
    st.text(min_size=1, max_size=40),
    st.lists(
        st.sampled_from(
            ['"', "\\", "\n", "*/", "/*", "//", "${", "$x", "??/", "{{", "%}", "\r", "\u2028", "\0",
             "\\u000a", '");system("x");("', "class", "int", "0", "é", "\U0001f600", "R\"(", "#"]
        ),
        min_size=1, max_size=6,
    ).map("".join),
)  # fmt: skip


@pytest.mark.slow
@given(
    names=st.lists(HOSTILE, min_size=7, max_size=7, unique=True),
    file=HOSTILE.filter(lambda name: "/" not in name and "\0" not in name),
    runtime=st.sampled_from(sorted(native.LANGUAGES)),
)
def test_no_name_leaves_its_literal(names, file, runtime):
    found = pages(runtime, tuple(names), file)
    assert {path: bones for path, (_, bones) in found.items()} == plain(runtime)
    for path, (text, _) in found.items():
        assert text.isascii(), path
        assert text.isprintable() or set(text) <= {*map(chr, range(32, 127)), "\n"}


@given(names=st.lists(HOSTILE, min_size=1, max_size=8))
def test_identifiers_are_identifiers_and_all_different(names):
    found = literal.identifiers(names, "in")
    assert len(set(found)) == len(names)
    assert all(re.fullmatch(r"in_[A-Za-z0-9]\w*", one, re.ASCII) for one in found)


@given(text=HOSTILE)
def test_literals_say_the_name(text):
    octal = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), literal.cpp(text)[1:-1])
    assert octal.encode("latin-1") == text.encode("utf-8", "surrogatepass")
    units = re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), literal.kotlin(text)[1:-1])
    assert units.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") == text


def test_a_type_that_has_no_name_there_is_not_written():
    record, artifact, facts = many_tensors.made("litert")
    import msgspec

    half = msgspec.structs.replace(artifact.inputs[0], dtype="float16", scale=None)
    changed = msgspec.structs.replace(artifact, inputs=(half, *artifact.inputs[1:]))
    assert native.files(record, changed, facts) == {}
    assert native.files(msgspec.structs.replace(record, runtime="ncnn"), artifact, facts) == {}
