"""Which cores a runner keeps to."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.runner.affinity import fastest, pin
from edgeopt.runner.root import Root

CPU = "sys/devices/system/cpu"


def tree(folder, **files):
    """A root with a file for each core: tree(tmp, cpu_capacity={0: 400, 4: 1024})."""
    for name, values in files.items():
        for core, value in values.items():
            path = folder / CPU / f"cpu{core}" / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{value}\n")
    return Root(str(folder))


CASES = [
    ("big cores of a phone", {"cpu_capacity": {0: 400, 1: 400, 2: 1024, 3: 800}}, 2, [2, 3]),
    ("clocks of a hybrid", {"cpufreq__cpuinfo_max_freq": {0: 5, 1: 5, 2: 3, 3: 3}}, 2, [0, 1]),
    ("alike: not those that serve interrupts", {}, 1, [3]),
    ("two threads a core", {"topology__thread_siblings_list":
     {0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"}}, 2, [2, 3]),
    ("two threads a core, side by side", {"topology__thread_siblings_list":
     {0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3"}}, 2, [1, 3]),
    ("more threads than cores", {}, 9, [0, 1, 2, 3]),
    ("a file of something else", {"cpu_capacity": dict.fromkeys(range(4), "?")}, 1, [3]),
]  # fmt: skip


@pytest.mark.parametrize(("files", "count", "expected"), [c[1:] for c in CASES],
                         ids=[c[0] for c in CASES])  # fmt: skip
def test_the_fastest_cores(tmp_path, files, count, expected):
    assert fastest([0, 1, 2, 3], count, tree(tmp_path, **files)) == expected


@given(st.sets(st.integers(0, 63), min_size=1), st.integers(1, 80))
def test_only_allowed_cores_and_as_many_as_threads(allowed, count):
    found = fastest(sorted(allowed), count, Root("/no-such-place"))
    assert set(found) <= allowed
    assert len(found) == min(count, len(allowed))


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="unknown affinity 'big'; known: any, fastest"):
        pin("big", 1, Root())


def test_every_thread_of_the_process_is_kept_and_those_that_come():
    code = """if True:
        import json, os, threading
        from edgeopt.runner.affinity import pin
        from edgeopt.runner.root import Root
        before, wait = threading.Event(), threading.Event()
        found = {}
        def say(name):
            found[name] = sorted(os.sched_getaffinity(0))
        def early():
            before.set(); wait.wait(); say("early")
        thread = threading.Thread(target=early); thread.start(); before.wait()
        cores = pin("fastest", 1, Root())
        wait.set(); thread.join()
        late = threading.Thread(target=say, args=("late",)); late.start(); late.join()
        say("own")
        print(json.dumps([cores, found, pin("any", 1, Root())]))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    cores, found, none = json.loads(done.stdout)
    assert len(cores) == 1
    assert found == dict.fromkeys(("early", "own", "late"), cores)
    assert none == []
