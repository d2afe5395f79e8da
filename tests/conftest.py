import os
import subprocess
import sys
from pathlib import Path

# Hundreds of children import numpy, two at a time: OpenBLAS would start a thread for each core in
# every one of them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# What one test converts or measures is not taken for another's.
os.environ["EDGEOPT_RESULTS"] = "off"

import numpy as np
import pytest
from hypothesis import settings

# Fixtures that several rooms ask for: models of digits, machines and GPUs that are not at hand.
pytest_plugins = ("tests.pipeline.digits", "tests.runner.fake_tree", "tests.runtimes.gpu")

TESTS = Path(__file__).parent

#: What takes longest is begun first: two processes that share the files then end together.
LONGEST = ("pipeline", "benchmarking", "conformance", "bundle", "compress", "convert", "sources")

#: Folders whose files share what takes long to make: one process runs them all.
TOGETHER = ("compress", "conformance")

# The machine that runs the tests may be measuring at the same time: no deadlines.
settings.register_profile("edgeopt", max_examples=25, deadline=None)
settings.load_profile("edgeopt")


def pytest_collection_modifyitems(items):
    def rank(item):
        folder = item.path.relative_to(TESTS).parts[0]
        return (*LONGEST, folder).index(folder)

    items.sort(key=rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file goes to one process, and so does a folder that is named in `TOGETHER`."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = Path(super()._split_scope(nodeid))
            return file.parent.name if file.parent.name in TOGETHER else str(file)

    return Scheduling(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """How a process that ran tests died: xdist does not say."""
    if error:
        code = node.gateway._io.popen.wait(10)
        sys.stderr.write(f"\n{node.gateway.id} ended with {code} (a signal where below 0)\n")


@pytest.fixture
def mount():
    """Mounts a disk in memory on a folder, made where it is missing: tmpfs with some options.

    It is gone when the test ends.
    """
    places = []

    def mounted(place: Path, options: str) -> Path:
        place.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "edgeopt-test", str(place)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"a disk ({options}) cannot be mounted: {done.stderr.strip()}")
        places.append(place)
        return place

    yield mounted
    for place in places:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture(scope="module")
def warm_children():
    """Children are forked from what earlier ones imported, as those of one call of edgeopt are."""
    from edgeopt.jobs import warm

    with warm.children():
        yield


@pytest.fixture(scope="session")
def save_line():
    """Writes y = 2 x + 1 for x[1, 3], as ONNX, to a path."""
    onnx = pytest.importorskip("onnx")

    def save(path: Path) -> Path:
        tensor, node = onnx.helper.make_tensor_value_info, onnx.helper.make_node
        numbers = [
            onnx.numpy_helper.from_array(np.float32([value]), name)
            for name, value in (("two", 2), ("one", 1))
        ]
        graph = onnx.helper.make_graph(
            [node("Mul", ["x", "two"], ["double"]), node("Add", ["double", "one"], ["y"])],
            "line",
            [tensor("x", onnx.TensorProto.FLOAT, [1, 3])],
            [tensor("y", onnx.TensorProto.FLOAT, [1, 3])],
            numbers,
        )
        opset = onnx.helper.make_opsetid("", 17)
        onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8), path)
        return path

    return save
