"""Sound as arrays: loudness, peaks, trimming, WAV bytes and bounded decoding. Knows nothing of voices or music.

Arrays are float32 in -1..1, shape (samples,) for mono or (samples, channels).
Loudness is ITU-R BS.1770-4 (LUFS, K-weighted, gated); peaks are true peaks in dBTP (four times oversampled).
"""

from __future__ import annotations

import functools
import io
import math
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyloudnorm
import scipy.ndimage
import scipy.signal
from numpy.typing import NDArray

from domain.errors import AttachmentError, InvalidOutput, LimitError
from pipelines.media.headers import wave_seconds

Samples = NDArray[np.float32]

#: A recording a person hands in may be at most this long (the spoken hour of a podcast is cut by its owner, not by us).
DECODE_MAX_SECONDS = 1800
_OVERSAMPLING = 4
_CHUNK = 1 << 19
_OVERLAP = 64
#: BS.1770 measures blocks of 400 ms; a shorter clip is repeated until it fills one.
_BLOCK_SECONDS = 0.4
#: How films begin that hold sound too: Matroska and WebM, MPEG program streams, Flash video.
_FILMS = (b"\x1a\x45\xdf\xa3", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"FLV\x01")
_CONTAINERS = ((b"RIFF", "wav"), (b"ID3", "mp3"), (b"fLaC", "flac"), (b"OggS", "ogg"))


@dataclass(frozen=True)
class Levelled:
    """samples at the wanted loudness; lufs and peak (dBTP) as measured afterwards."""

    samples: Samples
    lufs: float
    peak: float


def loudness(samples: Samples, rate: int) -> float:
    """Integrated loudness in LUFS; -inf for silence."""
    if samples.size == 0:
        return -math.inf
    block = math.ceil(_BLOCK_SECONDS * rate) + 1
    if len(samples) < block:
        repeats = math.ceil(block / len(samples))
        samples = np.tile(samples, (repeats,) + (1,) * (samples.ndim - 1))
    with np.errstate(divide="ignore"):
        return float(pyloudnorm.Meter(rate).integrated_loudness(samples.astype(np.float64)))


def true_peak(samples: Samples) -> float:
    """Highest inter-sample peak in dBTP; -inf for silence."""
    highest = float(_peak_envelope(samples).max(initial=0.0))
    return 20 * math.log10(highest) if highest > 0 else -math.inf


def level(samples: Samples, rate: int, lufs: float, ceiling: float = -1.0) -> Levelled:
    """Bring to `lufs`, with no true peak above `ceiling` dBTP: a gain, then a look-ahead limiter where peaks need it.

    A very peaky sound ends below the wanted loudness rather than distorted. Raises InvalidOutput on silence.
    """
    measured = loudness(samples, rate)
    if not math.isfinite(measured):
        raise InvalidOutput("The sound is silent, so it has no loudness to set.", hint="Try another voice or seed.")
    out = samples
    for _ in range(3):
        out = (out * 10 ** ((lufs - measured) / 20)).astype(np.float32)
        if true_peak(out) > ceiling:
            out = limited(out, rate, ceiling - 0.1)
        measured = loudness(out, rate)
        if abs(measured - lufs) < 0.2:
            break
    peak = true_peak(out)
    if peak > ceiling:
        out = (out * 10 ** ((ceiling - 0.01 - peak) / 20)).astype(np.float32)
        measured, peak = loudness(out, rate), true_peak(out)
    return Levelled(samples=out, lufs=measured, peak=peak)


@dataclass(frozen=True)
class Mastered:
    """samples on the target; gain (dB) is what every track got before the limiter; reduction (dB) the most it took off."""

    samples: Samples
    gain: float
    lufs: float
    peak: float
    reduction: float


def master(samples: Samples, rate: int, lufs: float, ceiling: float = -1.0) -> Mastered:
    """To `lufs` within 0.05 LU where peaks allow it, true peak at most `ceiling` dBTP: one gain, then the look-ahead limiter.

    The gain is found anew from the unlimited sound each time, so that no limiter works on what another one left. Raises InvalidOutput on
    silence.
    """
    measured = loudness(samples, rate)
    if not math.isfinite(measured):
        raise InvalidOutput(
            "The mix is silent, so it has no loudness to set.", hint="Give it a voice, a bed or an effect with sound in it."
        )
    needed = lufs - measured
    gain, margin, out, peak = needed, 0.1, samples, 0.0
    for _ in range(10):
        driven = (samples * 10 ** (gain / 20)).astype(np.float32)
        out = limited(driven, rate, ceiling - margin) if true_peak(driven) > ceiling - margin else driven
        measured, peak = loudness(out, rate), true_peak(out)
        if peak > ceiling:
            margin += peak - ceiling + 0.02
        elif abs(measured - lufs) < 0.05 or gain > needed + 20:
            break
        gain += lufs - measured
    if peak > ceiling:
        out = (out * 10 ** ((ceiling - 0.01 - peak) / 20)).astype(np.float32)
        measured, peak = loudness(out, rate), true_peak(out)
    before = float(np.abs(samples).max()) * 10 ** (gain / 20)
    return Mastered(out, gain, measured, peak, max(0.0, 20 * math.log10(before / max(1e-9, float(np.abs(out).max())))))


