"""Each format's broken files: refused in one sentence, before and without any code in them."""

import zipfile

import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.sources import formats
from tests.sources import tiny_onnx

HOLE = 2 << 30  # bytes of a file that takes no room on the disk

#: Suffix -> the sentence about a file of text, of zeros (a hole of 2 GB), of half its length.
NO = {
    ".onnx": ("is not an ONNX model, or it is truncated",) * 3,
    ".pt2": ("is no exported program: it is not a zip archive, or it is truncated",) * 3,
    ".tflite": ("is no LiteRT (TFLite) model: its first bytes are others",) * 2
    + ("does not open in LiteRT: ",),
    ".keras": ("is no Keras 3 model: it is not a zip archive, or it is truncated",) * 3,
    ".h5": ("is no HDF5 file: its first bytes are others",) * 2
    + ("is no model that Keras 3.15.1 reads: ",),
    ".skops": ("is no skops file: it is not a zip archive, or it is truncated",) * 3,
    ".joblib": ("cannot be read: ", "is not a pickle, or it is truncated", "cannot be read: "),
    ".pkl": ("cannot be read: ", "is not a pickle, or it is truncated", "cannot be read: "),
    ".pt": (
        "cannot be unpickled: ",
        "is not a pickle, or it is truncated",
        "cannot be unpickled: ",
    ),
}


def refusal(call, path, **arguments):
    with pytest.raises(BadInput) as caught:
        call(path, **arguments)
    said = caught.value.args[0]
    assert said.startswith(str(path))
    assert "\n" not in said
    assert "Traceback" not in said
    assert caught.value.exit_code == 2
    return said.removeprefix(f"{path} ")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Suffix -> a good file of it."""
    place = tmp_path_factory.mktemp("whole")
    import joblib
    from skops import io

    from tests.sources import tiny_estimators, tiny_keras, tiny_torch

    files = {suffix: place / f"m{suffix}" for suffix in NO}
    tiny_onnx.save(tiny_onnx.mlp(), files[".onnx"])
    tiny_torch.export(tiny_torch.Mlp(), files[".pt2"], tiny_torch.torch.zeros(1, 4))
    tiny_torch.torch.save(tiny_torch.Mlp(), files[".pt"])
    model = tiny_keras.images()
    model.save(files[".keras"])
    model.save(files[".h5"])
    tiny_keras.half(model, files[".tflite"])
    io.dump(tiny_estimators.components(), files[".skops"])
    joblib.dump(tiny_estimators.components(), files[".joblib"])
    joblib.dump(tiny_estimators.components(), files[".pkl"])
    return files


def test_the_table_has_every_suffix():
    others = {".pth": ".pt", ".hdf5": ".h5"}
    assert set(NO) == set(formats.SUFFIXES) - set(others)
    for suffix, same in others.items():
        assert formats.SUFFIXES[suffix] == formats.SUFFIXES[same]


@pytest.mark.parametrize("suffix", formats.SUFFIXES)
def test_missing_empty_or_a_folder(tmp_path, inspect, suffix):
    path = tmp_path / f"m{suffix}"
    with pytest.raises(BadInput, match=r"there is no file .*m\.\w+\."):
        inspect(path)
    path.write_bytes(b"")
    assert refusal(inspect, path) == "is empty."
    path.unlink()
    path.mkdir()
    assert refusal(inspect, path) == "is a folder, not a model file."


@pytest.mark.parametrize("suffix", NO)
def test_a_hole_of_two_gigabytes(tmp_path, inspect, suffix):
    path = tmp_path / f"m{suffix}"
    with path.open("wb") as file:
        file.truncate(HOLE)
    assert refusal(inspect, path, trust=True).startswith(NO[suffix][1])


@pytest.mark.slow
@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize("suffix", NO)
def test_text_and_half_a_file(tmp_path, inspect, whole, suffix):
    text, _, half = NO[suffix]
    path = tmp_path / f"m{suffix}"
    path.write_text("this is no model\n" * 10)
    assert refusal(inspect, path, trust=True).startswith(text)
    content = whole[suffix].read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert refusal(inspect, path, trust=True).startswith(half)


@pytest.mark.slow
@pytest.mark.usefixtures("at_home")
def test_every_whole_file_is_taken(inspect, whole):
    for path in whole.values():
        assert inspect(path, trust=True).inputs


@pytest.mark.parametrize("suffix", [".keras", ".skops"])
def test_another_archive(tmp_path, inspect, suffix):
    path = tmp_path / f"m{suffix}"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert ": there is no " in refusal(inspect, path)


@pytest.mark.slow
@pytest.mark.usefixtures("at_home")
def test_a_saved_model_without_its_weights_or_with_half_its_graph(tmp_path, inspect):
    from tests.sources import tiny_keras

    folder = tiny_keras.two_signatures(tmp_path / "model")
    graph = folder / formats.SAVED_MODEL
    graph.write_bytes(graph.read_bytes()[:200])
    assert refusal(inspect, folder, trust=True).startswith("is no SavedModel that TensorFlow ")
    graph.write_bytes(b"")
    assert refusal(inspect, folder, trust=True).startswith("is no SavedModel that TensorFlow ")
