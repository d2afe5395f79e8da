"""The early-stopping rule against MLPerf's own LoadGen, asked by running it."""

from __future__ import annotations

import re

import pytest

from edgeopt.stats.early_stopping import required, tail

loadgen = pytest.importorskip("mlperf_loadgen", reason="pip install mlcommons-loadgen")


def summary(queries: int, folder) -> str:
    """What LoadGen says after a single stream of so many queries that are over at once."""
    settings = loadgen.TestSettings()
    settings.scenario = loadgen.TestScenario.SingleStream
    settings.mode = loadgen.TestMode.PerformanceOnly
    settings.min_duration_ms = 0
    settings.min_query_count = settings.max_query_count = queries

    def answer(samples):
        for sample in samples:
            loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(sample.id, 0, 0)])

    system = loadgen.ConstructSUT(answer, lambda: None)
    library = loadgen.ConstructQSL(8, 8, lambda samples: None, lambda samples: None)
    output = loadgen.LogOutputSettings()
    output.outdir = str(folder)
    logs = loadgen.LogSettings()
    logs.log_output = output
    logs.enable_trace = False
    try:
        loadgen.StartTestWithLogSettings(system, library, settings, logs)
    finally:
        loadgen.DestroyQSL(library)
        loadgen.DestroySUT(system)
    return " ".join((folder / "mlperf_log_summary.txt").read_text().split())


@pytest.mark.parametrize("queries", [63, 64, 80, 81, 127, 128, 500, 661, 662, 1024, 5000])
def test_loadgen_agrees(queries, tmp_path):
    said = summary(queries, tmp_path)
    if queries < required(0.9, 1):
        assert f"Need to process at least {required(0.9, 1)} queries" in said
        assert tail(range(queries), 0.9) is None
        return
    discarded = int(re.findall(r"Would discard (\d+) highest", said)[0])
    assert tail(range(queries), 0.9) == queries - 1 - discarded
    at_99 = re.search(r"would need to process at least (\d+) total", said)
    assert (at_99 is None) == (queries >= required(0.99, 1))
    assert at_99 is None or int(at_99[1]) == required(0.99, 1)
    assert (tail(range(queries), 0.99) is None) == (at_99 is not None)


def test_the_table_of_the_rules():
    """Queries needed in all, with 0 and 1 over the latency."""
    assert [required(0.9, over) for over in (0, 1)] == [44, 64]
    assert [required(0.99, over) for over in (0, 1)] == [459, 662]
