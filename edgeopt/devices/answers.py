"""What a device sends, decoded: of the types and within the limits of a schema, or refused.

A schema is a msgspec Struct. What it does not name is left out, so that a newer
end may say more; what it names has its type and its range. JSON knows no NaN and no infinity.
"""

from __future__ import annotations

import re
import time
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from edgeopt.devices.registry import LOCAL
from edgeopt.domain.errors import OwnFault, RunnerFailed, Untrusted

#: Names, versions, words of a kernel.
Word = Annotated[str, Meta(max_length=512)]
#: Sentences: reasons, messages.
Text = Annotated[str, Meta(max_length=4096)]
#: A place on a device. It is quoted wherever a shell reads it; no control characters all the same.
Place = Annotated[str, Meta(max_length=4096, pattern=r"\A/[^\x00-\x1f\x7f]*\Z")]
Count = Annotated[int, Meta(ge=0, le=2**62)]
Few = Annotated[int, Meta(ge=0, le=100_000)]
Signed = Annotated[int, Meta(ge=-(2**62), le=2**62)]
Number = Annotated[float, Meta(ge=-1e18, le=1e18)]
Share = Annotated[float, Meta(ge=-10, le=10)]  # counters of a kernel may step back a little
#: A duration, ns: nothing takes no time, and nothing that is waited for takes twelve days.
Ns = Annotated[int, Meta(ge=1, le=10**15)]
NsOrZero = Annotated[int, Meta(ge=0, le=10**15)]
#: A clock's reading, ns.
Instant = Annotated[int, Meta(ge=0, le=2**62)]

Schema = TypeVar("Schema")
ADVICE = (
    "Nothing that it says is taken any more. Does something else answer there, or print in "
    "between? `edgeopt devices check` asks it anew."
)
SHOWN = 80  # bytes of what it said


class Malformed(ValueError):
    """Bytes that are none of what a schema allows; says why."""


def decode(line: bytes, schema: type[Schema]) -> Schema:
    """A JSON text as a schema has it.

    Raises:
        Malformed: it is none, or not of the schema.
    """
    try:
        return msgspec.json.decode(line, type=schema)
    except RecursionError:
        raise Malformed("it is nested without end") from None
    except (msgspec.DecodeError, ValueError) as error:  # ValueError: no UTF-8
        raise Malformed(_plain(_place_first(str(error)[:200]))) from None


def _place_first(words: str) -> str:
    """Of "Expected `int` - at `$.machine.cores`": "machine.cores: expected int"."""
    words = re.sub(r"Expected `str` matching regex .*?(?= - at|$)", "a text of another form", words)
    what, _, place = words.replace("`", "").partition(" - at $")
    return f"{place.lstrip('.')}: {what[:1].lower()}{what[1:]}" if place else what


def clean(value: Any) -> Any:
    """The same data, its texts without control characters: a replacement stands for each."""
    if isinstance(value, str):
        return value if value.isprintable() else _plain(value)
    if isinstance(value, list):
        return [clean(one) for one in value]
    if isinstance(value, dict):
        return {clean(key): clean(one) for key, one in value.items()}
    if isinstance(value, msgspec.Struct):
        fields = {name: clean(getattr(value, name)) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **fields)
    return value


def _plain(text: str) -> str:
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def shown(said: bytes) -> str:
    """How something that was said begins, for a sentence."""
    text = said[:SHOWN].decode(errors="replace")
    return repr(text) + (" ..." if len(said) > SHOWN else "")


def untrusted(device: Any, sentence: str) -> RunnerFailed:
    """The error for a device that said something which cannot be; the device counts as lost.

    On this machine nobody else speaks: the runner is edgeopt's own, and what runtimes print does
    not reach its answers. There it is edgeopt's own fault, of the runner or of a schema.

    Args:
        device: as `device.Device`; its `lost` says so from now on.
    """
    if device.link == LOCAL:
        fault = OwnFault(f"edgeopt itself failed: {sentence}")
        return RunnerFailed(str(fault.args[0]), hint=fault.hint, own=True)
    device.lost = sentence
    return Untrusted(sentence, ADVICE)


def clock_of(device: Any) -> Any:
    """What times on a device are compared with, seconds; a scripted one brings its own clock."""
    return getattr(device, "clock", time.monotonic)
