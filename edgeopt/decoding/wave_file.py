"""ON THE DEVICE AND HOST. Sound from a .wav file, and a model's steps of it."""

from __future__ import annotations

import wave

import numpy as np

from edgeopt.decoding.rolling import TooShort, frames

#: Bytes of a value.
_WIDTHS = (1, 2, 3, 4)


class NoWave(ValueError):
    """A file that is no .wav of whole numbers, or of another rate than the model's."""


def read_wave(path):
    """(float32[n] within -1..1, the mean of its channels; samples a second).

    Raises:
        NoWave: it is no such file. OSError: it is not there.
    """
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise NoWave(f"{path}: cannot be read as .wav of whole numbers: {error}") from error
    if width not in _WIDTHS or rate < 1:
        raise NoWave(
            f"{path}: {8 * width} bits a value at {rate} values a second; .wav files of 8, 16, 24 "
            "or 32 bits are read"
        )
    data = data[: len(data) // (width * channels) * width * channels]
    if width == 3:  # no type of numpy's: its bytes become the upper three of four
        bytes_ = np.frombuffer(data, np.uint8).reshape(-1, 3)
        padded = np.concatenate([np.zeros((len(bytes_), 1), np.uint8), bytes_], axis=1)
        values = padded.copy().view("<i4").ravel() / 2.0**31
    elif width == 1:
        values = np.frombuffer(data, np.uint8) / 128.0 - 1
    else:
        values = np.frombuffer(data, f"<i{width}") / 2.0 ** (8 * width - 1)
    return values.reshape(-1, channels).mean(axis=1).astype(np.float32), rate


def require_rate(path, found, wanted):
    """Raises NoWave where a file's samples a second are not the model's."""
    if wanted and found != wanted:
        raise NoWave(
            f"{path}: it has {found} samples a second, and the model takes {wanted}. Convert it: "
            f"ffmpeg -i {path} -ar {wanted} -ac 1 out.wav"
        )


def steps(signal, size, overlap=0):
    """[t, size]: a signal's whole steps, each `overlap` values into the last, zeros before the
    first: a model that looks back sees silence there.

    Raises:
        TooShort: there is not one.
    """
    if len(signal) < size - overlap:
        raise TooShort(f"a sound of {len(signal)} values is shorter than a step of {size}")
    return frames(np.concatenate([np.zeros(overlap, signal.dtype), signal]), size, overlap)


def fitted(signal, size):
    """[size]: a signal cut behind, or with zeros behind it."""
    return np.pad(signal[:size], (0, max(0, size - len(signal))))
