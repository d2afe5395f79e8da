"""What a child of `test_disk.py` does."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from edgeopt.domain.errors import BadInput
from edgeopt.jobs.cache import cache, locked

CHUNK = bytes(1 << 16)


def fill(argument):
    """Write until there is no room, and make of it what tools make of it."""
    path, how = Path(argument["folder"]) / "file", argument["how"]
    try:
        with path.open("wb", buffering=0) as file:
            while True:
                if not file.write(CHUNK):
                    break
    except OSError:
        if how == "raises":
            raise
    if how == "dies":
        os.kill(os.getpid(), 9)
    if how == "prints":
        path.unlink()
        os.write(2, b"writing: No space left on device\n")
        os._exit(1)
    if how == "cleans up":
        time.sleep(0.3)
        path.unlink()
        raise ValueError("the model could not be written")
    return "done"


def write(folder):
    (Path(folder) / "file").write_bytes(CHUNK)
    return "done"


def limited_write(folder):
    """A file above the limit of this process."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    (Path(folder) / "file").write_bytes(bytes(2 << 20))


def limited_write_by_program(folder):
    """The same where nobody ignores the signal: this process ends as the program does."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({1 << 20}, {1 << 20}))"
    code = f"{limit}\nimport signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
    code += f"open({folder!r} + '/other', 'wb').write(bytes({2 << 20}))"
    done = subprocess.run([sys.executable, "-c", code])
    import signal

    signal.signal(-done.returncode, signal.SIG_DFL)
    os.kill(os.getpid(), -done.returncode)


def fail(_):
    raise ValueError("there is no such model")


def bad_input(_):
    raise BadInput("the model is no model", "Give another.")


def die(_):
    os.kill(os.getpid(), 9)


def holds_the_cache(_):
    with locked(cache() / "tools"):
        return "done"
