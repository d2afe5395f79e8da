"""LiteRT's `benchmark_model`: what its versions print, and a phone that it times.

No program for Android is at hand: on the stand-in a shell script prints the real formats.
"""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from benchmarks.devices import phone as phones
from benchmarks.devices.adb_server import AdbServer
from edgeopt.cli import cli
from edgeopt.devices import benchmark_model, registry
from edgeopt.devices.benchmark_model import EFFORTS, Effort, Unreadable, figures
from edgeopt.devices.benchmark_phone import BenchmarkPhone, require_program
from edgeopt.devices.resolve import of, resolve
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.domain.mean_latency import MeanTable
from edgeopt.report import mean_table

pytestmark = pytest.mark.slow

DATA = Path(__file__).parent
TEXTS = {file.stem: file.read_text() for file in (DATA / "benchmark_model").glob("*.txt")}
HELP = "STARTING!\nPlease specify the name of your TF Lite input file with --graph\n"

#: version -> (mean, sd, least, most, median, n, first, init, warm-up, memory bytes)
PRINTED = {
    "1.12": (137.722, 0.896, 137.079, 143.416, None, 50, None, 4.452, 146.161, None),
    "2.1": (79.732, 1.929, 77.385, 88.213, None, 50, None, 38.467, 86.1843, None),
    "2.4": (33.2094, 0.45, 32.641, 34.005, None, 50, 49.06, 0.855, 34.8251, 13492237),
    "2.14": (1240.27, 2.565, 1238.588, 1252.566, 1239.807, 50, 1357.602, 5.579, 1357.6, 115167199),
    "logcat": (145.528, 13.583, 140.071, 195.121, 141.253, 25, 187.533, 92.318, 211.669, 76976174),
    "first-run-only": (1249.96, None, None, None, 1249.964, 1, 1357.602, 5.579, 1357.6, None),
}
FIELDS = ("mean_ms", "std_ms", "min_ms", "max_ms", "median_ms", "n", "first_ms", "init_ms",
          "warmup_ms", "memory_bytes")  # fmt: skip


@pytest.mark.parametrize("version", PRINTED)
def test_what_each_version_prints_is_read(version):
    found = figures(TEXTS[version])
    expected = [v if v is None else pytest.approx(v, rel=1e-6) for v in PRINTED[version]]
    assert [found[name] for name in FIELDS] == expected
    assert set(found["why_null"]) == {name for name in FIELDS if found[name] is None}
    assert all(found["why_null"].values())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TEXTS["refused"], "Failed to load model"),
        ("", "it printed nothing"),
        ("Inference timings in us: Init: 1, Inference (avg): 2\n", "without a count"),
        ("Inference timings in us: Init: 1\n", "Inference timings"),
    ],
)
def test_what_has_no_timings_is_told(text, says):
    with pytest.raises(Unreadable, match=says):
        figures(text)


