"""The text of --preprocess: "key=value,key=value", where some values are numbers of channels."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from edgeopt.datasets.advice import did_you_mean, quoted
from edgeopt.domain.errors import BadInput


@dataclass(frozen=True)
class Form:
    """One form of the text.

    Attributes:
        known: its keys. example: what a message shows.
    """

    known: Collection[str]
    example: str

    def bad(self, problem: str) -> BadInput:
        """The error for something in it."""
        return BadInput(f"preprocessing: {problem}", f"An example: {self.example}")

    def fields(self, text: str) -> dict[str, str]:
        """key -> value.

        Raises:
            BadInput: a part is no key=value, or its key is unknown or there twice.
        """
        found: dict[str, str] = {}
        for part in text.split(","):
            key, equals, value = (word.strip() for word in part.partition("="))
            if not equals:
                raise self.bad(f"expected key=value, but got '{part}'")
            if key not in self.known:
                near = did_you_mean(key, self.known)
                raise self.bad(f"unknown field '{key}' (there are {quoted(self.known)}){near}")
            if key in found:
                raise self.bad(f"'{key}' is given twice")
            found[key] = value
        return found

    def pixels(self, fields: Mapping[str, str], key: str) -> int:
        """A whole number. Raises BadInput."""
        try:
            return int(self.required(fields, key))
        except ValueError as error:
            raise self.bad(f"{key} must be a whole number, but got '{fields[key][:60]}'") from error

    def channels(self, fields: Mapping[str, str], key: str) -> tuple[float, float, float]:
        """Three numbers from "127" or "124/116/104". Raises BadInput."""
        try:
            values = [float(word) for word in self.required(fields, key).split("/")]
        except ValueError as error:
            raise self.bad(f"{key} must be a number, but got '{fields[key]}'") from error
        if len(values) == 1:
            values *= 3
        if len(values) != 3:
            raise self.bad(f"{key} must be one number or three, but got {len(values)}")
        red, green, blue = values
        return (red, green, blue)

    def required(self, fields: Mapping[str, str], key: str) -> str:
        """The value of a key. Raises BadInput."""
        if key not in fields:
            raise self.bad(f"'{key}' is missing")
        return fields[key]
