"""One session on a phone: a shell that lives as long as it does, its scratch folder, its files.

Everything is below one folder, as on devices by ssh: `files` by content, `sessions`, and the
Python trees. The phone's own shell and toybox do the work, so nothing is needed there.
"""

from __future__ import annotations

import contextlib
import posixpath
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from edgeopt.devices import adb_tree
from edgeopt.devices.adb_link import AdbLink
from edgeopt.devices.answers import ADVICE, clean, shown
from edgeopt.devices.parcel import RUNNER_ZIP, Parcel, runner_zip
from edgeopt.devices.wire import Excess, Gone, Late, Wire
from edgeopt.domain.errors import DeviceFailed, Untrusted
from edgeopt.jobs import scratch
from edgeopt.jobs.process import kill_group

CONNECT_S = 30.0
CLOSE_S = 5.0
MOVE_S = 600.0  # for work that grows with the files
SPARE_BYTES = 1 << 20  # left free, for what a runner writes
AT_ONCE = 100  # names in one command
GREETING = "edgeopt-session"
_GREETING = re.compile(rf"{GREETING} ([\w-]{{1,64}}) (\d{{1,3}}) (sessions/[\w.-]{{1,100}})\r?")
LINE_BYTES = 1 << 16
DIGEST = 64  # hexadecimal digits
MANY = 19  # digits of a number of kilobytes

#: Holds the session. $1: the folder. Ends with its input, and clears up then, whoever ends it.
#: What dead sessions left is removed; the kernel's boot id tells those before a restart.
HOLD = f"""
umask 077
mkdir -p "$1/files" "$1/sessions" "$1/trees" && cd "$1" || exit 73
boot=$(cat /proc/sys/kernel/random/boot_id) || boot=unknown
for old in sessions/*; do
    case $old in "sessions/$boot."*) kill -0 "${{old##*.}}" 2>/dev/null && continue;; esac
    rm -rf "$old"
done
mine=sessions/$boot.$$
mkdir "$mine" "$mine/results" "$mine/tmp" || exit 73
fixed=$(cmd power set-fixed-performance-mode-enabled true 2>&1) && mode=0 || mode=$?
case $fixed in *ailed*|*nknown*) mode=1;; esac
end() {{
    trap - EXIT HUP INT TERM
    rm -rf "$1/$mine"
    for other in sessions/*; do [ -d "$other" ] && exit 0; done
    [ $mode = 0 ] && cmd power set-fixed-performance-mode-enabled false >/dev/null 2>&1
    exit 0
}}
trap 'end "$1"' EXIT HUP INT TERM
echo "{GREETING} $boot $mode $mine"
cat >/dev/null
"""


