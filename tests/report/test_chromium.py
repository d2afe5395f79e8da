"""The page in a real browser: nothing in its console, nothing wider than the window."""

import html as escaping
import json
import re
import shutil
import subprocess

import pytest
from msgspec.structs import replace

from edgeopt.report.html import render
from tests.report.sample import INTEL, sample_run
from tests.report.sample_profiles import sample_profiles
from tests.report.test_pictures import drawn, picture, with_pictures

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
WIDTHS = (390, 1280, 1600)
HIGHEST_ROW = 220
NOTE = (
    "farthest from the source in channels 4 to 83 of output0, where most of it has few values: " * 4
)


def command(folder):
    """A browser that asks nobody for anything."""
    return [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}",
    ]


def browse(folder, html):
    """The document after its scripts ran, and what the console said."""
    file = folder / "page.html"
    file.write_text(html, encoding="utf-8")
    argv = [*command(folder), "--dump-dom", file.as_uri()]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


SCRIPT = """
const collisions = page => [...page.querySelectorAll("svg.chart")].flatMap(chart => {
  const boxes = [...chart.querySelectorAll("text")].map(
    text => [text.textContent.trim(), text.getBoundingClientRect()]).filter(([, box]) => box.width);
  const found = [];
  boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
    if (p.left < q.right && q.left < p.right && p.top < q.bottom - 2 && q.top < p.bottom - 2)
      found.push(a + " | " + b);
  }));
  return found;
});
window.onload = () => {
  const pages = [...document.querySelectorAll("iframe")].map(frame => frame.contentDocument);
  const page = pages[1];
  const head = page.querySelector("th[data-key=size]");
  head.firstElementChild.click();
  head.firstElementChild.click();
  page.querySelector(".wide .dot.chosen").dispatchEvent(new Event("focus"));
  const filter = page.querySelector(".tools .runtime select");
  filter.value = "openvino";
  filter.dispatchEvent(new Event("input"));
  const left = [...page.querySelector(".candidates").tBodies[0].rows].filter(row => !row.hidden);
  document.body.dataset.told = JSON.stringify({
    widths: pages.map(page => page.documentElement.scrollWidth),
    buttons: page.querySelectorAll("thead button").length,
    sorted: head.getAttribute("aria-sort"),
    sizes: [...page.querySelector(".candidates").tBodies[0].rows].map(row => row.dataset.size),
    filtered: [...new Set(left.map(row => row.dataset.runtime))],
    count: page.querySelector(".tools output").textContent,
    readout: page.querySelector(".readout").textContent,
    scrolled: pages.map(one => [...one.querySelectorAll(".scroll")].filter(
      box => box.scrollWidth > box.clientWidth + 1).map(box => box.ariaLabel)),
    cut: pages.map(one => [...one.querySelectorAll("main :is(td, p, dd, tbody th, li)")].filter(
      box => box.getBoundingClientRect().right > one.documentElement.clientWidth + 1).length),
    highest: pages.map(one => Math.max(...[...one.querySelectorAll(".candidates tbody tr")].map(
      row => row.getBoundingClientRect().height))),
    cells: pages.map(one => [...one.querySelectorAll(".candidates tbody :is(td, th)")].filter(
      box => box.checkVisibility()).reduce(
      (least, box) => Math.min(least, box.getBoundingClientRect().width), 1e9)),
    collided: pages.map(collisions),
    shown: pages.map(one => [...one.querySelectorAll(".pictures img")].map(
      image => [image.naturalWidth, image.getBoundingClientRect().width])),
  });
};
"""


