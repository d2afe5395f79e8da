"""--csv, --parquet and --mlflow of the commands: when they refuse, and that a run is kept."""

from __future__ import annotations

import csv
import sys

import msgspec
import pytest
from click.testing import CliRunner

from edgeopt.cli import cli
from edgeopt.store.journal import Journal
from edgeopt.store.run_folder import RunFolder
from tests.report.sample import sample_run


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "run"
    place.mkdir()
    run = msgspec.structs.replace(sample_run(), folder=str(place))
    RunFolder(place).write_run(run)
    Journal(place / "results.jsonl").replace(run.records)
    return place


def ask(*arguments):
    return CliRunner().invoke(cli, list(map(str, arguments)))


def test_report_writes_a_table(folder, tmp_path):
    done = ask("report", folder, "--csv", tmp_path / "t.csv")
    assert done.exit_code == 0, done.stderr
    assert f"Table: {tmp_path / 't.csv'}" in done.stdout
    with (tmp_path / "t.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(sample_run().records)


def test_beside_json_stdout_is_json_alone(folder, tmp_path):
    done = ask("report", folder, "--json", "--csv", tmp_path / "t.csv")
    assert msgspec.json.decode(done.stdout)["state"] == "finished"
    assert "Table:" in done.stderr


@pytest.mark.slow  # MLflow takes seconds to be imported
def test_mlflow_out_of_reach_is_a_sentence_and_the_rest_is_done(folder, tmp_path):
    pytest.importorskip("mlflow")
    before = (folder / "run.json").read_bytes()
    done = ask("report", folder, "--csv", tmp_path / "t.csv", "--mlflow", "http://127.0.0.1:9")
    assert done.exit_code == 2
    assert "MLflow at http://127.0.0.1:9 cannot be reached: Connection refused." in done.stderr
    assert f"edgeopt report {folder} --mlflow URI" in done.stderr
    assert (tmp_path / "t.csv").is_file()
    assert (folder / "report.html").is_file()
    assert (folder / "run.json").read_bytes() == before


@pytest.mark.parametrize("command", ["optimize", "report"])
@pytest.mark.parametrize(
    ("option", "missing", "hint"),
    [("--parquet", "pyarrow", "pip install pyarrow"),
     ("--mlflow", "mlflow.tracking", "edgeopt[mlflow]")],
)  # fmt: skip
def test_what_is_missing_is_said_before_anything_is_done(
    folder, tmp_path, monkeypatch, command, option, missing, hint
):
    monkeypatch.setitem(sys.modules, missing, None)
    asked = ("no.onnx", "--target", "intel-cpu", "--data", "no.npz", "--out", tmp_path / "new")
    given = asked if command == "optimize" else (folder,)
    done = ask(command, *given, option, tmp_path / "t")
    assert done.exit_code == 3
    assert hint in done.stderr
    assert not (folder / "report.html").exists()
    assert not (tmp_path / "new").exists()


def test_a_table_that_cannot_lie_there_is_refused_at_once(tmp_path):
    asked = ("no.onnx", "--target", "intel-cpu", "--data", "no.npz")
    done = ask("optimize", *asked, "--csv", tmp_path / "none" / "t.csv")
    assert done.exit_code == 2
    assert "lies in a folder that is not there" in done.stderr
