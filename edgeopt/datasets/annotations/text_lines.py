"""Lines of text: a TSV of `file<TAB>text`, as recognizers are trained on, and an alphabet."""

from __future__ import annotations

from pathlib import Path

from edgeopt.datasets.annotations import named_file, upright
from edgeopt.datasets.annotations.annotated import Annotated
from edgeopt.datasets.annotations.text_file import lines
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

MAX_BYTES, MAX_ALPHABET_BYTES, MAX_LETTERS = 256_000_000, 4_000_000, 200_000
_LINE = "A line is the name of an image or sound, a tab, and what is written or said there."


def read(path: Path, folder: Path) -> Annotated:
    """Images and what is written on each.

    Args:
        path: the TSV, UTF-8, without a head. folder: what the names start from.

    Raises:
        BadInput: it is missing, no such file or empty, or an image is missing or unreadable.
        NotInstalled: Pillow is missing.
    """
    names, texts = listed(path)
    images = tuple(folder / name for name in names)
    return Annotated(images, upright.sizes_of(images), texts=texts, origin=str(path))


def listed(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(the names of the files, what is written or said in each), as the TSV has them.

    Raises:
        BadInput: it is missing, no such file or empty.
    """
    names, texts = [], []
    for number, line in enumerate(lines(path, MAX_BYTES, "a file of lines (TSV)"), 1):
        if not line:
            continue
        name, tab, text = line.partition("\t")
        if not tab or not named_file.is_inside(name.strip()):
            raise BadInput(f"{on_disk.shown(path)}, line {number}: {line[:60]!r}.", _LINE)
        names.append(name.strip())
        texts.append(text.strip())
    if not names:
        raise BadInput(f"{on_disk.shown(path)} holds 0 lines of text.", _LINE)
    return tuple(names), tuple(texts)


def read_alphabet(path: Path) -> tuple[str, ...]:
    """The letters of an alphabet file, one a line in the order of the model's classes.

    A line may hold a space. The blank is not in it: `decoding.ctc.Alphabet` says where it stands.

    Raises:
        BadInput: it is missing, no text, empty, or has a letter twice or an empty line.
    """
    letters = lines(path, MAX_ALPHABET_BYTES, "an alphabet (a letter a line)")
    if letters and letters[-1] == "":
        letters.pop()
    shown = on_disk.shown(path)
    if not letters:
        raise BadInput(f"{shown}: an alphabet of 0 letters.", "Write a letter a line.")
    if len(letters) > MAX_LETTERS:
        raise BadInput(f"{shown}: an alphabet of {len(letters):,} letters.", "Write one a line.")
    seen: dict[str, int] = {}
    for number, letter in enumerate(letters, 1):
        if letter == "" or letter in seen:
            what = f"{letter!r} again (line {seen[letter]})" if letter else "empty"
            raise BadInput(f"{shown}, line {number}: {what}.", "Write each letter once.")
        seen[letter] = number
    return tuple(letters)


def require_letters(texts: tuple[str, ...], letters: tuple[str, ...], origin: str) -> None:
    """Refuses an alphabet that cannot write most of the texts.

    A rare letter that the model does not know is an error of the model's, and counts as one.

    Raises:
        BadInput: more than half of the texts hold a letter that it lacks.
    """
    known = {character for letter in letters for character in letter} | {" "}
    lacking = [text for text in texts if not set(text) <= known]
    if 2 * len(lacking) > len(texts):
        odd = next(character for character in lacking[0] if character not in known)
        raise BadInput(
            f"{origin}: {len(lacking)} of {len(texts)} texts hold letters that the alphabet lacks, "
            f"such as {odd!r} of {lacking[0][:40]!r}.",
            "Give the alphabet that the model was trained with.",
        )
