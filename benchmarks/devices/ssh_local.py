"""One artifact here and over ssh to this same machine, in one interleaved schedule.

    python -m benchmarks.devices.ssh_local [MODEL] [--launches 8] [--rounds 20] [--out FILE]

The arms: here, here again (the schedule's own noise), over an sshd on the loopback, and over
the same with 100 ms added to each direction. All are runners of the same code on the same
processor, alive at once, with blocks in random order; so the ratios tell what the link does to
what is measured. It should be nothing: the times are taken in the runner. MODEL is a file that
`edgeopt bench` takes, alone in its folder; without one, a small convolutional net is made.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from msgspec.structs import asdict

from benchmarks.devices.slow_link import SlowLink
from benchmarks.devices.sshd import HOST, Sshd
from edgeopt.benchmarking.opened_files import Opened, open_files
from edgeopt.devices.device import Device
from edgeopt.devices.local import Local
from edgeopt.devices.ssh import Ssh
from edgeopt.harness.answering import open_session
from edgeopt.harness.budget import STANDARD, Budget
from edgeopt.harness.client import Client
from edgeopt.harness.figures import latency
from edgeopt.harness.timed import Block, Launch, Measurement, Timed
from edgeopt.harness.verdicts import compare, noise

HERE, AGAIN, NEAR, FAR = "here", "here again", "ssh", "ssh, 200 ms away"
DELAY_S = 0.1  # each way
LIMIT_S = 120.0


def small_net(path: Path) -> None:
    """Four convolutions on 3 x 64 x 64 in ONNX, some tenths of a millisecond."""
    import onnx
    from onnx import helper, numpy_helper

    rng, nodes, weights, last = np.random.default_rng(0), [], [], "x"
    for i, (inner, outer) in enumerate(((3, 16), (16, 32), (32, 32), (32, 64))):
        kernel = rng.standard_normal((outer, inner, 3, 3)).astype(np.float32) / (3 * inner)
        weights.append(numpy_helper.from_array(kernel, f"w{i}"))
        nodes.append(helper.make_node("Conv", [last, f"w{i}"], [f"c{i}"], strides=[2, 2]))
        nodes.append(helper.make_node("Relu", [f"c{i}"], [f"r{i}"]))
        last = f"r{i}"
    make = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "small",
        [make("x", onnx.TensorProto.FLOAT, [1, 3, 64, 64])],
        [make(last, onnx.TensorProto.FLOAT, [1, 64, 3, 3])],
        weights,
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), path)


def launch(
    devices: dict[str, Device], opened: Opened, session: Measurement, rng: random.Random, log: Path
) -> None:
    """Fresh processes on every device; then rounds of one block each, in random order."""
    subject, budget = opened.subjects[0], session.budget
    with contextlib.ExitStack() as stack:
        arms = []
        for name in rng.sample(list(devices), len(devices)):
            client = stack.enter_context(Client(devices[name], log))
            opened_there = open_session(client, devices[name], subject, LIMIT_S)
            files = [devices[name].put(path) for path in opened.feeds.files(subject.inputs)]
            client.request("inputs", LIMIT_S, files=files, count=len(opened.feeds))
            warm = client.request(
                "warmup", LIMIT_S, runs=budget.warmup_runs, seconds=budget.warmup_s
            )
            record = Launch(opened_there.loaded, warm.first_ns, warm.t_ns, warm.peak_rss_bytes)
            session.timed[name].launches.append(record)
            size = budget.block_size(statistics.median(warm.t_ns))
            arms.append((client, record, size))
        for index in range(budget.rounds):
            rng.shuffle(arms)
            for position, (client, record, size) in enumerate(arms):
                reply = client.request("block", LIMIT_S, count=size)
                record.blocks.append(Block(round=index, position=position, **asdict(reply)))


def run(model: Path, budget: Budget, scratch: Path) -> Measurement:
    """The whole schedule."""
    server = Sshd(scratch)
    far = SlowLink(server.port, DELAY_S)
    server.known("known-far", "host", far.port)
    own = {"python": sys.executable, "folder": str(scratch / "there")}
    away = {"link": f"ssh://{HOST}:{far.port}", "ssh_config": server.config(known="known-far")}
    devices: dict[str, Device] = {
        HERE: Local(),
        AGAIN: Local(),
        NEAR: server.device(**own),
        FAR: Ssh(FAR, server.entry(**own, **away)),
    }
    session = Measurement(budget, 0, {n: Timed(n, n) for n in devices}, HERE, AGAIN)
    rng = random.Random(0)
    try:
        opened = open_files(devices[HERE], [model], (1,), None, 0, scratch / "work", LIMIT_S)
        for number in range(budget.looks[-1]):
            print(f"launch {number + 1} of {budget.looks[-1]}", file=sys.stderr)
            launch(devices, opened, session, rng, scratch / "log")
    finally:
        for device in devices.values():
            device.close()
        far.close()
        server.stop()
    return session


def summary(session: Measurement, model: str) -> dict[str, object]:
    """Figures of every arm, and its ratio to the first."""
    arms = {}
    for name, timed in session.timed.items():
        verdict = None if name == HERE else compare(session, name, HERE)
        arms[name] = {
            "latency_ms": msgspec.to_builtins(latency(timed, session.budget)),
            "versus_here": msgspec.to_builtins(verdict),
        }
    return {"v": 1, "model": model, "noise": noise(session), "arms": arms}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("--launches", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=STANDARD.rounds)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    chosen = replace(STANDARD, looks=(given.launches,), rounds=given.rounds)
    with tempfile.TemporaryDirectory(prefix="edgeopt-bench-") as folder:
        scratch = Path(folder)
        for name in ("model", "work"):
            (scratch / name).mkdir()
        model = given.model or scratch / "model" / "small.onnx"
        if given.model is None:
            small_net(model)
        text = json.dumps(summary(run(model, chosen, scratch), model.name), indent=2)
    if given.out:
        given.out.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
