"""An artifact is what its folder holds only if every file is what was kept of it."""

import hashlib
import json

import msgspec
import pytest

from edgeopt.domain.artifact import Artifact
from edgeopt.domain.recipe import Recipe
from edgeopt.store.artifact_files import NotWhole
from edgeopt.store.run_folder import RunFolder

RECIPE = Recipe(runtime="openvino", precision="fp32", threads=1)
FILES = {"model.xml": b"graph", "model.bin": bytes(range(200))}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def folder(tmp_path):
    """A run's folder with an artifact of two files."""
    made = tmp_path / "made"
    made.mkdir()
    for name, data in FILES.items():
        (made / name).write_bytes(data)
    files = {name: sha256(data) for name, data in FILES.items()}
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
    artifact = Artifact(
        recipe=RECIPE, path=f"artifacts/{RECIPE.conversion_id}/model.xml", files=files,
        sha256=sha256(lines.encode()), size_bytes=205, inputs=(), outputs=(),
        source_sha256="a" * 64, tools={}, convert_s=1.0,
    )  # fmt: skip
    store = RunFolder(tmp_path / "run")
    store.keep_artifact(artifact, made)
    return store


def manifest(folder, **changes):
    path = folder.artifact_folder(RECIPE.conversion_id) / "artifact.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def refused(folder):
    assert folder.artifact(RECIPE.conversion_id) is None
    with pytest.raises(NotWhole) as caught:
        folder.whole_artifact(RECIPE.conversion_id)
    return str(caught.value)


def test_files_are_read_once(folder, monkeypatch):
    monkeypatch.setattr("edgeopt.store.artifact_files.sha256_file", lambda path: "read again")
    assert folder.artifact(RECIPE.conversion_id) is not None, "they were hashed when it was made"
    (folder.artifact_folder(RECIPE.conversion_id) / "model.xml").touch()
    assert folder.artifact(RECIPE.conversion_id) is None


def test_three_changed_weights_are_noticed(folder):
    assert folder.artifact(RECIPE.conversion_id) is not None
    path = folder.artifact_folder(RECIPE.conversion_id) / "model.bin"
    data = bytearray(path.read_bytes())
    data[10:13] = b"abc"
    path.write_bytes(data)
    assert refused(folder) == "model.bin is not what the run made: it has another SHA-256"


def test_a_file_that_is_gone(folder):
    (folder.artifact_folder(RECIPE.conversion_id) / "model.bin").unlink()
    assert refused(folder) == "its files are gone from the run's folder"


@pytest.mark.parametrize("name", ["../../secret", "/etc/passwd", "a/../../b", "", "a\\b", "a\0b"])
def test_a_name_outside_of_its_folder(folder, name):
    manifest(folder, files={name: "a" * 64, "model.xml": sha256(b"graph")})
    assert refused(folder).startswith("it names a file outside of its folder (")


@pytest.mark.parametrize("path", ["../evil.onnx", "/etc/passwd", "artifacts/other/model.xml"])
def test_what_is_opened_is_one_of_its_own_files(folder, path):
    manifest(folder, path=path)
    assert refused(folder) == f"its file is none of its own ({path!r})"


def test_a_link_to_elsewhere(folder, tmp_path):
    (tmp_path / "elsewhere").write_bytes(FILES["model.bin"])
    path = folder.artifact_folder(RECIPE.conversion_id) / "model.bin"
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    assert refused(folder) == "model.bin is a link to a file elsewhere"


def test_a_folder_that_is_a_link_to_elsewhere(folder, tmp_path):
    place = folder.artifact_folder(RECIPE.conversion_id)
    place.rename(tmp_path / "moved")
    place.symlink_to(tmp_path / "moved", target_is_directory=True)
    assert refused(folder) == "model.xml is a link to a file elsewhere"


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff", b"[" * 10_000, b'{"files": 3}'])
def test_a_manifest_that_is_none(folder, text):
    (folder.artifact_folder(RECIPE.conversion_id) / "artifact.json").write_bytes(text)
    assert refused(folder) == "its artifact.json cannot be read"


def test_a_manifest_that_states_another_hash(folder):
    manifest(folder, sha256="b" * 64)
    assert refused(folder) == "its artifact.json states another SHA-256 than its files have"


def test_a_manifest_of_another_recipe(folder):
    manifest(folder, recipe=msgspec.to_builtins(Recipe(runtime="openvino", precision="fp16")))
    assert refused(folder) == "its artifact.json is of another recipe"
