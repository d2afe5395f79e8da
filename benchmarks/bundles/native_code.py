"""A bundle's C++ and Kotlin: compiled, run, and compared with what its run.py gives."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

STUBS = Path(__file__).with_name("stubs")
WARNINGS = ("-Wall", "-Wextra", "-Werror")
#: Kotlin's arrays by element type: how a test fills one from a little-endian buffer.
FILL = {
    "float32": "FloatArray({n}) {{ b.getFloat() }}",
    "float64": "DoubleArray({n}) {{ b.getDouble() }}",
    "int64": "LongArray({n}) {{ b.getLong() }}",
    "int32": "IntArray({n}) {{ b.getInt() }}",
    "uint8": "ByteArray({n}) {{ b.get() }}",
    "int8": "ByteArray({n}) {{ b.get() }}",
    "bool": "ByteArray({n}) {{ b.get() }}",
}
PUT = {"FloatArray": "putFloat", "DoubleArray": "putDouble", "LongArray": "putLong",
       "IntArray": "putInt", "ByteArray": "put"}  # fmt: skip


@dataclass(frozen=True)
class Expected:
    """One sample through run.py: what is given, fed, answered by the runtime, and told."""

    page: ModuleType
    given: list[np.ndarray]
    fed: list[np.ndarray]
    answers: list[np.ndarray]
    told: list[np.ndarray]


def page_of(bundle: Path) -> ModuleType:
    """The bundle's run.py, imported with what lies beside it."""
    spec = importlib.util.spec_from_file_location("bundle_run", bundle / "run.py")
    assert spec is not None
    assert spec.loader is not None
    for path in bundle.glob("*.py"):
        sys.modules.pop(path.stem, None)
    before = list(sys.path)
    page = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(page)
    finally:
        sys.path[:] = before
    return page


def expected(
    bundle: Path, sample: dict[str, np.ndarray], answers: list[np.ndarray] | None = None
) -> Expected:
    """What run.py does with one sample, step by step.

    Args:
        answers: of the runtime, by output; None: the model is run.
    """
    page = page_of(bundle)
    feed: list[Any] = [None] * len(page.INPUTS)
    for binding in page.INPUTS:
        feed[binding["index"]] = page.encode(sample[binding["source"]], binding)
    results = page.Model().run(feed) if answers is None else answers
    return Expected(
        page,
        given=[np.asarray(sample[b["source"]], b["original_dtype"]) for b in page.INPUTS],
        fed=[feed[b["index"]] for b in page.INPUTS],
        answers=[np.ascontiguousarray(results[b["index"]]) for b in page.OUTPUTS],
        told=[page.decode(results[b["index"]], b) for b in page.OUTPUTS],
    )


def lay_out(place: Path, one: Expected) -> list[Path]:
    """Files that the stand-ins and the examples read; the paths of the inputs."""
    place.mkdir(parents=True, exist_ok=True)
    lines, counts = [], []
    for binding, array in zip(one.page.INPUTS, one.fed, strict=True):
        lines.append(f"in {array.nbytes} {binding['name']}")
    for number, (binding, array) in enumerate(zip(one.page.OUTPUTS, one.answers, strict=True)):
        lines.append(f"out {array.nbytes} {binding['name']}")
        counts += [binding["name"], str(array.size)]
        array.tofile(place / f"answer-{number}.bin")
    (place / "tensors.txt").write_text("\n".join(lines) + "\n")
    (place / "counts.txt").write_text("\n".join(counts) + "\n")
    paths = [place / f"input-{i}.bin" for i in range(len(one.given))]
    for path, array in zip(paths, one.given, strict=True):
        array.tofile(path)
    return paths


def differences(place: Path, one: Expected, fed: bool) -> dict[str, Any]:
    """Bytes that differ of what was fed, and the largest difference of what was told."""
    found: dict[str, Any] = {}
    if fed:
        wrong = [
            (place / f"fed-{i}.bin").read_bytes() != array.tobytes()
            for i, array in enumerate(one.fed)
        ]
        found["fed_equal_to_the_byte"] = not any(wrong)
    off = 0.0
    for number, array in enumerate(one.told):
        mine = np.fromfile(place / f"output-{number}.bin", array.dtype).reshape(array.shape)
        off = max(off, float(np.abs(mine.astype(float) - array.astype(float)).max(initial=0)))
    return {**found, "largest_difference": off}


