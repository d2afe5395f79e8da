"""Two calls at one time: on one folder, or of the same tools."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from benchmarks.faults.afterwards import Found, goes_on, lines
from benchmarks.faults.small_run import Scene


def at_once(scene: Scene, reference: Found) -> list[str]:
    """The same call twice at one time."""
    first, second = scene.start(), scene.start()
    return _two(scene, reference, [first, second])


def another(scene: Scene, reference: Found) -> list[str]:
    """Another call while one goes on."""
    first = scene.start()
    wait(lambda: (scene.out / "run.json").exists(), first)
    return _two(scene, reference, [first, scene.start("--seed", "1")])


def at_the_end(scene: Scene, reference: Found) -> list[str]:
    """The same call while the first writes its bundle."""
    first = scene.start()
    wait(lambda: (scene.out / "only").exists() or (scene.out / ".only.part").exists(), first)
    return _two(scene, reference, [first, scene.start()])


def one_killed(scene: Scene, reference: Found) -> list[str]:
    """The same call as soon as the first was killed."""
    first = scene.start()
    wait(lambda: len(lines(scene)) > 0, first)
    first.kill()
    before = lines(scene)
    return goes_on(scene, reference, before)


def readers(scene: Scene, reference: Found) -> list[str]:
    """`report` and `compare` of a folder that is being written."""
    first, wrong = scene.start(), []
    wait(lambda: scene.out.exists(), first)
    while first.poll() is None:
        for command in ("report", "compare"):
            code, said = scene.call(command=command)
            if code not in (0, 1, 2) or "Traceback" in said:
                wrong.append(f"{command} of a running run: exit {code}: {said[-300:]}")
    first.communicate()
    return [*wrong, *goes_on(scene, reference, lines(scene))]


def one_cache(scene: Scene, reference: Found) -> list[str]:
    """Two calls at one time, into two folders, that need the same tools: they are made once."""
    other = Scene(scene.bench, scene.place / "other", cache_of=scene)
    calls = [scene.start(), other.start()]
    ended = [(call.communicate(timeout=900), call.returncode) for call in calls]
    wrong = [f"exit {code}: {err[-300:]}" for (_, err), code in ended if code]
    made = [path.name for path in scene.cache.iterdir() if path.is_dir()]
    wrong += [f"in the cache: {made}"] * (len(made) != 1)
    for one in (scene, other):
        wrong += goes_on(one, reference, lines(one))
    return wrong


def wait(ready: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not ready() and process.poll() is None:
        time.sleep(0.01)


def _two(scene: Scene, reference: Found, calls: list[subprocess.Popen[str]]) -> list[str]:
    """One of two calls goes through; the other says which call holds the folder, or answers."""
    ended = [(call.communicate(timeout=900), call) for call in calls]
    said = [(call.returncode, out + err, call.pid) for (out, err), call in ended]
    wrong = [] if any(code == 0 for code, _, _ in said) else [f"neither went through: {said}"]
    pids = [pid for _, _, pid in said]
    for code, text, pid in said:
        other = next(one for one in pids if one != pid)
        if code and not (code == 2 and f"process {other} " in text and "Traceback" not in text):
            wrong.append(f"exit {code} without a word of who holds the folder: {text[-300:]}")
    return [*wrong, *goes_on(scene, reference, lines(scene))]


TWO = {
    "two-at-once": at_once,
    "two-another": another,
    "two-at-the-end": at_the_end,
    "two-one-killed": one_killed,
    "two-readers": readers,
    "two-one-cache": one_cache,
}
