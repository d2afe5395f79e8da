"""A stand-in for the board of a page: this machine behind a real sshd, which says that it is one.

Whoever logs in has a home folder of the board's and a library before all others (`_SHIM`) that
changes two files and one word: the model of the board, /proc/cpuinfo, and the processor's kind.
pip is told the truth, since the wheels have to run. No figure in milliseconds means anything.

`ssh` and `scp` of a page's folder reach it under any name: `pi@raspberrypi.local`, `me@n100`.
"""

from __future__ import annotations

import getpass
import re
import shlex
import subprocess
import sys
from pathlib import Path

from benchmarks.devices.sshd import HOST, Sshd
from edgeopt import targets
from edgeopt.devices.arm_cores import files, standing_for
from edgeopt.domain.target import Profile

#: Pages with boards, and what each says it is.
BOARDS = {
    "docs/devices.md": "raspberry-pi-5",
    "docs/devices-ssh.md": "raspberry-pi-5",
    "docs/cookbook/yolo-raspberry-pi-5.md": "raspberry-pi-5",
    "docs/cookbook/sklearn-n100.md": "intel-n100",
}

_SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static int for_pip(void) {
    char line[4096];
    FILE *file = fopen("/proc/self/cmdline", "r");
    size_t size = file ? fread(line, 1, sizeof line, file) : 0;
    if (file) fclose(file);
    return memmem(line, size, "pip", 3) != 0 || memmem(line, size, "venv\\0", 5) != 0;
}

int uname(struct utsname *name) {
    int (*real)(struct utsname *) = dlsym(RTLD_NEXT, "uname");
    int code = real(name);
    if (code == 0 && !for_pip()) strcpy(name->machine, "@arch@");
    return code;
}

static const char *instead(const char *path) {
    if (strcmp(path, "/proc/cpuinfo") == 0) return "@board@/cpuinfo";
    if (strcmp(path, "/proc/device-tree/model") == 0) return "@board@/model";
    return path;
}

#define OPEN(name) \\
    int name(const char *path, int flags, ...) { \\
        int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #name); \\
        va_list rest; \\
        va_start(rest, flags); \\
        int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0; \\
        va_end(rest); \\
        return real(instead(path), flags, mode); \\
    }
OPEN(open)
OPEN(open64)
"""

_LOGIN = """#!/bin/sh
export HOME=@board@/home LD_PRELOAD=@board@/shim.so PATH=@board@/bin:/usr/bin:/bin
cd
if [ -n "$SSH_ORIGINAL_COMMAND" ]; then exec sh -c "$SSH_ORIGINAL_COMMAND"; fi
exec sh
"""

#: The page's user is not known to this machine's sshd.
_CLIENT = """#!/bin/sh
for word; do
    shift
    case $word in pi@*|me@*) word=${word#*@} ;; esac
    set -- "$@" "$word"
done
exec /usr/bin/@name@ -F @config@ "$@"
"""


class Board:
    """It runs until `stop`.

    Attributes:
        home: its folder, empty at first.
    """

    def __init__(self, folder: Path, target: str, programs: Path) -> None:
        """Make it below `folder`, and `ssh` and `scp` in `programs`."""
        profile, self.home = targets.load(target), folder / "home"
        for name in ("home", "bin", "sshd"):
            (folder / name).mkdir(parents=True)
        words = {"board": str(folder), "arch": profile.arch}
        (folder / "cpuinfo").write_text(_cpuinfo(profile))
        (folder / "model").write_text(f"{profile.title} (a stand-in)")
        (folder / "shim.c").write_text(_filled(_SHIM, words))
        compiled = ["cc", "-shared", "-fPIC", "-o", folder / "shim.so", folder / "shim.c", "-ldl"]
        subprocess.run(compiled, check=True)
        _program(folder / "login", _filled(_LOGIN, words))
        (folder / "bin" / "python3").symlink_to(Path(sys.executable).resolve())
        self._sshd = _Sshd(folder / "sshd", folder / "login")
        for name in ("ssh", "scp"):
            text = _filled(_CLIENT, {"name": name, "config": self._sshd.config()})
            _program(programs / name, text)
        self._place = ""

    def typed(self, command: str) -> str:
        """A page's command as this machine's shell takes it.

        What a page types after `ssh HOST` alone is typed on the board.
        """
        words = shlex.split(command)
        if words[0] == "ssh" and len(words) == 2:
            self._place = "."
            return f"{command} true"
        if not self._place or words[0] not in ("cd", ".venv/bin/python"):
            return command
        there = f"cd {shlex.quote(self._place)} && {command}"
        if found := re.match(r"cd (\S+)", command):
            self._place = found[1]
        return f"ssh board {shlex.quote(there)}"

    def stop(self) -> None:
        self._sshd.stop()


class _Sshd(Sshd):
    """One port, and everything that comes there goes through `login`."""

    def __init__(self, folder: Path, login: Path) -> None:
        self._login = login
        super().__init__(folder)

    def start(self) -> None:
        config = self.folder / "sshd_config"
        kept = config.read_text().split("Match LocalPort")[0]
        config.write_text(f"{kept}Subsystem sftp /usr/lib/openssh/sftp-server\n"
                          f"ForceCommand {self._login}\n")  # fmt: skip
        super().start()

    def config(self, key: str = "user", known: str = "known") -> str:
        """Every name is this server's."""
        place = self.folder / "config"
        place.write_text(
            f"Host *\n  HostName {HOST}\n  Port {self.port}\n  User {getpass.getuser()}\n"
            f"  IdentityFile {self.folder}/{key}\n  IdentitiesOnly yes\n  IdentityAgent none\n"
            f"  UserKnownHostsFile {self.folder}/{known}\n  GlobalKnownHostsFile /dev/null\n"
            "  LogLevel QUIET\n"
        )
        place.chmod(0o600)
        return str(place)


def _cpuinfo(profile: Profile) -> str:
    """This machine's, which libraries read, behind what edgeopt reads of the board's."""
    mine = Path("/proc/cpuinfo").read_text()
    if profile.arch == "x86_64":
        return re.sub(r"(?m)^(model name\s*: ).*$", rf"\1{profile.title}", mine)
    board = files(profile, standing_for(profile).core)["proc/cpuinfo"]
    own = board.split("\n\n")[0].partition("\n")[2]
    return re.sub(r"(?m)^(processor\s*: \d+)$", lambda found: f"{found[1]}\n{own}", mine)


def _filled(text: str, words: dict[str, str]) -> str:
    for name, word in words.items():
        text = text.replace(f"@{name}@", word)
    return text


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
