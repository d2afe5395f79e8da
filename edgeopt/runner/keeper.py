"""ON THE DEVICE. Keeps the files of one session: takes, gives and removes them.

It is sent as text to `python3 -c` before anything else is there, so it needs the standard
library alone and no other file. A request is a JSON line on stdin, a reply a JSON line on
stdout; the content of files follows its line as plain bytes (`docs/runner-protocol.md`). At the
end of input the session's scratch folder is removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import struct
import sys
import tempfile
import time

GREETING = "edgeopt-keeper "  # before it, a login shell may have printed something
REFUSAL = "edgeopt-refused "  # why it did not start: an errno and words
CHUNK = 1 << 20
SPARE = 1 << 20  # bytes left free, for what a runner writes
UNUSED_S = 24 * 3600.0  # files that another session may be using are younger


class Full(Exception):
    """The disk has no room."""


def free_bytes(folder: str) -> int:
    return shutil.disk_usage(folder).free


class Keeper:
    """One session on a device, below one folder of the user's."""

    def __init__(self, root: str, source, sink) -> None:
        self._source, self._sink = source, sink
        self._number = None
        self.root = root
        self.files = os.path.join(root, "files")
        self.sessions = os.path.join(root, "sessions")
        for folder in (self.files, self.sessions):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        self.others = self._clear_dead()
        self.scratch = tempfile.mkdtemp(dir=self.sessions)
        self._lock = self.scratch + ".lock"
        self._held = self._hold(self._lock)

    def _hold(self, path: str):
        """A lock that shows that this session lives. Locked before it has its name."""
        held = open(path + "-new", "w")  # noqa: SIM115 (as long as the session)
        fcntl.flock(held, fcntl.LOCK_EX)
        os.rename(path + "-new", path)
        return held

    def _clear_dead(self) -> int:
        """Remove what ended without its own clearing (power cut); how many others live."""
        alive = 0
        for name in os.listdir(self.sessions):
            if not name.endswith(".lock"):
                continue
            path = os.path.join(self.sessions, name)
            with open(path, "w") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    alive += 1
                    continue
            shutil.rmtree(path[: -len(".lock")], ignore_errors=True)
            os.unlink(path)
        for name in os.listdir(self.files):  # taken half when the link was cut
            path = os.path.join(self.files, name)
            if name.startswith(".") and time.time() - os.path.getmtime(path) > UNUSED_S:
                shutil.rmtree(path, ignore_errors=True)
        return alive

    def close(self) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)
        os.unlink(self._lock)

    def say(self, **fields) -> None:
        self._sink.write((json.dumps({"n": self._number, **fields}) + "\n").encode())
        self._sink.flush()

    def serve(self) -> None:
        """Answer until `quit` or the end of input."""
        for line in iter(self._source.readline, b""):
            request = json.loads(line.decode())
            self._number = request.pop("n", None)  # an answer says to what
            if request["cmd"] == "quit":
                shutil.rmtree(self.scratch, ignore_errors=True)
                self.say(ok=True)
                return
            try:
                getattr(self, "do_" + request.pop("cmd"))(**request)
            except OSError as error:
                self.say(ok=False, error=str(error), errno=error.errno)
            except Full as error:
                self.say(ok=False, error=str(error), errno=28)  # ENOSPC

    def do_put(self, key: str, files: list) -> None:
        """Say where the files of a content are; if they are nowhere, take them first.

        Args:
            key: names the content. Files that are there under it are not sent again.
            files: [name, bytes, sha256] of each, in the order in which they come.
        """
        place = os.path.join(self.files, key)
        if os.path.isdir(place):
            os.utime(place)
            self.say(ok=True, path=place)
            return
        self._make_room(sum(size for _, size, _ in files))
        part = tempfile.mkdtemp(prefix=".", dir=self.files)
        self.say(ok=True, path=None)  # go on
        try:
            self._take(part, files)
            try:
                os.rename(part, place)
            except OSError:
                if not os.path.isdir(place):  # it came from another session meanwhile
                    raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
        self.say(ok=True, path=place)

    def _take(self, part: str, files: list) -> None:
        left = sum(size for _, size, _ in files)
        try:
            for name, size, sha256 in files:
                path = os.path.join(part, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                digest = hashlib.sha256()
                with open(path, "wb") as file:
                    while size:
                        block = self._read(min(size, CHUNK))
                        size -= len(block)
                        left -= len(block)
                        digest.update(block)
                        file.write(block)
                    file.flush()
                    os.fsync(file.fileno())  # boards lose their power
                if digest.hexdigest() != sha256:
                    raise OSError(5, "{} did not arrive as it was sent".format(name))
        except OSError:
            while left:  # what comes next is a request again
                left -= len(self._read(min(left, CHUNK)))
            raise

    def _read(self, most: int) -> bytes:
        block = self._source.read(most)
        if not block:
            raise EOFError
        return block

    def _make_room(self, needed: int) -> None:
        """Remove what was not used for the longest time, until there is room."""
        places = [os.path.join(self.files, name) for name in os.listdir(self.files)]
        for place in sorted(places, key=os.path.getmtime):
            if free_bytes(self.root) >= needed + SPARE:
                return
            if time.time() - os.path.getmtime(place) > UNUSED_S:
                shutil.rmtree(place, ignore_errors=True)
        free = free_bytes(self.root)
        if free < needed + SPARE:
            raise Full("{} bytes are needed, {} are free".format(needed, free))

    def do_get(self, path: str) -> None:
        """Give the content of a file."""
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            self.say(ok=True, size=size)
            try:
                shutil.copyfileobj(file, self._sink, CHUNK)
            except OSError as error:  # half of it is on its way: there is no other way to tell
                raise EOFError from error
        self._sink.flush()

    def do_remove(self, paths: list) -> None:
        """Remove files of this session's scratch folder; those that are not there are no error."""
        for path in paths:
            inside = os.path.realpath(path).startswith(os.path.realpath(self.scratch) + os.sep)
            if inside and os.path.exists(path):
                os.unlink(path)
        self.say(ok=True)

    def greet(self) -> None:
        """Say where things are, before the first request."""
        version = sys.version_info
        environment = os.path.join(self.root, "env-{}.{}".format(version[0], version[1]))
        told = {
            "root": self.root,
            "scratch": self.scratch,
            "python": sys.executable,
            "version": list(version[:3]),
            "environment": environment,
            "environment_ready": os.path.exists(os.path.join(environment, "ready")),
            "arch": platform.machine(),
            "libc": "-".join(platform.libc_ver()),
            "bits": 8 * struct.calcsize("P"),
            "boot_id": boot_id(),
            "others": self.others,
            "clock_s": time.time(),
        }
        self._sink.write((GREETING + json.dumps(told) + "\n").encode())
        self._sink.flush()


def boot_id():
    """What Linux calls this boot; None where it does not."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return None


def default_root() -> str:
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(cache, "edgeopt")


def main():
    """Serve one session, in the folder that the first argument names; why not, if it cannot."""
    root = os.path.abspath(os.path.expanduser(sys.argv[1])) if sys.argv[1] else default_root()
    try:
        keeper = Keeper(root, sys.stdin.buffer, sys.stdout.buffer)
    except OSError as error:
        return "{}{} {}".format(REFUSAL, error.errno, error)
    try:
        keeper.greet()
        keeper.serve()
    except (EOFError, BrokenPipeError):
        pass  # the link was cut
    finally:
        keeper.close()
    return None


if __name__ == "__main__":
    sys.exit(main())
