"""What is decided on is a value, and not a sentence (decision 41): read from the code itself."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_layers import FILES, PACKAGE, own_room, rooms, tree

#: These read what other programs print, or what a device says: words are all there is.
READ_OTHERS = (
    "jobs", "sources", "convert", "devices",
)  # fmt: skip
#: Texts of old runs are read here, and nowhere else; the runtimes' code is changed for run.py.
OLD_RUNS, CODE = ("store/old_reasons.py", "store/old_stages.py"), ("bundle/write.py",)

_CUT = ("partition", "rpartition", "removeprefix", "removesuffix", "startswith", "endswith")
_READ = (*_CUT, "split", "rsplit", "find", "index", "replace")


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def is_prose(text: object) -> bool:
    """Words with a space between them, and none of a closed set."""
    return isinstance(text, str) and bool(re.search(r"\w .*\w", text)) and text not in literals()


@functools.cache
def literals() -> frozenset[str]:
    """Members of every `Literal[...]` of the package."""
    found: set[str] = set()
    for path in FILES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("Literal"):
                inside = ast.walk(node.slice)
                found |= {str(one.value) for one in inside if isinstance(one, ast.Constant)}
    return frozenset(found)


@functools.cache
def sentences() -> frozenset[str]:
    """Names of module constants that hold prose."""
    names: set[str] = set()
    for path in FILES:
        for node in tree(path).body:
            text = node.value if isinstance(node, ast.Assign) else None
            if isinstance(node, ast.Assign) and isinstance(text, ast.Constant):
                names |= {ast.unparse(one) for one in node.targets if is_prose(text.value)}
    return frozenset(names)


def holds_prose(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return is_prose(node.value)
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(map(holds_prose, node.elts))
    return ast.unparse(node).rpartition(".")[2] in sentences()


def reads_prose(node: ast.AST) -> bool:
    """Whether a text is compared with prose, or taken apart at it."""
    if isinstance(node, ast.Compare):
        return any(map(holds_prose, (node.left, *node.comparators)))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in _READ and any(map(holds_prose, node.args))
    return False


@pytest.mark.parametrize(
    ("code", "reads"),
    [
        ('reason == "not measured yet"', True),
        ('"not quiet" in why', True),
        ('title.split(" threads=1 ")', False),
        ('title.split(" threads=1 and")', True),
        ('why.startswith(("taken back", "x"))', True),
        ("NO_INTERVAL_SENTENCE != words", False),
        ('state == "left out"', False),  # of a closed set
        ('name == "fp32"', False),
    ],
)
def test_what_reads_prose_is_seen(code, reads):
    assert reads_prose(ast.parse(code, mode="eval").body) is reads


def test_no_program_reads_its_own_prose():
    found = [
        f"{name_of(path)}:{node.lineno}: {ast.unparse(node)[:80]}"
        for path in FILES
        if own_room(path) not in READ_OTHERS and name_of(path) not in (*OLD_RUNS, *CODE)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.expr) and reads_prose(node)
    ]
    assert found == []


#: Where a printed figure, title or table is made: it asks values, and takes no text apart ...
MADE_OF_VALUES = ("search", "report")
#: ... but paths, what a user typed, a setting that is broken at its sign, and commands in sentences
#: that the page sets in another type.
TEXTS_OF_OTHERS = {
    "search/find.py": 2, "report/side_tables.py": 2, "report/terminal.py": 1, "report/html.py": 1,
}  # fmt: skip


def test_search_and_report_take_no_text_apart():
    found = {}
    for path in FILES:
        calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
        cuts = [
            call
            for call in calls
            if isinstance(call.func, ast.Attribute) and call.func.attr in (*_CUT, "split", "rsplit")
            if ast.unparse(call.func.value) != "os.path"
        ]
        if cuts and own_room(path) in MADE_OF_VALUES:
            found[name_of(path)] = len(cuts)
    assert found == TEXTS_OF_OTHERS


#: A figure in a sentence with its unit behind it. "times" is a word, and "×" alone is one of names.
UNIT = re.compile(
    r" ?%| (?:ms|s|min|h|ns|B|kB|MB|GB|KiB|MiB|GiB|bytes|points|MHz|GHz|mJ|J|W|dB)\b| ?°C| /s\b|×"
)
PRINTS_UNITS = "report/format.py"


def units(path: Path) -> Iterator[str]:
    """Figures that a file prints a unit behind, not in the text of an exception."""
    raised = {
        id(inside)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Raise)
        for inside in ast.walk(node)
    }
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.JoinedStr) or id(node) in raised:
            continue
        for figure, after in zip(node.values, node.values[1:], strict=False):
            behind = after.value if isinstance(after, ast.Constant) else ""
            if isinstance(figure, ast.FormattedValue) and UNIT.match(behind):
                yield f"{name_of(path)}:{node.lineno}: {ast.unparse(node)[:80]}"


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ('f"{value:.3g} ms"', 1),
        ('f"{100 * share:.1f} % of the time"', 1),
        ('f"{a} s, {b}°C"', 2),
        ('f"{number} samples"', 0),
        ('f"{value} seconds"', 0),
        ('f"{ratio} times as fast"', 0),
    ],
)
def test_a_unit_behind_a_figure_is_seen(code, count, monkeypatch):
    monkeypatch.setitem(globals(), "tree", lambda _: ast.parse(code))
    assert len(list(units(PACKAGE / "made_up.py"))) == count


#: Findings of a machine, reports of tools and of progress: said in these rooms still.
SAY_UNITS = (
    "runtimes", "jobs", "targets", "sources", "datasets", "compress", "convert", "devices",
    "harness", "pipeline", "parse",
)  # fmt: skip


def test_only_format_prints_a_unit():
    printed = [
        line
        for path in FILES
        if name_of(path) != PRINTS_UNITS and own_room(path) not in SAY_UNITS
        for line in units(path)
    ]
    assert printed == []


def test_templates_print_no_unit():
    pages = sorted((PACKAGE / "report").glob("*.html"))
    assert len(pages) > 4
    printed = [
        f"{page.name}: {line.strip()[:80]}"
        for page in pages
        for line in page.read_text("utf-8").splitlines()
        if any(UNIT.match(behind) for behind in line.split("}}")[1:])
    ]
    assert printed == []


#: Rooms that report builds on and that make no sentence for people: they give values, and raise.
SILENT = ("domain", "stats", "store", "attribution", "search")
#: Sentences are put together here for an exception alone.
FOR_EXCEPTIONS = (
    "domain/errors.py", "store/run_folder.py", "store/run_lock.py", "store/sound.py",
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z']{2,}")
#: A name or a label has fewer words of its own.
SENTENCE = 3


def made_sentences(path: Path) -> Iterator[str]:
    """Sentences with figures or names in them that a file makes, but for what is raised."""
    excused: set[int] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Raise | ast.Assert):
            excused |= {id(inside) for inside in ast.walk(node)}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.JoinedStr) and id(node) not in excused:
            own = [part.value for part in node.values if isinstance(part, ast.Constant)]
            if sum(len(_WORD.findall(text)) for text in own) >= SENTENCE:
                yield f"{name_of(path)}:{node.lineno}: {ast.unparse(node)[:80]}"


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ('f"it loses {drop:.4g}, more than allowed"', 1),
        ('raise ValueError(f"it loses {drop:.4g}, more than allowed")', 0),
        ('f"{runtime} {precision} threads={threads}"', 0),
        ('f"operators {span}"', 0),
    ],
)
def test_a_sentence_that_is_made_is_seen(code, count, monkeypatch):
    parsed = ast.parse(code)  # once, as `tree` does: its nodes are known by their identity
    monkeypatch.setitem(globals(), "tree", lambda _: parsed)
    assert len(list(made_sentences(PACKAGE / "made_up.py"))) == count


def test_the_rooms_below_report_give_values_and_no_sentences():
    made = [
        sentence
        for path in FILES
        if own_room(path) in SILENT and name_of(path) not in FOR_EXCEPTIONS
        for sentence in made_sentences(path)
    ]
    assert made == []
    assert all(rooms().index(room) < rooms().index("report") for room in SILENT)


#: They set a reason's words with its value; where there is a latency both are empty. A card repeats
#: them.
SAY_WHY_UNTIMED = ("report/untimed_words.py", "store/limits.py", "bundle/card.py")


def test_a_reason_is_put_into_words_where_its_value_is_set():
    alone = [
        f"{name_of(path)}:{node.lineno}: {ast.unparse(node)[:80]}"
        for path in FILES
        if name_of(path) not in SAY_WHY_UNTIMED
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "latency_reason" and ast.unparse(keyword.value) != "''"
    ]
    assert alone == []
