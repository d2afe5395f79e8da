import msgspec

from edgeopt.domain.at_size import AtSize
from edgeopt.domain.latency import Latency
from edgeopt.domain.open_axis import KeptAxis
from edgeopt.report.sizes_table import by_size
from tests.report.sample import sample_run

LATENCY = Latency(p50=1.5, p50_low=1.4, p50_high=1.6, p90=None, n=9, launches=1, stage="screen")


def test_each_size_has_a_row_and_what_did_not_run_its_reason():
    run = sample_run()
    kept = KeptAxis(name="width", places={"x": 3}, sizes=(160, 320))
    run = msgspec.structs.replace(run, source=msgspec.structs.replace(run.source, kept=kept))
    record = next(r for r in run.records if r.latency_ms)
    assert list(by_size(run, record)) == [], "it was not timed at sizes"
    sizes = (
        AtSize(size=160, samples=7, latency_ms=LATENCY),
        AtSize(size=320, samples=2, latency_ms=None, reason="it died"),
    )
    [table] = by_size(run, msgspec.structs.replace(record, sizes=sizes))
    assert "width" in table.title
    assert [row[:3] for row in table.rows] == [("160", "7", "1.50 ms"), ("320", "2", "–")]
    assert table.rows[1][-1] == "it died"
