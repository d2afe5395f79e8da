"""A Dask scheduler that is killed in mid-study, and started anew at the same address."""

import contextlib
import os
import signal
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import edgeopt
from edgeopt.tuning.scheduler import LocalCluster
from tests.tuning import nets

pytest.importorskip("distributed", reason="pip install 'edgeopt[distributed]'")
NOTES, PID = "NETS_NOTES", "RESTART_PID"


class AtOnePort(LocalCluster):
    """As somebody's own: a scheduler at a fixed port, and workers that a service starts anew."""

    def start(self):
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]
        self._address = f"tcp://127.0.0.1:{self.port}"
        self.begin()
        (self.folder / "pid").write_text(str(self._processes["scheduler"].pid))
        self.ended = threading.Event()
        self.service = threading.Thread(target=self.serve)
        self.service.start()
        return self._address

    def begin(self):
        words = ("--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        self._start("scheduler", "distributed.cli.dask_scheduler", *words)

    def serve(self):
        """Whoever has ended is started anew: workers end with their scheduler."""
        while not self.ended.wait(0.5):
            if self._processes["scheduler"].poll() is not None:
                self.begin()
            self.tend()

    def close(self):
        self.ended.set()
        self.service.join()
        super().close()


def grid(trial):
    """Six networks."""
    width = trial.suggest_categorical("width", [8, 32, 128])
    trial.suggest_categorical("ridge", [0.01, 1.0])
    return nets.save(width, np.zeros((width, 10)))


def train(model, trial, report):
    """The scheduler is killed while this trains the third network."""
    pid = Path(os.environ[PID])
    if trial.number == 2 and pid.exists():
        time.sleep(0.5)  # that it has begun is known
        os.kill(int(pid.read_text()), signal.SIGKILL)
        pid.unlink()
    return nets.train(model, trial, report)


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    monkeypatch.setenv(NOTES, str(tmp_path / "notes"))
    monkeypatch.setenv(PID, str(tmp_path / "pid"))
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path / "cache"))
    made = AtOnePort(2, (), tmp_path / "log", tmp_path)
    made.address = made.start()
    yield made
    made.close()


@pytest.mark.slow
def test_what_was_under_way_is_tried_again_when_the_scheduler_is_back(tmp_path, cluster):
    said = []

    study = edgeopt.tune(
        grid, train, nets.judged(), "this-machine", out=tmp_path / "study",
        sampler="grid", trials=20, form="onnxruntime fp32", bundle=False, score_by="reported",
        objectives=("score",), scheduler=cluster.address,
        progress=lambda what, done=0, total=0: said.append(what),
    )  # fmt: skip
    assert f"the scheduler {cluster.address} is gone; waiting for it" in said
    assert [(one.state, one.why) for one in study.trials] == [("complete", "")] * 6
    assert len({str(one.params) for one in study.trials}) == 6
    assert study.trials[2].attempts == 2
    trained = (tmp_path / "notes").read_text().split()[1::2]
    for one in study.trials:
        times = trained.count(str(one.number))
        assert 1 <= times <= one.attempts + 1  # one more was not heard of before the end
        assert (tmp_path / "study" / one.network).is_file()
