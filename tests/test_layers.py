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

from edgeopt import runtimes

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "edgeopt"
FILES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 300

#: Import names, or what they begin with, of packages that run models, and that convert them.
HEAVY = (
    *{name for spec in runtimes.specs() for name in spec.imports} - {"sklearn", "joblib"},
    "onnx", "onnxslim", "onnxscript", "onnx2tf", "nncf", "ai_edge_", "litert_torch", "keras",
    "tf2onnx", "skl2onnx", "skops", "torchao", "pnnx", "torch_pruning", "tflite_micro",
)  # fmt: skip
#: The modules that call the pipeline and what is beside it.
ENTRANCES = (
    "__main__", "api", "api_measure", "api_tune", "cli", "cli_explain", "cli_inspect",
    "cli_measure", "cli_optimize", "cli_compare", "cli_roof", "cli_ship", "cli_try", "cli_tune"
)  # fmt: skip
MAY_BE_HEAVY = ("sources", "compress", "spaces", "convert", "runtimes")

#: Loaded by nobody who only asks for help or for the targets.
SLOW_TO_LOAD = (
    "torch", "tensorflow", "onnx", "openvino", "onnxruntime", "scipy", "sklearn", "rich", "jinja2"
)  # fmt: skip


@functools.cache
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
    where: str
    top: bool

    def __str__(self) -> str:
        return f"{self.where}: {self.module}"


@functools.cache
def imports(path: Path) -> list[Import]:
    found: list[Import] = []
    _walk(tree(path), str(path.relative_to(PACKAGE)), True, found)
    return found


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _walk(node: ast.AST, file: str, top: bool, found: list[Import]) -> None:
    for child in ast.iter_child_nodes(node):
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        test = child.test if isinstance(child, ast.If) else None
        for_types = "TYPE_CHECKING" in (getattr(test, "id", ""), getattr(test, "attr", ""))
        modules = []
        if isinstance(child, ast.Import):
            modules = [alias.name for alias in child.names]
        elif isinstance(child, ast.ImportFrom):
            # `from edgeopt import convert` is an import of edgeopt.convert.
            package = child.module == "edgeopt"
            modules = [f"edgeopt.{a.name}" for a in child.names] if package else [str(child.module)]
        found += [Import(module, f"{file}:{child.lineno}", top) for module in modules]
        _walk(child, file, top and not inside and not for_types, found)


def room_of(module: str) -> str | None:
    """The room of "edgeopt.room.file"; None for the package itself and for others."""
    parts = module.split(".")
    return parts[1] if parts[0] == "edgeopt" and parts[1:2] and parts[1] in rooms() else None


def own_room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def is_heavy(module: str) -> bool:
    first = module.partition(".")[0]
    return any(first == name or (name.endswith("_") and first.startswith(name)) for name in HEAVY)


def test_every_room_is_in_the_list_and_the_other_way_round():
    assert {own_room(path) for path in FILES} - {"__init__"} == set(rooms())
    assert len(rooms()) == len(set(rooms()))


def test_a_room_imports_only_from_rooms_above_it():
    order = [*rooms(), "__init__"]
    upward = [
        str(found)
        for path in FILES
        for found in imports(path)
        if (room := room_of(found.module)) and order.index(room) > order.index(own_room(path))
    ]
    assert upward == []


def test_only_the_entrances_know_the_pipeline_what_is_beside_it_and_the_command_line():
    known = [
        str(found)
        for path in FILES
        for found in imports(path)
        if (room := room_of(found.module)) in ("benchmarking", "pipeline", "tuning", "cli")
        and own_room(path) not in (*ENTRANCES, room)
        and (room, own_room(path)) != ("pipeline", "tuning")
    ]
    assert known == []


#: Classes of PyTorch's modules: functions of the room import these files.
NETWORKS = [p for p in FILES if own_room(p) == "spaces" and p.name != "__init__.py"]


def test_what_is_heavy_is_imported_in_functions_of_four_rooms():
    wrong = [
        str(found)
        for path in FILES
        for found in imports(path)
        if is_heavy(found.module)
        and path not in NETWORKS
        and (found.top or own_room(path) not in MAY_BE_HEAVY)
    ]
    assert wrong == []


DEVICE_ROOMS = ("decoding", "runner", "runtimes")
ON_THE_DEVICE = [path for path in FILES if own_room(path) in DEVICE_ROOMS]


def test_what_runs_on_a_device_needs_numpy_and_its_own_runtime_alone():
    wrong = [
        str(found)
        for path in ON_THE_DEVICE
        for found in imports(path)
        if room_of(found.module) not in DEVICE_ROOMS
        and found.module.split(".")[0] not in allowed_on_the_device(path)
    ]
    assert wrong == []


