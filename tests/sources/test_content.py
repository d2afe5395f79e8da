"""A model's format by its content, where its suffix does not tell."""

import zipfile

import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.sources import content, formats

TORCHSCRIPT = ("m/constants.pkl", "m/code/__torch__.py", "m/data.pkl")


def archive(path, names):
    with zipfile.ZipFile(path, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return path


@pytest.mark.parametrize(
    ("names", "format"),
    [
        (TORCHSCRIPT, "torchscript"),
        (("m/archive_format", "m/models/model.json"), "pt2"),
        (("config.json", "metadata.json", "model.weights.h5"), "keras"),
        (("schema.json", "1.npy"), "skops"),
        (("m/data.pkl", "m/data/0"), None),  # weights alone, as torch.save writes them
    ],
)
@pytest.mark.parametrize("suffix", [".torchscript", ".bin", ""])
def test_an_archive(tmp_path, names, format, suffix):
    path = archive(tmp_path / f"m{suffix}", names)
    assert content.known(path) == format
    if format:
        assert formats.recognise(path) == format
    else:
        with pytest.raises(BadInput, match="a suffix that is not known"):
            formats.recognise(path)


@pytest.mark.parametrize(
    ("head", "format"), [(b"\0\0\0\0TFL3", "tflite"), (b"\x89HDF\r\n\x1a\n", "h5"), (b"PK", None)]
)
def test_a_mark(tmp_path, head, format):
    path = tmp_path / "m.model"
    path.write_bytes(head + b"\0" * 64)
    assert content.known(path) == format


def test_a_known_suffix_is_held_to(tmp_path):
    """A file that is not what its suffix says is refused, not taken for something else."""
    path = archive(tmp_path / "m.onnx", TORCHSCRIPT)
    assert formats.recognise(path) == "onnx"  # its reader says that it is none
    path = archive(tmp_path / "m.keras", TORCHSCRIPT)
    with pytest.raises(BadInput, match="is no Keras 3 model"):
        formats.recognise(path)
    assert formats.recognise(archive(tmp_path / "m.pt", TORCHSCRIPT)) == "torchscript"


def test_each_program_has_a_safer_form():
    assert {name for name, one in formats.FORMATS.items() if one.program} == set(formats.SAFER)