def crowded(run):
    """The run with long notes, and a twin of the chosen that only its affinity tells apart."""
    records = tuple(
        replace(one, notes=(NOTE,)) if one.status == "ok" else one for one in run.records
    )
    best = next(one for one in records if one.recipe_id == run.choices[0].recipe_id)
    recipe = replace(best.recipe, affinity="fastest")
    near = replace(best.latency_ms, p50=6.95, p50_low=6.9, p50_high=7.0)
    twin = replace(
        best, recipe=recipe, recipe_id=recipe.id, latency_ms=near, pictures=(), size_bytes=None
    )
    choice = replace(run.choices[0], front=(*run.choices[0].front, twin.recipe_id))
    return replace(run, records=(*records, twin), choices=(choice, *run.choices[1:]))


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the page says of itself in windows of both widths, and what the console said."""
    folder = tmp_path_factory.mktemp("run")
    names = [(f"s{i}", f"c{i}") for i in range(8)]
    pictures = tuple(picture(*(drawn(folder, one, found=1) for one in pair)) for pair in names)
    run = crowded(with_pictures(folder, pictures))
    source = escaping.escape(render(run, sample_profiles()), quote=True)
    frames = [
        f'<iframe width="{width}" height="800" srcdoc="{source}"></iframe>' for width in WIDTHS
    ]
    page = f"<body>{''.join(frames)}<script>{SCRIPT}</script></body>"
    dom, console = browse(tmp_path_factory.mktemp("browser"), page)
    found = json.loads(escaping.unescape(re.search(r'data-told="([^"]*)"', dom)[1]))
    return {**found, "console": console}


def test_the_console_stays_silent(told):
    assert told["console"] == []


def test_the_page_is_never_wider_than_its_window(told):
    assert all(0 < found <= limit for found, limit in zip(told["widths"], WIDTHS, strict=True))


def test_every_column_is_seen_and_no_row_is_a_tower(told):
    assert told["scrolled"] == [[]] * 3
    assert told["cut"] == [0] * 3
    assert max(told["highest"][1:]) < HIGHEST_ROW
    assert told["highest"][0] < 2 * HIGHEST_ROW  # a card has its figures below each other
    assert min(told["cells"]) > 40


def test_no_label_of_a_chart_is_over_another(told):
    assert told["collided"] == [[]] * 3


def test_a_filter_leaves_what_was_asked_for(told):
    assert told["filtered"] == ["openvino"]
    assert told["count"] == "5 of 12"


def test_pictures_are_there_side_by_side_in_both_widths(told):
    for images, window in zip(told["shown"], WIDTHS, strict=True):
        assert len(images) == 16
        assert {natural for natural, _ in images} == {480}
        assert all(100 < width <= window / 2 for _, width in images)


def test_a_click_on_a_head_sorts_with_the_unknown_last(told):
    assert told["buttons"] == 8 + 5
    assert told["sorted"] == "descending"
    known = [int(size) for size in told["sizes"] if size is not None]
    assert known == sorted(known, reverse=True)
    assert told["sizes"][len(known) :] == [None]


def test_a_point_in_focus_is_read_out(told):
    assert told["readout"].startswith("openvino int8-static (nncf, min-max, per-channel) threads=2")


def test_a_script_that_is_not_the_pages_own_is_refused(tmp_path):
    html = render(sample_run(), sample_profiles())
    html = html.replace("</main>", "</main><script>document.title = 'taken'</script>")
    dom, console = browse(tmp_path, html)
    assert "<title>taken" not in dom
    assert any("Content Security Policy" in line for line in console)


@pytest.mark.parametrize("copies", [1, 5])
def test_a_target_is_printed_on_three_pages(tmp_path, copies):
    run = crowded(sample_run())
    records = [
        replace(one, recipe_id=f"{one.recipe_id}{i}") if i else one
        for i in range(copies)
        for one in run.records
        if one.target == INTEL
    ]
    request = replace(run.request, targets=(INTEL,))
    run = replace(run, request=request, records=tuple(records), choices=run.choices[:1])
    file, printed = tmp_path / "page.html", tmp_path / "page.pdf"
    file.write_text(render(run, sample_profiles()), encoding="utf-8")
    argv = [*command(tmp_path), f"--print-to-pdf={printed}", file.as_uri()]
    subprocess.run(argv, capture_output=True, timeout=60, check=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed.read_bytes())) == 3
