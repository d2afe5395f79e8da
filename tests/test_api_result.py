"""What optimize returns is the run, with views; a run and its records are read from a folder."""

from __future__ import annotations

import msgspec
import pytest

import edgeopt
from edgeopt.api_result import Result, read_results, read_run
from edgeopt.domain.errors import BadInput
from edgeopt.domain.run import Run
from edgeopt.store.journal import Journal
from edgeopt.store.run_folder import RunFolder
from tests.report.sample import sample_run


@pytest.fixture
def folder(tmp_path):
    run = msgspec.structs.replace(sample_run(), folder=str(tmp_path))
    RunFolder(tmp_path).write_run(run)
    for record in run.records:
        Journal(tmp_path / "results.jsonl").append(record)
    return tmp_path


def test_it_is_the_run_in_all_that_worked():
    run = sample_run()
    found = Result.of(run)
    assert isinstance(found, Run)
    assert found == run
    assert run == found
    assert (found.chosen, found.qualified, found.records) == (
        run.chosen,
        run.qualified,
        run.records,
    )
    assert msgspec.json.encode(found) == msgspec.json.encode(run)
    assert isinstance(msgspec.structs.replace(found, seconds=1.0), Result)
    assert found != msgspec.structs.replace(run, seconds=1.0)


def test_its_views(tmp_path):
    found = Result.of(sample_run())
    assert repr(found).startswith("<edgeopt run of models/efficientnet-lite0.onnx")
    assert "<table>" in found._repr_html_()
    found.to_csv(tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text().count("\n") == 1 + len(found.records)


def test_a_run_is_read_from_its_folder(folder):
    found = read_run(folder)
    assert isinstance(found, edgeopt.Result)
    assert [r.title for r in found.records] == [r.title for r in sample_run().records]
    with pytest.raises(BadInput):
        read_run(folder / "none")


def test_results_are_the_last_line_of_each_candidate(folder):
    file = folder / "results.jsonl"
    first = sample_run().records[0]
    Journal(file).append(msgspec.structs.replace(first, notes=("again",)))
    for given in (folder, file):
        found = read_results(given)
        assert len(found) == len(sample_run().records)
        assert found[0].notes == ("again",)
    with pytest.raises(BadInput):
        read_results(folder / "none.jsonl")
