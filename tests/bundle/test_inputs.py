"""What a bundle takes and what it answers: the same as the intake, in the source's own types."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgeopt.bundle.write import write
from edgeopt.datasets.check import check
from edgeopt.datasets.samples import Samples
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.errors import BadInput
from edgeopt.domain.fold import Fold, FoldedInput
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import SourceFacts
from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.runtimes import fitting

pytestmark = pytest.mark.slow  # seconds of a core

SHAPE = (1, 4, 6, 3)  # a folded image: channels last
FOLD = Fold(input=FoldedInput(name="image", mean=(127.0,), scale=(0.5,), layout="nhwc"))
KINDS = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT, "int64": TensorProto.INT64}


def bundle(folder: Path, dtype: str, fold: Fold | None = None) -> Path:
    """image [1, 4, 6, 3] -> the best of its last axis, int32 in the file, int64 in the source."""
    value = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Cast", ["image"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("ArgMax", ["f"], ["wide"], axis=3, keepdims=0),
        helper.make_node("Cast", ["wide"], ["class"], to=TensorProto.INT32),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [value("image", KINDS[dtype], SHAPE)],
        [value("class", TensorProto.INT32, SHAPE[:3])],
    )
    folder.mkdir()
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "m.onnx"))
    recipe = Recipe(runtime="onnxruntime", precision="fp32", threads=1)
    image = Binding(source="image", name="image", index=0, dtype=dtype, shape=SHAPE)
    best = Binding(source="class", name="class", index=0, dtype="int32", shape=SHAPE[:3])
    artifact = Artifact(
        recipe=recipe, path="a/m.onnx", files={"m.onnx": ""}, sha256="", size_bytes=0,
        inputs=(image,), outputs=(best,), source_sha256="", tools={}, convert_s=0.0,
    )  # fmt: skip
    facts = SourceFacts(
        path="m.onnx", format="onnx", sha256="", size_bytes=0, operators={}, fold=fold,
        inputs=(TensorSpec(name="image", dtype=dtype, shape=SHAPE),),
        outputs=(TensorSpec(name="class", dtype="int64", shape=SHAPE[:3]),),
    )  # fmt: skip
    record = Record(
        target="t", device="local", runtime="onnxruntime", precision="fp32", recipe_id=recipe.id,
        recipe=recipe, status="ok", step=None,
    )  # fmt: skip
    write(folder / "bundle", record, artifact, folder, facts, {})
    return folder / "bundle"


def ask(bundle: Path, folder: Path, **arrays: np.ndarray) -> subprocess.CompletedProcess[str]:
    np.savez(folder / "in.npz", **arrays)
    command = [sys.executable, "-I", bundle / "run.py", "in.npz", "out.npz"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def folded(tmp_path_factory):
    return bundle(tmp_path_factory.mktemp("folded") / "b", "uint8", FOLD)


def pixels(n: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, *SHAPE[1:]))


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(pixels().astype(np.uint8), id="as it is"),
        pytest.param(pixels().astype(np.uint8)[:, None], id="with the batch axis"),
        pytest.param(pixels().astype(np.int64), id="integers that fit"),
    ],
)
def test_a_folded_bundle_takes_pixels_and_answers_in_the_sources_type(folded, tmp_path, array):
    done = ask(folded, tmp_path, whatever=array)
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "out.npz") as found:
        assert found["class"].dtype == np.int64
        batch = (1,) if array.ndim == 1 + len(SHAPE) else ()  # as the images came
        assert found["class"].shape == (3, *batch, *SHAPE[1:3])
        answered = found["class"].reshape(3, *SHAPE[1:3])
        np.testing.assert_array_equal(answered, pixels().argmax(-1))


@pytest.mark.parametrize(
    ("array", "got", "why"),
    [
        (pixels() / 255.0, "float64 [3, 4, 6, 3]", "'image' holds float64, but the model takes u"),
        (pixels().astype(np.float32), "float32 [3, 4, 6, 3]", "'image' holds float32, but the mo"),
        (np.moveaxis(pixels(), 3, 1), "int64 [3, 3, 4, 6]", "in another order: transpose them"),
        (pixels().reshape(3, -1), "int64 [3, 72]", "'image' has shape [3, 72], but the model tak"),
        (pixels()[0], "int64 [4, 6, 3]", "The first axis counts the samples"),
        (pixels() - 1000, "int64 [3, 4, 6, 3]", "values from -1000 to -745, which do not fit the"),
        (pixels() + 3, "int64 [3, 4, 6, 3]", "which do not fit the model's uint8"),
        (np.empty((0, 4, 6, 3), np.uint8), "", "there are no samples"),
    ],
)
def test_what_does_not_fit_is_an_error_that_says_what_is_wanted(folded, tmp_path, array, got, why):
    done = ask(folded, tmp_path, image=array)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert why in done.stderr
    if got:
        assert (
            "wanted: image: uint8 [n, 4, 6, 3], pixels from 0 to 255, not normalised" in done.stderr
        )
        assert f"; got: {got}\n" in done.stderr
    assert not (tmp_path / "out.npz").exists()


def test_an_input_that_is_not_there(folded, tmp_path):
    done = ask(folded, tmp_path, imag=pixels(), other=pixels(), labels=np.arange(3))
    assert done.returncode == 1
    assert "given: 'imag', 'other'" in done.stderr
    assert done.stderr.startswith("inputs missing: image\n  wanted: image: uint8 [n, 4, 6, 3], pix")


@pytest.mark.parametrize("beside", [{}, {"labels": np.arange(3)}, {"light": np.array(["a"] * 3)}])
def test_a_lone_array_fits_under_any_name(folded, tmp_path, beside):
    done = ask(folded, tmp_path, imag=pixels(), **beside)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone.npz", "no such file"),
        (".", "cannot be read as .npz: it is a folder"),
        ("text.npz", "cannot be read as .npz: not a zip archive"),
    ],
)
def test_what_is_no_file_of_arrays_is_one_sentence(folded, tmp_path, name, said):
    (tmp_path / "text.npz").write_text("x")
    command = [sys.executable, "-I", folded / "run.py", name, "out.npz"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"{name}: {said}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("where", ["gone/out.npz", "."])
def test_answers_that_cannot_be_written_are_said(folded, tmp_path, where):
    np.savez(tmp_path / "in.npz", image=pixels())
    command = [sys.executable, "-I", folded / "run.py", "in.npz", where]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"'{where}'" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.npz"]


def test_answers_lie_where_they_were_asked_for(folded, tmp_path):
    np.savez(tmp_path / "in.npz", image=pixels())
    command = [sys.executable, "-I", folded / "run.py", "in.npz", "answers"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers", "in.npz"]


def test_a_name_in_the_file_moves_no_cursor(folded, tmp_path):
    with zipfile.ZipFile(tmp_path / "in.npz", "w") as archive:
        archive.writestr("\x1b[2J\u202eimage", b"")
    command = [sys.executable, "-I", folded / "run.py", "in.npz", "out.npz"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "is no array" in done.stderr
    assert done.stderr.replace("\n", "").isprintable()


RNG = np.random.default_rng(1)
GIVEN = {
    "float64": RNG.normal(size=(2, 4, 6, 3)),
    "float16": RNG.normal(size=(2, 4, 6, 3)).astype(np.float16),
    "too large": RNG.normal(size=(2, 4, 6, 3)) * 1e300,
    "nan": np.where(RNG.random((2, 4, 6, 3)) < 0.1, np.nan, 0.0),
    "integers": RNG.integers(0, 99, (2, 1, 4, 6, 3)),
    "large integers": RNG.integers(0, 2**40, (2, 4, 6, 3)),
    "booleans": RNG.random((2, 4, 6, 3)) < 0.5,
    "words": np.full((2, 4, 6, 3), "a"),
    "channels first": RNG.normal(size=(2, 3, 4, 6)),
    "flat": RNG.normal(size=(2, 72)).astype(np.float32),
    "a number": np.float32(3),
}


@pytest.mark.parametrize("dtype", KINDS)
def test_a_bundle_takes_what_the_intake_takes(tmp_path, dtype):
    made = bundle(tmp_path / "b", dtype)
    spec = TensorSpec(name="image", dtype=dtype, shape=SHAPE)
    np.savez(tmp_path / "all.npz", **{name.replace(" ", "_"): a for name, a in GIVEN.items()})
    (tmp_path / "use.py").write_text(
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import numpy as np\n"
        "from run import Model, Unfit\n"
        "model = Model()\n"
        "for name, array in np.load('all.npz').items():\n"
        "    try:\n"
        "        print(name, model({'image': array})['class'].dtype)\n"
        "    except Unfit:\n"
        "        print(name, 'refused')\n"
    )
    command = [sys.executable, "-I", "use.py", made]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = [f"{name.replace(' ', '_')} {fits_at_intake(array, spec)}" for name, array in
            GIVEN.items()]  # fmt: skip
    assert done.stdout.splitlines() == told
    assert {line.split()[1] for line in told} == {"int64", "refused"}


def fits_at_intake(array: np.ndarray, spec: TensorSpec) -> str:
    try:
        check(Samples({"image": np.atleast_1d(array)}), (spec,), "data")
    except BadInput:
        return "refused"
    return "int64"


@pytest.mark.parametrize(
    ("shape", "said"),
    [((2, 4, 9, 3), True), ((2, 1, 4, 9, 3), True), ((2, 4, 6, 4), False), ((2, 4, 6), False)],
)
def test_an_axis_that_the_original_leaves_open_is_named(shape, said):
    image = {"source": "image", "original_dtype": "float32", "original_shape": list(SHAPE),
             "note": "", "open_axes": {2: "width"}}  # fmt: skip
    with pytest.raises(fitting.Unfit) as caught:
        fitting.fit_all({"image": np.zeros(shape, np.float32)}, [image])
    words = "The original takes any size of axis 2 (width); this file was made for 6. Make another"
    assert (words in str(caught.value)) == said
    assert f"got: float32 {list(shape)}" in str(caught.value)
