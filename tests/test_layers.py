"""The rules of docs/architecture.md, read from the code's own imports."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "edgeopt"
FILES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(path.relative_to(PACKAGE)) for path in FILES]
MOST_LINES = 300

#: Import names, or what they begin with, of packages that convert or run models.
HEAVY = ("torch", "tensorflow", "onnx", "onnxslim", "onnxscript", "onnx2tf", "onnxruntime",
         "openvino", "nncf", "ai_edge_", "litert_torch", "tflite_runtime")  # fmt: skip
MAY_BE_HEAVY = ("sources", "convert", "runtimes")

#: Loaded by nobody who only asks for help or for the targets.
SLOW_TO_LOAD = (
    "torch", "onnx", "openvino", "onnxruntime", "scipy", "sklearn", "rich", "jinja2"
)  # fmt: skip


def rooms() -> list[str]:
    """The rooms in the order of the document, the modules beside them last."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    section = text.split("## Rooms", 1)[1].split("## ", 1)[0]
    last = re.search(r"^    (\w+(?:, \w+)+)$", section, re.MULTILINE)
    assert last is not None
    return [*re.findall(r"^    (\w+)/", section, re.MULTILINE), *last[1].split(", ")]


@dataclass(frozen=True)
class Import:
    """One imported module. `top`: when the file is imported, and not for types alone."""

    module: str
    line: int
    top: bool


@functools.cache
def imports(path: Path) -> list[Import]:
    found: list[Import] = []
    _walk(ast.parse(path.read_text("utf-8")), True, found)
    return found


def _walk(node: ast.AST, top: bool, found: list[Import]) -> None:
    for child in ast.iter_child_nodes(node):
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for_types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        if isinstance(child, ast.Import):
            found += [Import(alias.name, child.lineno, top) for alias in child.names]
        elif isinstance(child, ast.ImportFrom):
            # `from edgeopt import convert` is an import of edgeopt.convert.
            parts = (
                [f".{alias.name}" for alias in child.names] if child.module == "edgeopt" else [""]
            )
            found += [Import(f"{child.module}{part}", child.lineno, top) for part in parts]
        _walk(child, top and not inside and not for_types, found)


def room_of(module: str) -> str | None:
    """The room of "edgeopt.room.file"; None for the package itself and for others."""
    first, _, rest = module.partition(".")
    return rest.partition(".")[0] or None if first == "edgeopt" else None


def own_room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def is_heavy(module: str) -> bool:
    first = module.partition(".")[0]
    return any(first == name or (name.endswith("_") and first.startswith(name)) for name in HEAVY)


def test_every_room_is_in_the_list_and_the_other_way_round():
    found = {own_room(path) for path in FILES} - {"__init__"}
    assert found == set(rooms())
    assert len(rooms()) == len(set(rooms()))


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_room_imports_only_from_rooms_above_it(path):
    order, own = [*rooms(), "__init__"], own_room(path)
    upward = [
        f"line {found.line}: {found.module}"
        for found in imports(path)
        if (room := room_of(found.module)) and order.index(room) > order.index(own)
    ]
    assert upward == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_only_the_entrances_know_the_pipeline_and_the_command_line(path):
    own = own_room(path)
    known = {room_of(found.module) for found in imports(path)} & {"pipeline", "cli"} - {own}
    assert not known or own in ("api", "cli")


ON_THE_DEVICE = [path for path in FILES if own_room(path) in ("runner", "runtimes")]


@pytest.mark.parametrize("path", ON_THE_DEVICE, ids=str)
def test_what_runs_on_a_device_needs_numpy_and_its_own_runtime_alone(path):
    allowed = {*sys.stdlib_module_names, "numpy", *own_packages(path)}
    for found in imports(path):
        if found.module.partition(".")[0] == "edgeopt":
            assert room_of(found.module) in ("runner", "runtimes"), f"line {found.line}"
        else:
            assert found.module.partition(".")[0] in allowed, f"line {found.line}"


def own_packages(path: Path) -> set[str]:
    """The import names of a runtime's PACKAGES."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PACKAGES":
            return {name.replace("-", "_") for name in ast.literal_eval(node.value)}
    return set()


@pytest.mark.parametrize("path", ON_THE_DEVICE, ids=str)
def test_what_runs_on_a_device_is_of_python_3_9(path):
    text = path.read_text("utf-8")
    ast.parse(text, feature_version=(3, 9))
    assert not re.search(r"strict=|\bslots=|kw_only=|pairwise", text)  # of 3.10


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_what_is_heavy_is_imported_in_functions_of_three_rooms(path):
    heavy = [found for found in imports(path) if is_heavy(found.module)]
    assert [f"line {found.line}: {found.module}" for found in heavy if found.top] == []
    assert not heavy or own_room(path) in MAY_BE_HEAVY


def test_no_file_is_long():
    lengths = {
        name: len(path.read_text("utf-8").splitlines())
        for name, path in zip(NAMES, FILES, strict=True)
    }
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_libraries_neither_print_nor_exit(path):
    text = path.read_text("utf-8")
    lines, tree, found = text.splitlines(), ast.parse(text), []
    program = {id(node) for block in programs(tree) for node in ast.walk(block)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or id(node) in program:
            continue
        name = ast.unparse(node.func)
        told_where = name == "print" and any(key.arg == "file" for key in node.keywords)
        excused = "noqa: T201" in lines[node.lineno - 1]
        if name in ("print", "sys.exit", "exit", "quit") and not told_where and not excused:
            found.append(f"line {node.lineno}: {name}")
    assert found == []


def programs(tree: ast.Module) -> list[ast.If]:
    """What runs only where the file is the program: `if __name__ == "__main__"`."""
    return [
        node for node in tree.body if isinstance(node, ast.If) and "__main__" in ast.unparse(node)
    ]


@pytest.mark.parametrize("module", ["edgeopt", "edgeopt.api", "edgeopt.cli", "edgeopt.targets"])
def test_an_entrance_loads_nothing_slow(module):
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & set({SLOW_TO_LOAD})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
