"""python -m edgeopt.runner: answers one request a line until `quit` or end of input."""

from __future__ import annotations

import ctypes
import json
import os
import sys
import traceback

from edgeopt.runner.watchdog import Watchdog


def _die_with_parent() -> None:
    """On Linux: a runner whose host was killed in mid-request ends too.

    One whose host ended before this is asked for has no input any more, and ends by that.
    """
    if sys.platform == "linux":
        pr_set_pdeathsig, sigkill = 1, 9
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, sigkill)


def _runner():
    try:
        from edgeopt.runner.commands import Runner

        return Runner()
    except ImportError as error:  # numpy
        from edgeopt.runner.bare import Bare

        return Bare(error)


def _failure(error: Exception) -> dict:
    from edgeopt.runtimes.origin import own_place  # here: memory is measured where all goes well

    what = "{}: {}".format(type(error).__name__, error)
    what = what.encode("utf-8", "replace").decode("utf-8")  # names of files need not be text
    return {"ok": False, "error": what, "own": own_place(error)}


def _answer(runner, request: dict, number) -> str:
    try:
        reply = {"ok": True, "n": number, **runner.handle(request)}
        return json.dumps(reply, allow_nan=False)  # the host takes no NaN from anybody
    except Exception as error:  # the host turns it into a record
        traceback.print_exc(file=sys.stderr)
        return json.dumps({"n": number, **_failure(error)})


def main() -> int:
    _die_with_parent()
    # Runtimes print on stdout. Keep it for the protocol: descriptor 1 becomes stderr.
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    watchdog = Watchdog(0)
    watchdog.start()
    runner = _runner()
    runner.idle.begin()
    for line in sys.stdin:
        runner.idle.end()
        watchdog.began()
        request = json.loads(line)
        if request["cmd"] == "quit":
            break
        protocol.write(_answer(runner, request, request.pop("n", None)) + "\n")
        protocol.flush()
        runner.idle.begin()
    return 0


if __name__ == "__main__":
    sys.exit(main())