def allowed_on_the_device(path: Path) -> set[str]:
    """What a file there may import: numpy, in a runtime's file its own, else its PACKAGES."""
    packages: list[str] = []
    if path.parent.name == "runtimes" and path.stem in runtimes.RUNTIMES:
        packages += runtimes.spec(path.stem).imports
    for node in tree(path).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PACKAGES":
            packages += ast.literal_eval(node.value)
    return {*sys.stdlib_module_names, "numpy", *(name.replace("-", "_") for name in packages)}


def test_the_space_of_recipes_knows_no_converter():
    """It is told by its caller what makes a runtime's files (`search/makers.py`)."""
    known = [
        str(found)
        for path in FILES
        for found in imports(path)
        if room_of(found.module) == "convert" and own_room(path) == "search"
    ]
    assert known == []


def test_lists_of_runtimes_load_no_runtime():
    for asked in ("targets.offers()", "[convert.load(name) for name in convert.CONVERTERS]"):
        code = f"import sys; from edgeopt import convert, targets; {asked}; {SHOWN}"
        assert loaded(code) == []


@pytest.mark.parametrize("path", ON_THE_DEVICE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_runs_on_a_device_is_of_python_3_9(path):
    text = path.read_text("utf-8")
    ast.parse(text, feature_version=(3, 9))
    assert not re.search(r"strict=|slots=|kw_only=|pairwise", text)  # arguments of 3.10


def test_no_file_is_long():
    lengths = {
        str(path.relative_to(PACKAGE)): len(path.read_text("utf-8").splitlines()) for path in FILES
    }
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_libraries_neither_print_nor_exit():
    """Where it says to which file, or why it may (noqa: T201), a print is no mistake."""
    found = []
    for path in FILES:
        lines = path.read_text("utf-8").splitlines()
        for call in calls_of_libraries(path):
            told_where = any(key.arg == "file" for key in call.keywords)
            excused = told_where or "noqa: T201" in lines[call.lineno - 1]
            if ast.unparse(call.func) in ("print", "sys.exit", "exit", "quit") and not excused:
                found.append(f"{path.relative_to(PACKAGE)}:{call.lineno}")
    assert found == []


def calls_of_libraries(path: Path) -> list[ast.Call]:
    """All calls but those of `if __name__ == "__main__"`."""
    statements = [
        node
        for node in tree(path).body
        if not (isinstance(node, ast.If) and "__main__" in ast.unparse(node.test))
    ]
    nodes = [node for statement in statements for node in ast.walk(statement)]
    return [node for node in nodes if isinstance(node, ast.Call)]


@pytest.mark.parametrize("module", ["edgeopt", "edgeopt.api", "edgeopt.cli", "edgeopt.targets"])
def test_an_entrance_loads_nothing_slow(module):
    assert loaded(f"import sys, {module}; {SHOWN}") == []


SHOWN = f"print(*sorted(set(sys.modules) & set({SLOW_TO_LOAD})))"


def loaded(code: str) -> list[str]:
    """What a new interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


FILES_OF_HARNESS = sorted((PACKAGE / "harness").glob("*.py"))
#: Functions of `harness` that make or take plain data: for files, for rows, for the device's code.
PLAIN = {"timed.raw", "started.raw", "started.case", "feed.fields"}


def test_what_crosses_harness_is_a_value():
    """Decision 42: replies, readings, facts and profiles are structs; no room for a raw dict."""
    functions = [
        (path.stem, node)
        for path in FILES_OF_HARNESS
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]
    assert len(functions) > 200
    raw = {f"{stem}.{node.name}" for stem, node in functions if _takes_or_gives_a_dict(node)}
    assert raw == PLAIN


def _takes_or_gives_a_dict(function: ast.FunctionDef) -> bool:
    arguments = [*function.args.args, *function.args.kwonlyargs]
    said = [one.annotation for one in arguments] + [function.returns]
    words = " ".join(ast.unparse(one) for one in said if one is not None)
    return bool(re.search(r"(dict|Mapping)\[str, (Any|object)\]|\bdict\b(?!\[)", words))


def test_no_module_of_harness_has_a_function_of_its_name():
    modules = {path.stem: ast.parse(path.read_text("utf-8")) for path in FILES_OF_HARNESS}
    assert len(modules) > 30
    named = [stem for stem, tree in modules.items() if stem in {_name(n) for n in tree.body}]
    assert named == []


def _name(node: ast.stmt) -> str:
    return getattr(node, "name", "")
