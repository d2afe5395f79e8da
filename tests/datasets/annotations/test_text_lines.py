import pytest

from edgeopt.datasets.annotations import text_lines
from edgeopt.domain.errors import BadInput
from tests.datasets.annotations.pictures import picture


def lines(folder, text):
    picture(folder / "a.png")
    picture(folder / "b.png", (30, 10))
    (folder / "lines.tsv").write_bytes(text.encode())
    return text_lines.read(folder / "lines.tsv", folder)


def test_lines_of_text(tmp_path):
    found = lines(tmp_path, "\ufeffa.png\tHello, world\r\nb.png\tzwei\tdrei\u2028x\n")
    assert found.texts == ("Hello, world", "zwei\tdrei\u2028x")
    assert found.sizes.tolist() == [[64, 48], [30, 10]]
    assert found.take([1]).texts == ("zwei\tdrei\u2028x",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds 0 lines of text."),
        ("\n\n", "holds 0 lines of text."),
        ("a.png\tx\na.png,y\n", "line 2: 'a.png,y'."),
        ("\tx\n", r"line 1: '\\tx'."),
        ("../a.png\tx\n", "line 1: '../a.png"),
        ("/etc/a.png\tx\n", "line 1: '/etc/a.png"),
        ("a.png\tx\n /etc/a.png\tx\n", "line 2: ' /etc/a.png"),
        ("x/../../a.png\tx\n", "line 1: 'x/../../a.png"),
        ("a.png\tx\ngone.png\ty\n", "gone.png: no such image"),
    ],
)
def test_bad_lines(tmp_path, text, message):
    with pytest.raises(BadInput, match=message):
        lines(tmp_path, text)


def alphabet(folder, text):
    path = folder / "alphabet.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return text_lines.read_alphabet(path)


def test_an_alphabet_may_hold_a_space_and_letters_of_several_characters(tmp_path):
    assert alphabet(tmp_path, "a\n \nsch\n\u2028\n") == ("a", " ", "sch", "\u2028")
    assert alphabet(tmp_path, "a\r\nb") == ("a", "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an alphabet of 0 letters"),
        ("a\nb\na\n", r"line 3: 'a' again \(line 1\)"),
        ("a\n\nb\n", "line 2: empty"),
        (b"\xff\xfe", "is not UTF-8 text: invalid start byte at byte 0"),
    ],
)
def test_bad_alphabets(tmp_path, text, message):
    with pytest.raises(BadInput, match=message):
        alphabet(tmp_path, text)


def test_an_alphabet_of_another_script_is_told():
    text_lines.require_letters(("abc", "ab c", "äb"), ("a", "b", "c"), "lines.tsv")
    with pytest.raises(BadInput, match="2 of 3 texts hold letters that the alphabet lacks, such as "
                       "'д' of 'да'"):  # fmt: skip
        text_lines.require_letters(("abc", "да", "нет"), ("a", "b", "c"), "lines.tsv")