class PhoneConnection:
    """An open session. It ends when the process that opened it does, however that ends.

    Attributes:
        boot_id: what the phone's kernel calls this boot.
        fixed_performance: whether the phone holds a clock that it can hold for long.
    """

    def __init__(self, link: AdbLink, root: str) -> None:
        self.link, self.root = link, root
        self._own = self.boot_id = ""
        self.fixed_performance = False
        self._local = scratch.folder("edgeopt-adb-")
        self._log = Path(self._local.name) / "adb.log"

    def open(self) -> None:
        """Connect.

        Raises:
            DeviceFailed: why that is not possible, and what to do.
            NotInstalled: adb is missing here.
        """
        self.link.state()
        command = shlex.join(["sh", "-c", HOLD, "sh", self.root])
        self._holder = self.link.start(command, self._log)
        self._wire = Wire(self._holder)
        try:
            line = self._first_line()
        except Untrusted:
            self.close()
            raise
        if not line.startswith(GREETING):
            self.is_dead(1.0)  # what it says may be a little behind
            said = clean(self._said or line.strip()[:200])
            self.close()
            raise DeviceFailed(
                f"no session on the phone {self.link.serial}: {said or 'it said nothing'}",
                "Name a folder that `adb shell` may write to: `edgeopt devices add ... --folder`.",
            )
        greeting = _GREETING.fullmatch(line)
        if greeting is None:
            self.close()
            raise self._untrusted(f"greets with what cannot be: {line[:80]!r}")
        self.boot_id, mode, mine = greeting.groups()
        self.fixed_performance = mode == "0"
        self._own = f"{self.root}/{mine}"

    @property
    def scratch(self) -> str:
        """A folder on the phone for results, removed at the session's end."""
        return f"{self._own}/results"

    @property
    def temporary(self) -> str:
        """Another one, for what runtimes leave about."""
        return f"{self._own}/tmp"  # noqa: S108 (the session's own)

    def _first_line(self) -> str:
        try:
            return self._wire.line(LINE_BYTES, self._wire.due(CONNECT_S)).decode(errors="replace")
        except Gone as error:
            return error.rest.decode(errors="replace")
        except Late:
            raise self._untrusted(f"began no session within {CONNECT_S:.0f} s") from None
        except Excess as error:
            raise self._untrusted(f"greets without an end: {shown(error.rest)}") from None

    def _untrusted(self, what: str) -> Untrusted:
        return Untrusted(f"the phone {self.link.serial} {what}.", ADVICE)

    @property
    def _said(self) -> str:
        return " ".join(self._log.read_text(errors="replace").split())[:200]

    def is_dead(self, wait_s: float) -> bool:
        """Whether the session is gone; waits so long for news of it."""
        try:
            self._holder.wait(wait_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def put(self, parcel: Parcel) -> str:
        """The folder on the phone that holds the files; sent if they are not there yet.

        Raises:
            DeviceFailed: it has no room, refuses, or cannot be reached.
        """
        place = f"{self.root}/files/{parcel.key}"
        if self.has(place):
            return place
        self.make_room(sum(file.size_bytes for file in parcel.files))
        part = f"{self._own}/{parcel.key}.part"
        folders = {posixpath.dirname(f"{part}/{file.name}") for file in parcel.files} | {part}
        self.must(["mkdir", "-p", *sorted(folders)])
        for file in parcel.files:
            self.link.push(file.path, f"{part}/{file.name}")
        self._verify(part, parcel)
        self.keep(part, place)
        return place

    def _verify(self, part: str, parcel: Parcel) -> None:
        for start in range(0, len(parcel.files), AT_ONCE):
            some = parcel.files[start : start + AT_ONCE]
            said = self.must(["sha256sum", *(f"{part}/{file.name}" for file in some)])
            # A name with a backslash in it has one before its sum.
            sums = [line.lstrip("\\")[:DIGEST] for line in said.splitlines()]
            wrong = [f.name for f, got in zip(some, sums, strict=False) if f.sha256 != got]
            if wrong or len(sums) != len(some):
                raise DeviceFailed(f"{wrong or 'a file'} did not arrive as it was sent.")

    def runner_zip(self) -> Path:
        """The runner and its runtimes as a file to put."""
        path = Path(self._local.name) / RUNNER_ZIP
        if not path.exists():
            path.write_bytes(runner_zip())
        return path

    def tree(self, folder: Path) -> str:
        """Where a Python tree is on the phone; it is sent if it is not there yet.

        Raises:
            DeviceFailed: as `put`.
        """
        place = f"{self.root}/trees/{folder.name}"
        if not self.has(place):
            with adb_tree.packed(folder) as (tar, size_bytes):
                self.make_room(size_bytes + tar.stat().st_size)
                part = f"{self._own}/{folder.name}.part"
                self.must(["mkdir", "-p", part])
                self.link.push(tar, f"{part}.tar")
            self.must(["tar", "-xf", f"{part}.tar", "-C", part])
            self.must(["rm", f"{part}.tar"])
            self.keep(part, place)
        return place

    def has(self, place: str) -> bool:
        """Whether something was kept there; from now on it counts as used."""
        quoted = shlex.quote(place)
        return self.link.shell(f"[ -d {quoted} ] && touch {quoted}").code == 0

    def keep(self, part: str, place: str) -> None:
        """Let a folder appear as a whole; another session may have been faster."""
        quoted = shlex.quote(part), shlex.quote(place)
        script = "[ -d {1} ] || mv {0} {1} && rm -rf {0}".format(*quoted)
        self.must(["sh", "-c", script])

    def make_room(self, needed_bytes: int) -> None:
        """Remove what was not used for a day, if there is no room else.

        Raises:
            DeviceFailed: there is still none.
        """
        if self.free_bytes() >= needed_bytes + SPARE_BYTES:
            return
        kept = [f"{self.root}/files", f"{self.root}/trees"]
        old = ["-mindepth", "1", "-maxdepth", "1", "-mtime", "+0"]
        self.link.run(["find", *kept, *old, "-exec", "rm", "-rf", "{}", ";"], MOVE_S)
        free = self.free_bytes()
        if free < needed_bytes + SPARE_BYTES:
            raise DeviceFailed(
                f"the disk there is full: {needed_bytes} bytes are needed, {free} are free",
                "Make room on the phone.",
            )

    def free_bytes(self) -> int:
        """Room on the phone, where the files are."""
        said = self.must(["df", "-k", self.root])
        words = said.split()
        free = words[-3] if len(words) > 3 else ""  # the last line: size, used, free, share, where
        if not (free.isdecimal() and len(free) < MANY):
            raise self._untrusted(f"does not tell its free space: {said[:80]!r}")
        return int(free) * 1024

    def remove(self, remotes: Sequence[str]) -> None:
        """Remove files of the scratch folder; those that are not there are no error."""
        clean = [posixpath.normpath(remote) for remote in remotes]
        inside = [remote for remote in clean if remote.startswith(f"{self.scratch}/")]
        for start in range(0, len(inside), AT_ONCE):
            self.must(["rm", "-f", *inside[start : start + AT_ONCE]])

    def must(self, command: Sequence[str]) -> str:
        """What a command printed that has to succeed.

        Raises:
            DeviceFailed: it did not.
        """
        done = self.link.run(command, MOVE_S)
        if done.code:
            said = clean(" ".join((done.err or done.out)[:300].split())) or f"exit code {done.code}"
            full = "No space left" in said
            raise DeviceFailed(
                f"the disk there is full: {said}" if full else f"the phone could not do it: {said}",
                "Make room on the phone." if full else "",
            )
        return done.out

    def close(self) -> None:
        """End it; the phone removes the scratch folder and puts back its mode."""
        assert self._holder.stdin is not None
        with contextlib.suppress(OSError):
            self._holder.stdin.close()
        self.is_dead(CLOSE_S)
        kill_group(self._holder)
        self._wire.close()
        self._local.cleanup()