def test_its_arguments():
    assert benchmark_model.arguments(Effort(60, 2.5, 3), 4) == [
        "--num_threads=4", "--num_runs=60", "--min_secs=2.5", "--warmup_runs=3"
    ]  # fmt: skip
    assert set(EFFORTS) == {"quick", "standard", "submission"}


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A phone that tells its heat, and has a big core."""
    pytest.importorskip("adbutils", reason="pip install 'edgeopt[adb]'")
    texts = {
        "thermalservice": "thermal-15-aidl", "battery": "battery-10", "power": "power-11"
    }  # fmt: skip
    said = {name: (DATA / "android" / f"{file}.txt").read_text() for name, file in texts.items()}
    made = AdbServer(phones.make(tmp_path / "phone", said), "PIX8")
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(made.port))
    monkeypatch.setenv("EDGEOPT_CONFIG", str(tmp_path / "config"))
    yield made
    made.stop()


@pytest.fixture
def program(tmp_path):
    """program(text, code): a stand-in that says how it was started, and prints that text."""

    def make(text: str, code: int = 0) -> Path:
        path = tmp_path / "benchmark_model"
        says = f"case $* in *--help*) printf %s {shlex.quote(HELP)}; exit 1;; esac"
        log = tmp_path / "started"
        taken = "grep Cpus_allowed_list /proc/self/status"
        path.write_text(
            f'#!/bin/sh\n{says}\necho "$@" > {log}\n{taken} >> {log}\nls >> {log}\n'
            f"cat <<'END'\n{text}END\nexit {code}\n"
        )
        return path

    return make


@pytest.fixture
def phone(server, program, tmp_path):
    """A phone that a program of 2.14 times."""
    entry = DeviceEntry(
        link="adb://PIX8",
        folder=str(tmp_path / "there"),
        benchmark_model=str(program(TEXTS["2.14"])),
    )
    made = of("phone", entry)
    assert isinstance(made, BenchmarkPhone)
    yield made
    made.close()


@pytest.fixture
def tflite(tmp_path):
    """A file by name alone: the stand-in reads none."""
    path = tmp_path / "m.tflite"
    path.write_bytes(b"TFL3")
    return path


def test_a_file_is_timed_on_the_big_cores(phone, tflite, tmp_path):
    found = phone.time(tflite, 2, EFFORTS["standard"])
    assert (found.mean_ms, found.n, found.threads) == (1240.27, 50, 2)
    assert found.cores == tuple(phone.cores())
    assert (found.thermal_before, found.thermal_after, found.hot) == (0, 0, False)
    assert len(found.program_sha256) == 64
    started, allowed = (tmp_path / "started").read_text().splitlines()[:2]
    graph, *words = started.split()
    assert graph.startswith(f"--graph={tmp_path / 'there' / 'files'}/")
    assert tuple(words) == found.arguments
    assert allowed.split()[-1] == str(found.cores[0])  # the last one of the stand-in


def test_heat_is_told_with_the_mean(phone, server, tflite):
    hot = (DATA / "android" / "thermal-15-aidl.txt").read_text()
    (server.folder / "dumpsys-thermalservice.txt").write_text(
        hot.replace("Thermal Status: 0", "Thermal Status: 2")
    )
    assert phone.time(tflite, 1, EFFORTS["quick"]).hot


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (TEXTS["refused"], 1, "ERROR: Failed to load model"),
        (TEXTS["2.4"].partition("count=50")[0], 0, "Running benchmark for at least 50"),
        ("", 139, "exit code 139"),
    ],
)
def test_what_the_program_does_not_take(phone, program, tflite, text, code, says):
    program(text, code)
    with pytest.raises(StepFailed, match=says) as caught:
        phone.time(tflite, 1, EFFORTS["quick"])
    assert caught.value.status == "failed-run"


def test_no_runner_is_started_there(phone, tmp_path):
    with pytest.raises(BadInput, match="no runner is started there"):
        phone.start_runner(tmp_path / "log")


def test_a_phone_is_added_and_timed_from_the_command_line(server, program, tflite, tmp_path):
    there = ["--folder", str(tmp_path / "there"), "--target", "pixel-8"]
    words = ["devices", "add", "pixel", "adb://PIX8", *there, "--benchmark-model"]
    done = CliRunner().invoke(cli, [*words, str(program(TEXTS["2.14"]))])
    assert done.exit_code == 0, done.output
    assert "pixel: Google Pixel 8 (Google Tensor G3), target pixel-8" in done.output
    assert "means, which nothing is compared with" in done.output
    assert registry.entry("pixel").benchmark_model == str(tmp_path / "benchmark_model")
    words = ["bench", str(tflite), "--threads", "1", "--threads", "2", "--device", "pixel"]
    out = tmp_path / "bench.json"
    done = CliRunner().invoke(cli, [*words, "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(out.read_text())
    assert [row["benchmark_model"]["mean_ms"] for row in found["rows"]] == [1240.27] * 2
    assert "latency_ms" not in json.dumps(found)
    assert "versus_baseline" not in json.dumps(found)
    assert found["machine"]["board"].startswith("Google Pixel 8")
    for mode in (["--fps", "30"], ["--baseline", str(tflite)], ["--load-time"]):
        done = CliRunner().invoke(cli, [*words, *mode])
        assert done.exit_code == 2
        assert "does not go with pixel" in done.output
    for asks in (["doctor", "--device", "pixel"], ["devices", "check", "pixel"]):
        done = CliRunner().invoke(cli, asks)
        assert done.exit_code == 2, done.output
        assert "no runner is started there" in done.output


def test_the_table_has_means_and_no_verdict(phone, tflite, program):
    from edgeopt.benchmarking.mean_latency import bench_means

    table = bench_means([tflite], [1], phone, EFFORTS["quick"])
    program(TEXTS["refused"], 1)
    worse = bench_means([tflite], [2], phone, EFFORTS["quick"])
    console = Console(width=100, file=io.StringIO())
    both = MeanTable(device="phone", rows=table.rows + worse.rows, machine={})
    console.print(mean_table.render(both))
    shown = console.file.getvalue()
    assert "mean*" in shown
    assert "1240 ms" in shown or "1.24 s" in shown
    assert "Failed to load model" in shown
    assert "cannot be compared with" in " ".join(shown.split())


def test_other_files_are_refused(phone, tmp_path):
    from edgeopt.benchmarking.mean_latency import bench_means

    (tmp_path / "m.onnx").write_bytes(b"x")
    for name, says in (("m.onnx", "no .tflite file"), ("gone.tflite", "not there")):
        with pytest.raises(BadInput, match=says):
            bench_means([tmp_path / name], [1], phone, EFFORTS["quick"])


def test_a_program_that_is_none(phone, program):
    path = program("")
    path.write_text("#!/bin/sh\necho nothing of the kind\n")
    with pytest.raises(BadInput, match="does not run on phone as a benchmark_model: nothing of"):
        phone.prepare()


def test_a_program_for_another_machine(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        require_program(tmp_path / "none")
    with pytest.raises(BadInput, match="no program for 64-bit ARM"):
        require_program(Path("/bin/sh"))  # of this machine: x86-64
    arm = tmp_path / "arm"
    arm.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\xb7\x00")
    require_program(arm)


def test_only_a_phone_takes_one():
    entry = DeviceEntry(link="ssh://pi@host", benchmark_model="/bin/sh")
    with pytest.raises(BadInput, match="only phones"):
        of("pi", entry)
    assert not isinstance(resolve("adb://X"), BenchmarkPhone)