def even_gain(samples: Samples, rate: int, lufs: float, ceiling: float = -1.0) -> float:
    """The gain in dB that brings a loop to `lufs`, less where its true peak would pass `ceiling`, heard round and round.

    No limiter: it would treat the two ends differently. Raises InvalidOutput on silence.
    """
    measured = loudness(samples, rate)
    if not math.isfinite(measured):
        raise InvalidOutput("The sound is silent, so it has no loudness to set.", hint="Try another seed.")
    return min(lufs - measured, ceiling - 0.05 - true_peak(np.concatenate((samples, samples[:256]))))


def trim_silence(samples: Samples, rate: int, *, below: float = -45.0, before: float = 0.04, after: float = 0.12) -> Samples:
    """Cut what is more than `below` dB under the peak at both ends, keeping `before` and `after` seconds of it. Mono."""
    highest = float(np.abs(samples).max(initial=0.0))
    if highest == 0.0:
        return samples[:0]
    loud = np.flatnonzero(np.abs(samples) > highest * 10 ** (below / 20))
    first = max(0, int(loud[0]) - int(before * rate))
    last = min(len(samples), int(loud[-1]) + int(after * rate))
    return samples[first:last]


def fade(samples: Samples, rate: int, *, into: float = 0.0, out: float = 0.0) -> Samples:
    """Raised-cosine fades of `into` and `out` seconds."""
    shaped = samples.copy()
    rise, fall = min(len(shaped), int(into * rate)), min(len(shaped), int(out * rate))
    for count, where in ((rise, slice(0, rise)), (fall, slice(len(shaped) - fall, None))):
        if count == 0:
            continue
        ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)).astype(np.float32)
        ramp = ramp if where.start == 0 and where.stop == rise else ramp[::-1]
        shaped[where] *= ramp if shaped.ndim == 1 else ramp[:, None]
    return shaped


def clipped_share(samples: Samples) -> float:
    """Of all samples, how many stand at full scale in runs of three or more: what was recorded too loud. 0..1."""
    if samples.size == 0:
        return 0.0
    loud = np.abs(samples) >= 0.999
    runs = scipy.ndimage.uniform_filter1d(loud.astype(np.float32), size=3, axis=0, mode="constant") > 0.999
    return float(runs.mean())


def require_sound(samples: Samples, maker: str) -> Samples:
    """The samples, unless they are empty, not numbers, or constant: then InvalidOutput."""
    if samples.size == 0 or not bool(np.isfinite(samples).all()):
        raise InvalidOutput(f"{maker} returned no usable sound.", hint="Try another voice, seed or wording.")
    if float(samples.std()) < 1e-5:
        raise InvalidOutput(f"{maker} returned silence.", hint="Try another voice, seed or wording.")
    return samples


def wav_bytes(samples: Samples, rate: int) -> bytes:
    """A 16-bit PCM WAV file; 1.0 is full scale."""
    pcm = np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(pcm.tobytes())
    return file.getvalue()


