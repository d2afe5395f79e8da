import base64
import hashlib
import html
import re

import msgspec

from edgeopt.report import study_charts, study_page, study_table
from edgeopt.report.shown import Console
from tests.tuning.records import TARGET, study, trial

TRIALS = [
    *(trial(i, 0.9 + i / 100, 1.0 + i, curve=(0.1, 0.5, 0.9)) for i in range(5)),
    trial(5, None, 9.0, state="outside-limits"),
    trial(
        6, None, 1.0, state="pruned", curve=(0.1,), params={"width": 3, "lr": 1.0, "kind": "<b>"}
    ),
]
STUDY = study(TRIALS, front=(0, 1, 2), chosen=2, max_latency_ms=5.0)


def test_the_page_has_every_trial_and_every_chart():
    page = study_page.render(STUDY)
    assert page.count("<tr class=") == len(TRIALS)
    assert page.count("<circle") == 5
    assert page.count("<polyline") == 6 + 5  # curves, and lines across the parameters
    assert "Trial 2" in page
    assert "width" in page
    assert "too few" in page


def test_what_users_call_things_is_escaped_and_nothing_is_loaded():
    page = study_page.render(STUDY)
    assert "<b>" not in page
    assert not re.findall(r"(?:src|href)=\"http", page)


def test_the_policy_allows_the_pages_own_style_and_no_script():
    page = study_page.render(STUDY)
    [style] = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in html.unescape(page)
    assert "body.study" in style or ".study" in style
    assert "<script" not in page


def test_marks_keep_to_the_frame():
    chart = study_charts.front(STUDY, TARGET)
    assert chart is not None
    assert len(chart.marks) == 5
    assert all(0 < mark.x < chart.width and 0 < mark.y < chart.bottom for mark in chart.marks)
    assert chart.marks[-1].sort == "chosen"  # drawn last, on top


def test_a_study_without_trials_has_a_page_all_the_same():
    page = study_page.render(study([]))
    assert "No trial was taken" in page
    assert "<circle" not in page


def test_parameters_over_decades_are_drawn_on_a_log_scale():
    spread = [
        trial(i, 0.9 - i / 10, 1.0, params={"lr": value}) for i, value in enumerate((1e-4, 1e-2, 1))
    ]
    chart = study_charts.parallel(study(spread))
    assert chart is not None
    low, middle, high = (float(line.points.split()[0].split(",")[1]) for line in chart.lines)
    assert abs((low + high) / 2 - middle) < 1.0


def test_the_terminal_shows_the_front_or_everything():
    console = Console(width=120)
    with console.capture() as told:
        console.print(study_table.render(STUDY))
    front = told.get()
    with console.capture() as told:
        console.print(study_table.render(STUDY, whole=True))
    assert len(told.get().splitlines()) == len(front.splitlines()) + len(TRIALS) - 3
    assert "2 *" in front


def crowd():
    """Three trials by two workers; one of them was begun on the first, and lost with it."""
    done = [
        {"worker": "a", "trained_by": "a", "measured_by": {TARGET: "a"}},
        {"worker": "b", "trained_by": "a", "measured_by": {TARGET: "a"}, "lost_by": ("a",)},
        {"worker": "b", "trained_by": "b", "measured_by": {TARGET: "<b>"}},
    ]
    seconds = {"user": 60.0, "judge": 2.0, "overhead": 9.0, "device": 5.0, "all": 76.0}
    return [
        msgspec.structs.replace(trial(i, 0.9, 1.0), seconds=seconds, **one)
        for i, one in enumerate(done)
    ]


def test_who_did_what_is_told_of_workers_and_of_nobody_without_a_scheduler():
    shares = {one.worker: one for one in study(crowd()).workers}
    assert (shares["a"].trials, shares["a"].trained, shares["a"].measured) == (1, 2, 2)
    assert (shares["a"].lost, shares["a"].seconds) == (1, 62.0)
    assert (shares["b"].trials, shares["b"].trained, shares["b"].measured) == (2, 1, 0)
    assert (shares["b"].lost, shares["b"].seconds) == (0, 124.0)
    assert shares["<b>"].measured == 1
    alone = study([trial(0, 0.9, 1.0)])
    assert alone.workers == ()
    assert "Who did what" not in study_page.render(alone)


def test_who_did_what_is_on_the_page_and_on_the_screen():
    page = study_page.render(study(crowd(), chosen=0))
    assert "Who did what" in page
    assert "&lt;b&gt;" in page
    assert "<td><b></td>" not in page
    console = Console(width=120)
    with console.capture() as told:
        console.print(study_table.render(study(crowd(), chosen=0)))
    assert re.search(r"b +2 +1 +0 +0 +2 min", told.get())


def failing(number, why, hint=""):
    made = trial(number, None, None, state="failed")
    return msgspec.structs.replace(made, why=why, hint=hint, untrained=())


def test_equal_failures_are_told_once_with_what_to_do():
    why, hint = "build failed: KeyError: 'width'", "Suggest <among> strings."
    trials = [
        *(failing(i, why, hint) for i in range(6)),
        failing(6, "it died."),
        trial(7, 0.9, 1.0),
    ]
    told = study_page.failures(study(trials))
    assert told == [
        f"trials 0, 1, 2, 3 and 2 more failed: {why}. {hint}",
        "trial 6 failed: it died.",
    ]
    page = study_page.render(study(trials))
    assert "Suggest &lt;among&gt; strings." in page
    console = Console(width=80, record=True)
    console.print(study_table.render(study(trials)))
    assert " ".join(console.export_text().split()).count(hint) == 1


def test_what_became_of_several_is_said_of_several():
    pruned = [trial(i, None, 1.0, state="pruned", curve=(0.1,)) for i in range(2)]
    assert study_page.counted(study(pruned)) == "2 trials: 2 stopped by their curves"
    assert study_page.counted(study(pruned[:1])) == "1 trial: 1 stopped by its curve"