def cpp(runtime: str, bundle: Path, place: Path, one: Expected) -> dict[str, Any]:
    """Compile main.cpp and run it: OpenVINO's with its library, the others with stand-ins."""
    inputs, program = lay_out(place, one), place / "model"
    command = ["g++", "-std=c++17", "-O1", *WARNINGS, str(bundle / "native" / "main.cpp")]
    if runtime == "openvino":
        command += _openvino()
    else:
        command += [f"-I{STUBS / runtime}", *map(str, (STUBS / runtime).glob("*.cpp"))]
    subprocess.run([*command, "-o", str(program)], check=True)
    said = _run([str(program), str(bundle), *map(str, inputs)], place)
    linked = "OpenVINO's library" if runtime == "openvino" else "stand-ins: not linked"
    found = differences(place, one, fed=runtime != "openvino")
    return {"compiled": True, "ran_with": linked, **found, "said": said}


def _openvino() -> list[str]:
    import openvino

    root = Path(openvino.__file__).parent
    [library] = root.glob("libs/libopenvino.so.*")
    # The wheel's headers warn themselves: they are a system's here.
    return [
        f"-isystem{root / 'include'}", f"-L{root / 'libs'}", f"-l:{library.name}",
        f"-Wl,-rpath,{root / 'libs'}",
    ]  # fmt: skip


def kotlin(bundle: Path, place: Path, one: Expected, compiler: Path) -> dict[str, Any]:
    """Type-check Model.kt, and run it on a JVM with a stand-in for the interpreter."""
    from edgeopt.bundle import literal

    inputs = lay_out(place, one)
    main = place / "Main.kt"
    main.write_text(_main(one, [str(path) for path in inputs], literal))
    libraries = [str(compiler / "lib" / "kotlin-stdlib.jar")]
    jar = place / "model.jar"
    sources = [bundle / "native" / "Model.kt", STUBS / "kotlin" / "Interpreter.kt", main]
    command = [
        "java", "-Xmx900m", "-cp", str(compiler / "lib" / "kotlin-compiler.jar"),
        "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-kotlin-home", str(compiler),
        "-Werror", "-d", str(jar), *map(str, sources),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {"type_checked": False, "said": done.stderr[-3000:]}
    ran = {}
    for signed in ("1", "0"):
        path = os.pathsep.join([str(jar), *libraries])
        _run(["java", "-cp", path, "MainKt"], place, SIGNED=signed)
        ran["by_signature" if signed == "1" else "by_name"] = differences(place, one, fed=True)
    return {"type_checked": True, "ran_with": "stand-ins: not linked", **ran}


def _main(one: Expected, paths: list[str], literal: Any) -> str:
    """A program that reads inputs, runs the model and writes outputs."""
    ins = literal.identifiers([b["source"] for b in one.page.INPUTS], "in")
    outs = literal.identifiers([b["source"] for b in one.page.OUTPUTS], "out")
    given = []
    for name, path, array in zip(ins, paths, one.given, strict=True):
        filled = FILL[array.dtype.name].format(n=array.size)
        given.append(f"{name} = buffer({literal.kotlin(path)}).let {{ b -> {filled} }}")
    writes = []
    for number, (name, array) in enumerate(zip(outs, one.told, strict=True)):
        put = PUT[FILL[array.dtype.name].partition("(")[0]]
        writes.append(
            f"    val b{number} = ByteBuffer.allocate({array.nbytes})"
            ".order(ByteOrder.LITTLE_ENDIAN)\n"
            f"    for (v in told.{name}) b{number}.{put}(v)\n"
            f'    File(place, "output-{number}.bin").writeBytes(b{number}.array())'
        )
    return "\n".join([
        "import edgeopt.model.Inputs", "import edgeopt.model.Model", "import java.io.File",
        "import java.nio.ByteBuffer", "import java.nio.ByteOrder", "",
        "fun buffer(path: String): ByteBuffer =",
        "    ByteBuffer.wrap(File(path).readBytes()).order(ByteOrder.LITTLE_ENDIAN)", "",
        "fun main() {",
        '    val place = System.getenv("STAND_IN")',
        f"    val inputs = Inputs({', '.join(given)})",
        "    val told = Model(ByteBuffer.allocate(1)).use { it.run(inputs) }",
        *writes, "}", "",
    ])  # fmt: skip


def _run(command: list[str], place: Path, **more: str) -> str:
    environment = {**os.environ, "STAND_IN": str(place), **more}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr[-2000:]}")
    return done.stdout.strip()
