"""Lines of text of sounds: a TSV of `file.wav<TAB>text`, for recognizers that take the sound."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgeopt.datasets.annotations import text_lines
from edgeopt.datasets.image_input import Spec
from edgeopt.datasets.samples import Samples
from edgeopt.decoding.wave_file import NoWave, fitted, read_wave
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

_HEAD_BYTES = 4096


def are_sounds(path: Path) -> bool:
    """Whether the first line of a TSV names a .wav; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            first = file.read(_HEAD_BYTES).lstrip().split(b"\t")[0]
    except OSError:
        return False
    return first.strip().lower().endswith(b".wav")


def load(path: Path, folder: Path, letters: tuple[str, ...], specs: Sequence[Spec]) -> Samples:
    """The sounds as the model takes them, zeros behind the shorter ones; labels are their texts.

    Args:
        folder: what the names start from. letters: of the alphabet; (): not known.
        specs: the model's inputs: one takes the sound, float32 [1, length]; integers of one value
            beside it are told the samples a second.

    Raises:
        BadInput: the model takes no sound, or a sound is missing, no .wav, longer than the input,
            or of another rate than the others.
    """
    fed = _fed(specs, path)
    size = _length(fed)
    names, texts = text_lines.listed(path)
    if letters:
        text_lines.require_letters(texts, letters, str(path))
    sounds = [_read(folder / name) for name in names]
    rates = {rate for _, rate in sounds}
    if len(rates) > 1:
        raise BadInput(
            f"{path}: its sounds have {' and '.join(map(str, sorted(rates)))} samples a second.",
            "Convert them to the rate that the model takes.",
        )
    long = [i for i, (signal, _) in enumerate(sounds) if len(signal) > size]
    if long:
        raise BadInput(
            f"{folder / names[long[0]]} has {len(sounds[long[0]][0])} values, and the model takes "
            f"{size} ({len(long)} of {len(names)} sounds are longer).",
            "Cut the sounds and their texts, or say a longer --shape where the model's is open.",
        )
    shape = tuple(one if isinstance(one, int) else 1 for one in (fed.shape or ())[:-1])
    signals = np.stack([fitted(signal, size) for signal, _ in sounds])
    inputs = {fed.name: signals.reshape(len(signals), *shape[1:], size)}
    for spec in specs:
        if spec.name != fed.name:
            inputs[spec.name] = np.full(len(signals), next(iter(rates)), spec.dtype)
    return Samples(inputs, np.array(texts, np.str_), None, str(path), rate=next(iter(rates)))


def _read(path: Path) -> tuple[np.ndarray, int]:
    if on_disk.kind(path) != "file":
        raise BadInput(f"{on_disk.shown(path)}: no such sound", on_disk.near(path))
    try:
        signal, rate = read_wave(path)
    except NoWave as error:
        raise BadInput(str(error), "Save it as .wav of 16 bits.") from error
    except OSError as error:
        raise on_disk.cannot(path, "read", error) from error
    return signal, int(rate)


def _fed(specs: Sequence[Spec], path: Path) -> Spec:
    """The input that takes the sound: the others are integers of one value."""
    fed = [spec for spec in specs if not _is_number(spec)]
    shape = fed[0].shape if len(fed) == 1 else None
    if shape is None or not _is_row(shape) or fed[0].dtype not in ("float32", "float16", None):
        told = ", ".join(f"{spec.name} {list(spec.shape or ())}" for spec in specs)
        raise BadInput(
            f"{path}: sounds feed one input of floats [1, length], and the model has {told}.",
            "Prepare what it takes in a function of your own: --data module:function.",
        )
    return fed[0]


def _is_number(spec: Spec) -> bool:
    if spec.shape is None:
        return False
    sizes = [size if isinstance(size, int) else 1 for size in spec.shape]
    return str(spec.dtype).startswith(("int", "uint")) and int(np.prod(sizes)) == 1


def _is_row(shape: Sequence[int | str | None]) -> bool:
    """Whether all axes but the last count one, and the first may count samples."""
    if not shape or any(one != 1 for one in shape[1:-1]):
        return False
    return len(shape) == 1 or not isinstance(shape[0], int) or shape[0] == 1


def _length(fed: Spec) -> int:
    size = (fed.shape or (None,))[-1]
    if not isinstance(size, int):
        raise BadInput(
            f"the length of the model's input '{fed.name}' is open.",
            f"Say how many values it takes: --shape {fed.name}=1x16000",
        )
    return size
