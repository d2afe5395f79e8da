"""From metered launches to energy per inference."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edgeopt.harness.energy_figures import energy
from edgeopt.harness.replies import Energy, Meter


def meter(scope="package", joules=16.0, idle=6.0, name="package-0", note="", why=None):
    return Meter(
        source="powercap", name=name, scope=scope, counter=True, readings=20,
        note=note, joules=joules, span_s=2.0, idle_joules=idle, idle_span_s=2.0,
        why_null=why or {},
    )  # fmt: skip


def reply(*meters, count=20, seconds=2.0, why=None):
    return Energy(count=count, seconds=seconds, meters=list(meters), why_null=why or {})


def test_gross_and_net_of_what_is_drawn_at_rest():
    found = energy([reply(meter())])
    assert (found.meter, found.covers) == ("powercap package-0", "processor")
    assert found.gross_mj == pytest.approx(800)
    assert found.net_mj == pytest.approx(500)
    assert found.idle_w == pytest.approx(3)
    assert (found.n, found.launches, found.why_null) == (20, 1, {})


def test_readings_need_not_span_the_runs_exactly():
    late = replace(meter(joules=17.6), span_s=2.2)
    assert energy([reply(late)]).gross_mj == pytest.approx(800)


def test_the_median_of_the_launches_with_the_smallest_and_largest():
    launches = [reply(meter(joules=joules)) for joules in (16.0, 18.0, 17.0)]
    found = energy(launches)
    assert (found.gross_low_mj, found.gross_mj, found.gross_high_mj) == pytest.approx(
        (800, 850, 900)
    )
    assert found.net_mj == pytest.approx(550)
    assert (found.n, found.launches) == (60, 3)


def test_packages_and_their_memory_are_added_up():
    found = energy([reply(meter(), meter(name="package-1"), meter("memory", 4.0, 2.0, "dram"))])
    assert found.meter == "powercap package-0 + package-1 + dram"
    assert found.covers == "processor and memory"
    assert found.gross_mj == pytest.approx((16 + 16 + 4) * 1000 / 20)


def test_the_board_goes_before_its_parts_and_a_guess_comes_last():
    note = "not calibrated"
    board = meter("board", 30.0, 10.0, "rails", note)
    found = energy([reply(meter("platform"), meter("part"), meter(), board)])
    assert (found.covers, found.notes) == ("board", (note,))
    assert energy([reply(meter("platform"), meter())]).covers == "processor"
    assert energy([reply(meter("platform"))]).covers == "platform"


def test_a_gpu_is_metered_by_its_own():
    replies = [reply(meter(), meter("gpu", 100.0, 40.0, "gpu 0"))]
    assert energy(replies, "gpu").gross_mj == pytest.approx(5000)
    assert energy(replies).covers == "processor"
    assert energy([reply(meter())], "gpu").why_null["gross_mj"] == "no meter of the gpu"


def test_why_there_is_none():
    still = meter(joules=None, why={"joules": "it did not move in 2.0 s"})
    found = energy([reply(still)])
    assert (found.gross_mj, found.net_mj, found.covers) == (None, None, None)
    assert found.why_null["gross_mj"] == "powercap package-0: it did not move in 2.0 s"
    denied = {"powercap": "permission denied: ...", "pmic": "no program vcgencmd"}
    found = energy([reply(count=0, seconds=0.0, why=denied)])
    assert found.why_null["net_mj"] == "powercap: permission denied: ...; pmic: no program vcgencmd"
    assert energy([]).why_null["gross_mj"] == "it was not metered"


def test_a_meter_that_one_launch_lost_is_not_used():
    lost = meter(joules=None, why={"joules": "permission denied"})
    assert energy([reply(meter()), reply(lost)]).gross_mj is None
    both = [reply(meter(), meter("platform")), reply(lost, meter("platform"))]
    assert energy(both).covers == "platform"


def test_net_is_null_where_it_is_noise_or_rest_was_not_read():
    found = energy([reply(meter(joules=6.0, idle=6.1))])
    assert (found.gross_mj, found.net_mj) == (pytest.approx(300), None)
    assert found.why_null == {"net_mj": "running drew no more than resting: noise, or other work"}
    found = energy([reply(meter(idle=None))])
    assert found.gross_mj == pytest.approx(800)
    assert (found.net_mj, found.idle_w) == (None, None)
    assert found.why_null.keys() == {"net_mj", "idle_w"}
