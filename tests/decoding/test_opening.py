"""Images and sounds are opened in a bundle as they are for a score."""

from __future__ import annotations

import struct
import sys
import types
import wave

import numpy as np
import pytest
from PIL import Image

from edgeopt.datasets.annotations import upright
from edgeopt.decoding import opening, rolling, wave_file

RNG = np.random.default_rng(0)


def colours():
    return Image.fromarray(RNG.integers(0, 255, (12, 20, 3), np.uint8))


@pytest.mark.parametrize("number", range(10))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_an_image_is_upright_as_for_the_score(tmp_path, number, suffix):
    exif = Image.Exif()
    exif[0x0112] = number
    path = tmp_path / f"a{suffix}"
    colours().save(path, exif=exif)
    expected = upright.open_image(path).convert("RGB")
    found = opening.open_image(path)
    assert found.size == expected.size
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    colours().convert(mode).save(tmp_path / "a.png")
    assert opening.open_image(tmp_path / "a.png").mode == "RGB"


def test_sixteen_bits_are_not_clipped(tmp_path):
    deep = np.array([[0, 257, 30000, 65535]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "a.png")
    found = np.asarray(opening.open_image(tmp_path / "a.png"))
    assert found[0, :, 0].tolist() == [0, 1, 117, 255]


@pytest.mark.parametrize("content", [b"", b"no image", b"\xff\xd8\xff\xe0" * 9])
def test_what_is_no_image_is_said(tmp_path, content):
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(opening.NoImage, match=r"a\.jpg: cannot be read as an image"):
        opening.open_image(tmp_path / "a.jpg")


def test_a_folder_is_its_images_in_order(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("b.JPG", "a.png", "sub/c.webp", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    names = [str(one.relative_to(tmp_path)) for one in opening.files(tmp_path)]
    assert names == ["a.png", "b.JPG", "sub/c.webp"]
    assert opening.files(tmp_path / "a.png") == [tmp_path / "a.png"]


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(opening.NoImage, match="there is no such file or folder"):
        opening.files(tmp_path / "gone")
    with pytest.raises(opening.NoImage, match="no image lies there"):
        opening.files(tmp_path)


def test_a_camera_is_read_until_it_ends(monkeypatch):
    frames = [RNG.integers(0, 255, (4, 6, 3), np.uint8) for _ in range(3)]
    opened = []

    class Capture:
        def __init__(self, number):
            self.left, self.number, self.released = list(frames), number, False
            opened.append(self)

        def read(self):
            return (True, self.left.pop(0)) if self.left else (False, None)

        def release(self):
            self.released = True

    monkeypatch.setitem(sys.modules, "cv2", types.SimpleNamespace(VideoCapture=Capture))
    found = [np.asarray(one) for one in opening.camera(2)]
    np.testing.assert_array_equal(found, [frame[..., ::-1] for frame in frames])
    assert (opened[0].number, opened[0].released) == (2, True)
    frames.clear()
    with pytest.raises(opening.NoImage, match="camera 2 gives no picture"):
        next(opening.camera(2))


def test_a_camera_without_opencv_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(opening.NoImage, match="pip install opencv-python-headless"):
        next(opening.camera(0))


def written(path, values, width, channels=1, rate=16000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(values)
    return path


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_a_wave_is_within_one(tmp_path, width):
    wanted = np.array([-1, -0.5, 0, 0.25, 0.5])
    whole = np.round(wanted * 2 ** (8 * width - 1)).astype(np.int64)
    stored = whole + 128 if width == 1 else whole
    raw = b"".join(int(v).to_bytes(width, "little", signed=width > 1) for v in stored)
    found, rate = wave_file.read_wave(written(tmp_path / "a.wav", raw, width))
    assert (found.dtype, rate) == (np.float32, 16000)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_channels_are_averaged(tmp_path):
    both = np.array([[100, 300], [-200, 200]], "<i2").tobytes()
    found, _ = wave_file.read_wave(written(tmp_path / "a.wav", both, 2, channels=2))
    np.testing.assert_allclose(found, [200 / 2**15, 0])


def test_what_is_no_wave_is_said(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(wave_file.NoWave, match="cannot be read as"):
        wave_file.read_wave(tmp_path / "a.wav")
    with pytest.raises(wave_file.NoWave, match="44100 samples a second, and the model takes 16000"):
        wave_file.require_rate("a.wav", 44100, 16000)
    wave_file.require_rate("a.wav", 44100, None)


def test_steps_look_back_into_silence():
    signal = np.arange(1, 9, dtype=np.float32)
    expected = [[0, 1, 2, 3], [3, 4, 5, 6]]
    assert wave_file.steps(signal, 4, 1)[:2].tolist() == expected
    assert wave_file.steps(signal, 4).tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    with pytest.raises(rolling.TooShort, match="8 values is shorter than a step of 9"):
        wave_file.steps(signal, 9)
    assert wave_file.fitted(signal, 3).tolist() == [1, 2, 3]
    assert wave_file.fitted(signal, 10).tolist() == [*range(1, 9), 0, 0]


@pytest.mark.parametrize(("width", "rate"), [(5, 16000), (6, 16000), (8, 16000), (2, 0)])
def test_a_wave_of_other_widths_or_of_no_rate_is_said(tmp_path, width, rate):
    path = written(tmp_path / "a.wav", bytes(4 * width), 2)
    raw = bytearray(path.read_bytes())
    raw[24:28], raw[32:36] = struct.pack("<I", rate), struct.pack("<HH", width, 8 * width)
    path.write_bytes(raw)
    with pytest.raises(wave_file.NoWave, match=f"{8 * width} bits a value at {rate} values"):
        wave_file.read_wave(path)