def decode(source: Path | bytes, rate: int = 16_000, longest: float = DECODE_MAX_SECONDS, *, channels: int = 1) -> Samples:
    """Any sound file at `rate`, mono or, with channels=2, of shape (samples, 2).

    Raises AttachmentError when it is not sound, LimitError past `longest` seconds.
    """
    import av
    import av.error

    opened = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    found: list[NDArray[np.float32]] = []
    count, most = 0, int(longest * rate)
    try:
        with opened, av.open(opened, mode="r", format=_container(opened), metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise AttachmentError("The file holds no sound.", hint="Give a WAV or MP3 file.")
            resampler = av.AudioResampler(format="flt", layout="mono" if channels == 1 else "stereo", rate=rate)
            for frame in container.decode(container.streams.audio[0]):
                for piece in resampler.resample(frame):
                    found.append(piece.to_ndarray().reshape(-1).astype(np.float32))
                    count += found[-1].size
                if count > most * channels:
                    raise _too_long(longest)
            for piece in resampler.resample(None):
                found.append(piece.to_ndarray().reshape(-1).astype(np.float32))
    except (av.error.FFmpegError, ValueError) as error:
        raise AttachmentError("The sound file could not be read; it may be damaged.", hint="Save it again as WAV or MP3.") from error
    if not found or sum(piece.size for piece in found) == 0:
        raise AttachmentError("The sound file is empty.", hint="Give a recording with sound in it.")
    samples = np.concatenate(found)
    if not np.isfinite(samples).all():
        raise AttachmentError("The sound file holds values that are no sound.", hint="Save it again as WAV or MP3.")
    return samples if channels == 1 else samples.reshape(-1, channels)


def examine(data: bytes, longest: float = DECODE_MAX_SECONDS) -> None:
    """Check a recording without decoding it. Raises AttachmentError for what is none, LimitError for a WAV over `longest` seconds."""
    if media_type_of(data) == "audio/wav" and wave_seconds(data) > longest:
        raise _too_long(longest)


def _too_long(longest: float) -> LimitError:
    return LimitError(f"The recording is longer than {longest / 60:.0f} minutes.", hint="Cut it into shorter parts.")


def media_type_of(data: bytes) -> str:
    """The media type of a sound file this studio reads, by its first bytes. Raises AttachmentError for anything else."""
    return {"wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac", "ogg": "audio/ogg"}[_container(io.BytesIO(data))]


def _container(file: BinaryIO) -> str:
    """The container by its first bytes. Named to the decoder, so that a playlist dressed as a recording opens nothing else."""
    head = file.read(12)
    file.seek(0)
    for start, name in _CONTAINERS:
        if start == b"RIFF" and head[8:12] != b"WAVE":
            continue
        if head.startswith(start):
            return name
    film = head[4:8] == b"ftyp" and head[8:11] not in (b"M4A", b"M4B")
    if head.startswith(_FILMS) or film or (head[:4] == b"RIFF" and head[8:12] == b"AVI "):
        raise AttachmentError("The file is a film, not a recording of sound.", hint="Save its sound as WAV or MP3 and give that.")
    if head[4:8] == b"ftyp":
        raise AttachmentError("The file is an M4A, which this studio does not read.", hint="Save it as WAV, MP3, FLAC or Ogg.")
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "mp3"
    raise AttachmentError("The file is not a sound file this studio reads.", hint="Give WAV, MP3, FLAC or Ogg.")


def _peak_envelope(samples: Samples) -> Samples:
    """For each sample the highest absolute value, between it and the next, over all channels. In chunks, to bound memory."""
    frames = samples[:, None] if samples.ndim == 1 else samples
    envelope = np.zeros(len(frames), np.float32)
    for start in range(0, len(frames), _CHUNK):
        stop = min(len(frames), start + _CHUNK)
        first, last = max(0, start - _OVERLAP), min(len(frames), stop + _OVERLAP)
        # Columns one by one: a reduction over an axis of two or four is many times slower.
        columns = np.abs(scipy.signal.resample_poly(frames[first:last], _OVERSAMPLING, 1, axis=0)).T
        dense = functools.reduce(np.maximum, columns)
        per_sample = functools.reduce(np.maximum, [dense[part::_OVERSAMPLING] for part in range(_OVERSAMPLING)])
        envelope[start:stop] = per_sample[start - first : stop - first]
    return envelope


def limited(samples: Samples, rate: int, ceiling: float) -> Samples:
    """Look-ahead limiting to a true peak of `ceiling` dBTP: the gain dips within 5 ms around a peak and never exceeds what it allows."""
    top = 10 ** (ceiling / 20)
    need = np.minimum(1.0, top / np.maximum(_peak_envelope(samples), 1e-9))
    half = max(2, int(0.005 * rate))
    gain = scipy.ndimage.minimum_filter1d(need, size=2 * half + 1)
    # Two box filters whose reach together is `half` stay inside the minimum, so the smoothed gain never lets a peak through.
    box = half // 2 * 2 + 1
    gain = scipy.ndimage.uniform_filter1d(scipy.ndimage.uniform_filter1d(gain, size=box), size=box)
    shaped = samples * (gain if samples.ndim == 1 else gain[:, None])
    return np.asarray(shaped, dtype=np.float32)
