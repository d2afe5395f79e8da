import pytest

from edgeopt.datasets.preparation_asked import EXAMPLE, PreparationAsked
from edgeopt.domain.errors import BadInput


def test_the_example_says_everything():
    said = PreparationAsked.parse(EXAMPLE)
    assert said == PreparationAsked(
        way="letterbox",
        size=(640, 640),
        mean=(0, 0, 0),
        scale=(0.0039216,) * 3,
        order="bgr",
        fill=114,
        filter="bilinear",
        layout="nchw",
    )


def test_what_is_left_out_is_not_said():
    said = PreparationAsked.parse("way=line, size=48x320, mean=1/2/3")
    assert said == PreparationAsked(way="line", size=(48, 320), mean=(1, 2, 3))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("way=leterbox", "way is 'leterbox', none of 'letterbox', .*; did you mean 'letterbox'?"),
        ("way", "expected key=value, but got 'way'"),
        ("fil=1", "unknown field 'fil' .*; did you mean 'fill'?"),
        ("way=crop,way=line", "'way' is given twice"),
        ("order=gbr", "order is 'gbr', none of 'rgb', 'bgr', 'grey'; did you mean"),
        ("filter=lanczos", "filter is 'lanczos', none of"),
        ("layout=chw", "layout is 'chw', none of"),
        ("way=line,size=48x320x3", "height x width as in 48x320, but got '48x320x3'"),
        ("way=line,size=-1", "but got '-1'"),
        ("way=line,size=0", "size must be within 1 and 16,384"),
        ("way=line,size=" + "9" * 400, "size must be at most 16,384"),
        ("way=line,mean=a", "mean must be a number, but got 'a'"),
        ("way=line,mean=1/2", "mean must be one number or three, but got 2"),
        ("way=line,mean=nan", "must be finite"),
        ("way=line,mean=1e300", "at most 1e"),
        ("way=line,scale=0", "a scale of 0 makes all images equal"),
        ("way=line,fill=300", "fill must be within 0 and 255, but got 300"),
        ("way=line,fill=grey", "fill must be a number, but got 'grey'"),
    ],
)
def test_what_cannot_be_meant(text, message):
    with pytest.raises(BadInput, match=message) as caught:
        PreparationAsked.parse(text)
    assert caught.value.hint == f"An example: {EXAMPLE}"
