"""The protocol of requests and replies (`docs/runner-protocol.md`): one JSON line each way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from edgeopt.devices.answers import Word
from edgeopt.harness import replies
from edgeopt.harness.bandwidth_reply import Bandwidth

#: Requests that no artifact has to do with: where one is not answered, it is the device.
OF_THE_DEVICE = ("hello", "health", "stock", "canary", "readings", "bandwidth")
#: Replies with long lists of numbers, and no words.
NUMBERS = ("warmup", "block", "paced", "streams", "infer", "roll")


@dataclass(frozen=True)
class Request:
    """What a runner is asked.

    Attributes:
        fields: the arguments of the command.
        number: comes back with the reply, so that it is an answer to this request.
    """

    cmd: str
    fields: Mapping[str, Any]
    number: int

    def line(self) -> bytes:
        """As the runner reads it."""
        return json.dumps({"cmd": self.cmd, **self.fields, "n": self.number}).encode() + b"\n"


class Envelope(Struct, frozen=True):
    """What every reply has. `n` is the request's own number."""

    ok: bool
    n: int | None = None
    error: replies.Long = ""
    own: Word = ""


#: Request -> its reply.
REPLIES: dict[str, type[replies.Reply]] = {
    "hello": replies.Hello,
    "health": replies.Health,
    "stock": replies.Stock,
    "import": replies.Imported,
    "providers": replies.Providers,
    "open": replies.Opened,
    "facts": replies.Facts,
    "infer": replies.Inferred,
    "roll": replies.Inferred,
    "inputs": replies.Counted,
    "warmup": replies.Warmed,
    "block": replies.Block,
    "paced": replies.Paced,
    "streams": replies.Streams,
    "evict": replies.Pages,
    "fill": replies.Pages,
    "readings": replies.Read,
    "canary": replies.Canary,
    "energy": replies.Energy,
    "profile": replies.Profile,
    "bandwidth": Bandwidth,
}
