"""What changed most, on the page: pairs of pictures inside it, and nothing from outside."""

import base64
import html as escaping
import io
import re

import msgspec
import numpy as np
import pytest
from PIL import Image

from edgeopt.domain.picture import Drawn, Picture
from edgeopt.report import html
from edgeopt.report.pictures import MOST_BYTES, Budget, shown
from tests.report.sample import INTEL, sample_run
from tests.report.sample_profiles import sample_profiles


def jpeg(width=480, height=320, seed=None, gray=90):
    rng = np.random.default_rng(seed)
    plain = np.full((height, width, 3), gray, np.uint8)
    pixels = plain if seed is None else rng.integers(0, 256, plain.shape, np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


def drawn(folder, name, content=None, **said):
    (folder / "pictures").mkdir(exist_ok=True)
    content = jpeg(gray=sum(name.encode()) % 256) if content is None else content
    (folder / f"pictures/{name}.jpg").write_bytes(content)
    width, height = Image.open(io.BytesIO(content)).size
    return Drawn(file=f"pictures/{name}.jpg", width=width, height=height, **said)


def picture(source, chosen, name="street.jpg", number=1234, apart=0.5):
    return Picture(number=number, name=name, measure="map", apart=apart, source=source,
                   chosen=chosen)  # fmt: skip


@pytest.fixture
def some(tmp_path):
    return (
        picture(drawn(tmp_path, "a", found=5), drawn(tmp_path, "b", found=3)),
        picture(drawn(tmp_path, "c", jpeg(480, 60), text="abc <i>"),
                drawn(tmp_path, "d", jpeg(480, 60, gray=9), text="x" * 200), name="line <b>.png"),
    )  # fmt: skip


def with_pictures(folder, pictures):
    run = sample_run()
    choice = run.choice(INTEL)
    records = tuple(
        msgspec.structs.replace(one, pictures=pictures)
        if (one.target, one.recipe_id) == (INTEL, choice.recipe_id)
        else one
        for one in run.records
    )
    return msgspec.structs.replace(run, records=records, folder=str(folder))


def test_pairs_say_what_is_found_or_read(some, tmp_path):
    first, second = shown(some, tmp_path, Budget()).pairs
    assert [side.said for side in first.sides] == ["5 found", "3 found"]
    assert (first.place, first.apart) == ("sample 1\u202f234", "they differ by 50.0 points")
    assert first.sides[0].alt == "Source: 5 found"
    assert (first.stacked, second.stacked) == (False, True)  # a line of text is wide
    assert second.sides[0].said == "abc <i>"
    assert len(second.sides[1].said) == 80


def test_one_picture_with_two_texts_stands_there_once(tmp_path):
    line = drawn(tmp_path, "line", jpeg(360, 40), text="abc")
    other = msgspec.structs.replace(line, text="abd")
    budget = Budget()
    [pair] = shown([picture(line, other)], tmp_path, budget).pairs
    assert pair.once
    assert MOST_BYTES - budget.left == len(pair.sides[0].uri)
    page = html.render(with_pictures(tmp_path, (picture(line, other),)), sample_profiles())
    assert page.count("data:image/jpeg") == 1
    assert "<strong>Source</strong> abc" in page
    assert "<strong>Chosen</strong> abd" in page


def test_the_page_has_the_pictures_in_itself_and_escapes_what_is_told(some, tmp_path):
    page = html.render(with_pictures(tmp_path, some), sample_profiles())
    uris = re.findall(r'<img src="([^"]*)"', page)
    assert len(uris) == 4
    for uri, name in zip(uris, "abcd", strict=True):
        kind, _, content = uri.partition(",")
        assert kind == "data:image/jpeg;base64"
        assert base64.b64decode(content) == (tmp_path / f"pictures/{name}.jpg").read_bytes()
    assert "line &lt;b&gt;.png" in page
    assert "<i>" not in page
    assert page.count("What changed most") == 1


def test_the_policy_allows_images_of_data_and_no_more(some, tmp_path):
    page = html.render(with_pictures(tmp_path, some), sample_profiles())
    policy = escaping.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["img-src"] == "data:"
    assert rules["default-src"] == "'none'"
    assert set(rules) == {
        "default-src", "style-src", "script-src", "img-src", "base-uri", "form-action"
    }  # fmt: skip


def test_a_page_of_noise_stays_below_one_and_a_half_megabytes(tmp_path):
    noise = [drawn(tmp_path, f"n{i}", jpeg(480, 480, seed=i)) for i in range(16)]
    pictures = tuple(picture(*noise[i : i + 2]) for i in range(0, 16, 2))
    budget = Budget()
    found = shown(pictures, tmp_path, budget)
    assert 0 < len(found.pairs) < 8
    assert "would make the page too large" in found.left
    page = html.render(with_pictures(tmp_path, pictures), sample_profiles())
    bare = html.render(with_pictures(tmp_path, ()), sample_profiles())
    assert len(page) - len(bare) < 1_500_000
    assert budget.left >= 0
    # What is left of the budget serves the next target.
    assert len(shown(pictures, tmp_path, Budget(MOST_BYTES // 3)).pairs) < len(found.pairs)


def test_what_is_no_picture_of_the_runs_folder_is_left_out_and_told(tmp_path):
    inside = tmp_path / "run"
    inside.mkdir()
    good = drawn(inside, "a")
    outside = drawn(tmp_path, "secret")
    (inside / "pictures/text.jpg").write_text("no picture", "utf-8")
    others = ("../pictures/secret.jpg", str(tmp_path / outside.file), "pictures/text.jpg", "gone",
              "pictures")  # fmt: skip
    wrong = [msgspec.structs.replace(good, file=file) for file in others]
    found = shown([picture(good, one) for one in wrong], inside, Budget())
    assert found.pairs == ()
    assert found.left == "The files of 5 more are not in the run's folder."
    page = html.render(with_pictures(inside, (picture(good, wrong[0]),)), sample_profiles())
    assert "<img" not in page
    assert "data:image" not in page


def test_nothing_is_said_where_nothing_changed(tmp_path):
    assert shown((), tmp_path, Budget()) is None
    assert "What changed most" not in html.render(sample_run(), sample_profiles())
