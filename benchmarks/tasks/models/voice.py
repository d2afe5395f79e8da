"""Silero VAD on speech of espeak-ng with pauses and noise by construction."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

from benchmarks.demo.packages import folder
from benchmarks.tasks.models.prepared import Held, Prepared
from benchmarks.tasks.models.words import sentences

#: part -> (sequences, the seed, its voices, its share of the sentences).
PARTS = {
    "val": (80, 1, ("en-us", "en-gb", "en-gb+f3", "en-us+m2"), slice(0, 400)),
    "test": (40, 2, ("en-029", "en-gb-scotland", "en-us+f5", "en-gb+m7"), slice(400, 800)),
}
RATE, STEP, CONTEXT = 16000, 512, 64
SECONDS = {"val": 16, "test": 60}
#: Quieter than that in a step of 32 ms, for as many steps, is a pause. Full scale is 1.
_SILENT, _SHORT = 0.005, 6


def prepare(place: Path) -> Prepared:
    """voice/val.npz (80 sequences of 16 s) and test.npz (40 of 60 s), `silero_vad_16k_op15.onnx`.

    `input` float32 [n, steps, 576]: 512 samples at 16 kHz with the 64 before them, `sr` int64
    [n, steps], `labels` int64 [n, steps]: 1 where somebody speaks. The state is `state` and
    `stateN`, [2, 1, 128]. Needs espeak-ng (Debian: `apt-get install espeak-ng`).
    """
    model = folder("silero-vad") / "silero_vad" / "data" / "silero_vad_16k_op15.onnx"
    data = place / "voice"
    for part in PARTS:
        _write(data, part)

    def held() -> Held:
        with np.load(data / "test.npz") as file:
            inputs = {name: file[name] for name in ("input", "sr")}
            return Held(inputs, (), file["labels"], None)

    return Prepared(
        model=model, data=data / "val.npz", confirm=data / "test.npz",
        options=("--state", "stateN=state", "--metric", "roc-auc"), measures=("roc-auc",),
        held=held, states={"stateN": "state"}, facts={"state": {"state": (2, 1, 128)}},
    )  # fmt: skip


def _write(data: Path, part: str) -> None:
    path = data / f"{part}.npz"
    if path.exists():
        return
    data.mkdir(parents=True, exist_ok=True)
    count, seed, voices, share = PARTS[part]
    rng = np.random.default_rng(seed)
    spoken = _spoken(sentences()[share], voices, 60, rng)
    found = [sequence(spoken, SECONDS[part], rng) for _ in range(count)]
    sounds, labels = (np.stack(one) for one in zip(*found, strict=True))
    np.savez(path, input=sounds, sr=np.full(labels.shape, RATE, np.int64), labels=labels)


def _spoken(
    texts: tuple[str, ...], voices: tuple[str, ...], count: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """float32[samples] at 16 kHz: sentences in turn by each voice, at 120 to 210 words a minute."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise FileNotFoundError("espeak-ng is not installed: apt-get install espeak-ng")
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "one.wav"
        for number in range(count):
            speed = str(rng.integers(120, 210))
            said = texts[rng.integers(len(texts))]
            voice = voices[number % len(voices)]
            command = [program, "-v", voice, "-s", speed, "-w", str(path), "--", said]
            subprocess.run(command, check=True, capture_output=True)
            found.append(_read(path))
    return found


def _read(path: Path) -> np.ndarray:
    """A wav at 16 kHz, its loudest sample 0.5."""
    from scipy.signal import resample_poly

    with wave.open(str(path)) as file:
        rate = file.getframerate()
        raw = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float64)
    common = np.gcd(rate, RATE)
    sound = resample_poly(raw, RATE // common, rate // common)
    return (sound * (0.5 / np.abs(sound).max())).astype(np.float32)


def sequence(
    spoken: list[np.ndarray], seconds: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Steps float32[t, 576] of sentences with pauses of 0.5 to 3 s, and int64[t]: 1 for speech.

    Noise is white or brownish, 5 to 30 dB below the speech.
    """
    from scipy.ndimage import binary_closing

    steps = seconds * RATE // STEP
    clean, at = np.zeros(steps * STEP, np.float32), 0
    while True:
        at += int(rng.uniform(0.5, 3) * RATE)
        one = spoken[rng.integers(len(spoken))][: max(len(clean) - at, 0)]
        if not len(one):
            break
        clean[at : at + len(one)] = one * np.float32(rng.uniform(0.3, 1))
        at += len(one)
    loud = np.sqrt(np.mean(clean.reshape(steps, STEP) ** 2, axis=1))
    labels = binary_closing(loud > _SILENT, np.ones(_SHORT)).astype(np.int64)
    power = np.sqrt(np.mean(clean[np.repeat(labels > 0, STEP)] ** 2)) if labels.any() else 0.1
    sound = clean + _noise(len(clean), rng) * np.float32(power * 10 ** rng.uniform(-1.5, -0.25))
    padded = np.concatenate([np.zeros(CONTEXT, np.float32), sound]).clip(-1, 1)
    starts = np.arange(steps) * STEP
    return np.stack([padded[i : i + STEP + CONTEXT] for i in starts]), labels


def _noise(count: int, rng: np.random.Generator) -> np.ndarray:
    """float32[count] of power 1: white, or falling with the frequency."""
    found = rng.normal(size=count)
    if rng.random() < 0.5:
        from scipy.signal import lfilter

        found = lfilter([1.0], [1.0, -0.95], found)
    return (found / found.std()).astype(np.float32)
