"""The candidates as a table: what is in it, and that it comes back as it went."""

from __future__ import annotations

import csv
import io
import os
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from edgeopt.domain.errors import BadInput, NotInstalled
from edgeopt.report import flat_file
from edgeopt.report.candidate_rows import COLUMNS, rows
from tests.pages import named, page, section
from tests.report.sample import sample_run


def test_a_row_a_candidate_with_all_columns():
    run = sample_run()
    found = rows(run)
    assert len(found) == len(run.records)
    assert all(list(row) == list(COLUMNS) for row in found)
    chosen = run.record("intel-cpu", run.choices[0].recipe_id)
    [row] = [r for r in found if (r["target"], r["role"]) == ("intel-cpu", "chosen")]
    assert (row["p50_ms"], row["size_bytes"]) == (chosen.latency_ms.p50, chosen.size_bytes)
    assert row["confirm_drop"] == chosen.confirm_drop.judged
    types = {"str": str, "int": int, "float": (float, int), "bool": bool}
    for row in found:
        for name, kind in COLUMNS.items():
            assert row[name] is None or isinstance(row[name], types[kind]), name


def test_every_column_is_explained():
    text = section(page("records.md"), "The table of candidates")
    assert set(COLUMNS) - named(text) == set()


def test_csv_is_read_back(tmp_path):
    run = sample_run()
    flat_file.write(run, csv_file=tmp_path / "t.csv")
    lines = list(csv.DictReader((tmp_path / "t.csv").open(newline="", encoding="utf-8")))
    assert [line["title"] for line in lines] == [record.title for record in run.records]
    timed = [line["p50_ms"] for line in lines if line["p50_ms"]]
    assert list(map(float, timed)) == [r.latency_ms.p50 for r in run.records if r.latency_ms]


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "\t=1"])
def test_no_spreadsheet_computes_a_name(text):
    run = sample_run()
    run = replace(run, records=(replace(run.records[0], reason=text),))
    [line] = list(csv.DictReader(io.StringIO(flat_file.as_csv(run).decode())))
    assert line["reason"] == f"'{text}"


@pytest.mark.parametrize("text", ["a,b", 'a"b', "a\nb", "ünï", "\udc80"])
def test_odd_texts_stay_in_their_cell(text):
    run = sample_run()
    run = replace(run, records=(replace(run.records[0], reason=text),))
    content = flat_file.as_csv(run).decode()
    [line] = list(csv.DictReader(io.StringIO(content, newline="")))
    assert line["reason"] == text.encode("utf-8", "backslashreplace").decode()


def test_pandas_keeps_types():
    pytest.importorskip("pandas")
    found = flat_file.to_pandas(sample_run())
    assert list(found.columns) == list(COLUMNS)
    assert str(found["size_bytes"].dtype) == "Int64"
    assert found["p50_ms"].min() == 6.913


def test_parquet_is_read_back(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    run = sample_run()
    flat_file.write(run, parquet_file=tmp_path / "t.parquet")
    assert parquet.read_table(tmp_path / "t.parquet").to_pylist() == rows(run)


def test_without_pyarrow_it_is_said_at_the_start(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(NotInstalled) as caught:
        flat_file.require(None, tmp_path / "t.parquet")
    assert str(caught.value) == "--parquet needs the package pyarrow.\n  pip install pyarrow"


def test_a_file_that_cannot_lie_there_is_refused_at_the_start(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "none" / "t.csv", tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(BadInput):
            flat_file.require(path, None)
