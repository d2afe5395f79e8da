import base64
import functools
import hashlib
import re
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from edgeopt.domain.open_axis import OpenAxis
from edgeopt.domain.run import Constraints, Miss
from edgeopt.report.html import flat, page_environment, render, target_view
from tests.report.sample import INTEL, PI, drop, sample_run
from tests.report.sample_profiles import sample_profiles

EVIL = "<script>alert('x')</script>\"><img src=http://evil.test/x onerror=alert(1)>"
VOID = {"meta", "link", "br", "img", "input", "hr", "wbr"}


class Page(HTMLParser):
    """The elements of a page, its text, and what is left open."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.words, self.wrong = [], [], [], []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"script", "style"}:
            self.words.append(data)

    def all(self, tag, **wanted):
        return [a for t, a in self.elements if t == tag and wanted.items() <= a.items()]

    def classed(self, tag, name):
        return [a for t, a in self.elements if t == tag and name in (a.get("class") or "").split()]


@functools.cache
def rendered():
    return render(sample_run(), sample_profiles())


def page(run=None, profiles=None):
    if run is None and profiles is None:
        return Page(rendered())
    return Page(render(run or sample_run(), sample_profiles() if profiles is None else profiles))


def test_the_page_is_well_formed_and_its_ids_are_unique():
    found = page()
    assert found.wrong == []
    assert found.open == []
    ids = [a["id"] for _, a in found.elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_the_headline_says_what_was_chosen_and_why():
    text = page().text
    assert "efficientnet-lite0.onnx" in text
    assert "18 candidates, judged by accuracy" in text
    assert "Ship openvino int8-static 2 threads, nncf, min-max, per-channel" in text
    assert "the fastest that keeps the allowed drop" in text
    assert "Time 17.2 ms → 6.91 ms 2.49 times as fast" in text
    assert "Accuracy 74.8 % → 74.0 % loses 0.8 points" in text
    assert "not measured" in text


def test_every_candidate_failure_and_left_out_is_in_the_tables():
    found = page()
    assert len(found.classed("tr", "failed")) == 4 + 3 + 1
    assert len(found.classed("tr", "beyond")) == 1
    for words in ("failed-parity", "failed-convert", "failed-run", "timeout", "left out"):
        assert words in found.text
    assert "MatMulNBits takes no Conv" in found.text
    assert "pip install 'edgeopt[torch]'" in found.text
    assert "its int8 kernels are for x86" in found.text
    assert "0.8 points −0.5 to 2.1 points 500 samples" in found.text


def test_rows_carry_what_they_are_sorted_by():
    found = page()
    best = found.classed("tr", "chosen")[1]
    assert best["data-latency"] == "6.913"
    assert best["data-size"] == "5340000"
    failed = found.classed("tr", "failed")[0]
    assert "data-latency" not in failed
    keys = {a["data-key"] for _, a in found.elements if "data-key" in a}
    assert {f"data-{key}" for key in keys} <= best.keys()


def test_points_lead_to_their_rows():
    found = page()
    dots = found.classed("a", "dot")
    assert len(dots) == 2 * 11
    ids = {a["id"] for _, a in found.elements if "id" in a}
    assert {a["href"].removeprefix("#") for a in dots} <= ids
    assert all(a["aria-label"] for a in dots)
    assert len(found.all("title")) == 1 + len(dots)


def test_a_target_that_was_not_timed_has_no_chart_and_no_column_of_time():
    run = sample_run()
    run = replace(run, request=replace(run.request, targets=(PI,)), choices=run.choices[1:])
    found = page(run)
    assert found.classed("svg", "chart") == []
    assert "Not timed: no Raspberry Pi 5 is at hand" in found.text
    assert "latency" not in {a.get("data-key") for _, a in found.elements}
    assert not re.search(r"\d ms", found.text)


def test_one_untimed_candidate_among_others_shows_its_reason():
    run = sample_run()
    lost = replace(run.records[0], kind=None, latency_ms=None, latency_reason="device went away")
    found = page(replace(run, records=(lost, *run.records[1:])))
    assert "device went away" in found.text


def test_facts_environment_source_and_bundle():
    text = page().text
    assert "153.6 GFLOP/s derived 4 cores x 2.4 GHz x 16 FLOP per cycle" in text
    assert "machine.cpu Intel(R) Xeon(R) Platinum 8481C" in text
    assert "images: float32[1x3x224x224]" in text
    assert "49 Conv, 33 Clip" in text
    assert "cd /home/ada/runs/lite0 python intel-cpu/run.py" in text
    assert "size at most 20.0 MB" in text
    assert "firmware with other memory timings" in text


def test_an_axis_that_was_fixed_is_told_in_words_and_no_value_prints_itself():
    run = sample_run()
    axis = OpenAxis(input="image", axis=2, name="height", size=8, basis="data")
    source = replace(run.source, open_axes=(axis,))
    page = Page(render(replace(run, source=source), sample_profiles()))
    words = "axis 2 ('height') of input 'image' is open in the source and 8 in what is made here"
    assert f"Fixed here {words}, as in the data" in page.text
    assert not re.search(r"[A-Z]\w+\(\w+=", page.text)


def test_without_labels_it_says_what_the_score_is():
    text = page(sample_run(labels=False)).text
    assert "judged by agreement" in text
    assert "none: candidates are held to the source model’s own answers" in text


def test_everything_that_comes_from_outside_is_escaped():
    run = sample_run()
    records = [
        replace(
            r,
            reason=EVIL,
            hint=EVIL,
            notes=(EVIL,),
            device=EVIL,
            recipe=r.recipe and replace(r.recipe, options={EVIL: EVIL}),
        )
        for r in run.records
    ]
    choice = replace(
        run.choices[0],
        why=EVIL,
        warnings=(EVIL,),
        bundle=EVIL,
        rejected=(Miss(recipe_id="x", title=EVIL, why=EVIL),),
    )
    run = replace(
        run,
        folder=EVIL,
        records=tuple(records),
        choices=(choice,),
        warnings=(EVIL,),
        environment={EVIL: EVIL},
        source=replace(run.source, path=EVIL, operators={EVIL: 1}, notes=(EVIL,)),
        request=replace(run.request, data=EVIL),
        data=replace(run.data, metric=EVIL, metric_about=EVIL, output=EVIL),
    )
    profile = replace(sample_profiles()[INTEL], title=EVIL, summary=EVIL, notes=(EVIL,))
    html = render(run, {INTEL: profile})
    found = Page(html)
    assert found.wrong == found.open == []
    assert html.count("<script") == 1
    assert html.count("<img") == 0
    assert not [a for _, a in found.elements if "onerror" in a]


def test_it_loads_nothing():
    found = page()
    links = [a[key] for _, a in found.elements for key in ("src", "href") if key in a]
    assert all(link.startswith("#") or link == "data:," for link in links)
    html = rendered()
    assert "@import" not in html
    assert "url(" not in html
    assert "style=" not in html
    assert not [a for _, a in found.elements for key in a if key.startswith("on")]


def test_the_policy_allows_the_pages_own_style_and_script_alone():
    html = rendered()
    policy = Page(html).all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        body = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("selfie_segmentation.tflite", "selfie_<wbr>segmentation.<wbr>tflite"),
        ("a<b>_.onnx", "a&lt;b&gt;_<wbr>.<wbr>onnx"),
        ("model.", "model."),
        ("plain", "plain"),
    ],
)
def test_a_long_name_may_break_where_its_words_end(name, shown):
    run = sample_run()
    source = replace(run.source, path=f"/models/{name}")
    assert f"<h1>{shown}</h1>" in render(replace(run, source=source), {})


def test_a_run_that_goes_on_or_chose_nothing():
    run = sample_run()
    none = replace(run.choices[0], recipe_id=None, why="nothing keeps what was asked.", front=())
    limits = Constraints(max_drop=0.0, max_latency_ms=1.0)
    request = replace(run.request, constraints=limits)
    found = page(replace(run, state="running", choices=(none,), request=request))
    assert "This run has not finished" in found.text
    assert "Nothing qualified nothing keeps what was asked. Nothing to ship" in found.text
    assert "Nothing chosen yet" in found.text
    assert "latency at most 1.00 ms" in found.text
    assert found.classed("tr", "chosen") == []


def test_an_empty_run_has_a_page():
    run = replace(sample_run(), records=(), choices=(), state="running")
    found = page(run, profiles={})
    assert found.wrong == found.open == []
    assert "0 candidates" in found.text
    assert INTEL in found.text


def test_drops_of_an_error_are_in_percent():
    run = sample_run()
    records = [
        replace(r, drop=replace(drop(0.5, 0.1), relative=0.004)) if r.drop else r
        for r in run.records
    ]
    text = page(replace(run, records=tuple(records))).text
    assert "allowed drop 2.0 %" in text
    assert "Loss, % of the source’s error" in text


@pytest.mark.parametrize(("counts", "expected"), [((512, 512), 512), ((512, 300), None)])
def test_the_number_of_samples_is_said_once_if_it_is_one(counts, expected):
    run = sample_run()
    records = [
        replace(r, score=replace(r.score, n=n))
        for r, n in zip(run.records[:2], counts, strict=True)
    ]
    assert target_view(replace(run, records=tuple(records)), INTEL, None).n == expected


def test_nested_tables_become_dotted_names():
    found = list(flat({"a": {"b": 1, "c": None}, "d": ["x", 2], "e": [], "f": ""}))
    assert found == [("a.b", "1"), ("a.c", "–"), ("d", "x, 2"), ("e", "–"), ("f", "–")]


def test_rows_that_were_only_screened_are_explained_where_there_are_any():
    about = "were timed in a shorter schedule and stand below those of the schedule that decided"
    assert page().text.count(about) == 1  # the board was not timed at all
    run = sample_run()
    final = [r for r in run.records if r.latency_ms and r.latency_ms.stage == "final"]
    assert about not in page(replace(run, records=tuple(final))).text


def test_a_choice_that_is_not_on_the_front_is_told():
    run, said = sample_run(), "The chosen one is not among them"
    assert said not in page(run).text
    chosen = run.choices[0]
    rest = tuple(one for one in chosen.front if one != chosen.recipe_id)
    assert said in page(replace(run, choices=(replace(chosen, front=rest),))).text


def test_figures_stay_with_their_units_and_commands_are_copied_as_they_stand():
    page = page_environment().from_string("{{ a }} {{ b | with_code }} {{ folder | shell }}")
    told = page.render(a="0.2 ms", b="`sleep 5 s` takes 5 s", folder="runs/5 ms")
    assert told == "0.2\u00a0ms <code>sleep 5 s</code> takes 5\u00a0s &#39;runs/5 ms&#39;"


@pytest.mark.parametrize(("text", "shown"), [
    ("`edgeopt roof` measures it", "<code>edgeopt roof</code> measures it"),
    ("a ` alone and <b>", "a ` alone and &lt;b&gt;"),
    ("`<script>` and\x1b", "<code>&lt;script&gt;</code> and\\x1b"),
])  # fmt: skip
def test_commands_in_sentences_are_code_and_nothing_else_is(text, shown):
    template = page_environment().from_string("{{ text | with_code }}")
    assert template.render(text=text) == shown


def test_the_front_is_of_what_was_timed_as_well():
    run = sample_run()
    assert "No other candidate that was timed as well is better than one of" in page(run).text
    assert "no candidate that was timed as well is both faster" in page(run).text
    final = tuple(r for r in run.records if r.measured and r.measured.stage == "final")
    alone = replace(run, records=final)
    assert "No other candidate is better than one of" in page(alone).text
    untimed = replace(final[0], recipe_id="later", latency_ms=None, kind=None)
    more = replace(run, records=(*final, untimed))
    assert "No other candidate that was timed as well is better" in page(more).text
