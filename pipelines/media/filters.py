"""Sound through ffmpeg as PyAV carries it: the second meter (ebur128), tempo without pitch (atempo), and FLAC, MP3 and Opus files.

Knows arrays and bytes; nothing of mixes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from domain.errors import EngineFailed
from pipelines.media.sound import Samples

_CHUNK = 48_000
#: format -> (container, encoder, bits a second, media type). Opus works at 48 kHz.
FORMATS: Final[dict[str, tuple[str, str, int, str]]] = {
    "flac": ("flac", "flac", 0, "audio/flac"),
    "mp3": ("mp3", "libmp3lame", 192_000, "audio/mpeg"),
    "opus": ("ogg", "libopus", 128_000, "audio/ogg"),
}


@dataclass(frozen=True)
class Measured:
    """Integrated loudness in LUFS, true peak in dBTP (ITU-R BS.1770-4 as ffmpeg's ebur128 measures them), length in seconds."""

    lufs: float
    peak: float
    seconds: float


def measure(samples: Samples, rate: int) -> Measured:
    """A meter of its own: none of the code that steered the level is used."""
    # Loudness is measured in blocks of 400 ms; a shorter sound is repeated until it fills some.
    heard = np.concatenate([samples] * max(1, math.ceil(rate / max(1, len(samples))))) if len(samples) < rate else samples
    with _mapped("measured"):
        lufs, peak = -math.inf, 0.0
        for frame in _filtered(heard, rate, "ebur128", "metadata=1:peak=true"):
            # The last piece, shorter than a step of the meter, carries no reading.
            lufs = float(frame.metadata.get("lavfi.r128.I", lufs))
            peak = max(peak, float(frame.metadata.get("lavfi.r128.true_peak", 0.0)))
    return Measured(lufs, 20 * math.log10(peak) if peak > 0 else -math.inf, len(samples) / rate)


@dataclass(frozen=True)
class Readings:
    """What the meter shows every 0.1 s: loudness of the last 0.4 s and of the last 3 s in LUFS. lufs and peak as in Measured."""

    momentary: tuple[float, ...]
    short: tuple[float, ...]
    lufs: float
    peak: float


def readings(samples: Samples, rate: int) -> Readings:
    """The meter of `measure`, read all along a sound."""
    momentary: list[float] = []
    short: list[float] = []
    lufs, peak = -math.inf, 0.0
    with _mapped("measured"):
        for frame in _filtered(samples, rate, "ebur128", "metadata=1:peak=true"):
            read = frame.metadata
            if "lavfi.r128.M" in read:
                momentary.append(float(read["lavfi.r128.M"]))
                short.append(float(read["lavfi.r128.S"]))
            lufs = float(read.get("lavfi.r128.I", lufs))
            peak = max(peak, float(read.get("lavfi.r128.true_peak", 0.0)))
    return Readings(tuple(momentary), tuple(short), lufs, 20 * math.log10(peak) if peak > 0 else -math.inf)


def stretched(samples: Samples, rate: int, tempo: float) -> Samples:
    """The same pitch at another tempo (0.5 to 2), exactly round(len / tempo) samples long. Shape (samples, 2)."""
    count = round(len(samples) / tempo)
    if abs(tempo - 1.0) < 1e-4:
        return samples
    with _mapped("stretched"):
        found = [frame.to_ndarray().reshape(-1, 2) for frame in _filtered(samples, rate, "atempo", f"{tempo:.6f}")]  # it answers packed
    whole = np.concatenate(found).astype(np.float32) if found else np.zeros((0, 2), np.float32)
    return np.pad(whole, ((0, max(0, count - len(whole))), (0, 0)))[:count]


def encoded(samples: Samples, rate: int, kind: str) -> bytes:
    """A file of a format of FORMATS. FLAC has 16 bits. The same samples give the same bytes."""
    import av

    container, encoder, bits, _ = FORMATS[kind]
    sixteen = kind == "flac"
    file = io.BytesIO()
    with _mapped(f"written as {kind}"), av.open(file, "w", format=container, options={"fflags": "+bitexact"}) as out:
        stream: Any = out.add_stream(encoder, rate=rate)
        stream.layout = "stereo"
        stream.codec_context.format = "s16" if sixteen else "fltp" if kind == "mp3" else "flt"
        stream.codec_context.thread_count = 1
        if bits:
            stream.bit_rate = bits
        fifo = av.AudioFifo()
        fifo.write(_frame(samples, rate, "s16" if sixteen else "fltp"))
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="stereo", rate=rate)
        size = stream.codec_context.frame_size or 4096
        while (frame := fifo.read(size, partial=True)) is not None:
            for piece in resampler.resample(frame):
                out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return file.getvalue()


def _frame(samples: Samples, rate: int, form: str) -> Any:
    import av

    planes: NDArray[Any]
    if form == "s16":
        planes = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16).reshape(1, -1)
    else:
        planes = np.ascontiguousarray(samples.T.astype(np.float32))
    frame = av.AudioFrame.from_ndarray(planes, format=form, layout="stereo")
    frame.sample_rate = rate
    frame.time_base = Fraction(1, rate)
    frame.pts = 0
    return frame


def _filtered(samples: Samples, rate: int, name: str, arguments: str) -> Iterator[Any]:
    """Frames that come out of one filter. samples: shape (samples, 2)."""
    import av
    import av.error
    from av.filter import Graph

    stereo = samples if samples.ndim == 2 and samples.shape[1] == 2 else np.repeat(samples.reshape(-1, 1), 2, axis=1)
    graph = Graph()
    source = graph.add_abuffer(sample_rate=rate, format="fltp", layout="stereo", time_base=Fraction(1, rate))
    middle, sink = graph.add(name, arguments), graph.add("abuffersink")
    source.link_to(middle)
    middle.link_to(sink)
    graph.configure()

    def pulled(pull: Callable[[], Any]) -> Iterator[Any]:
        while True:
            try:
                yield pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return

    for start in range(0, len(stereo), _CHUNK):
        frame = _frame(stereo[start : start + _CHUNK], rate, "fltp")
        frame.pts = start
        source.push(frame)
        yield from pulled(graph.pull)
    source.push(None)
    yield from pulled(graph.pull)


class _mapped:
    """Errors of ffmpeg become ours."""

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        import av.error

        if isinstance(error, av.error.FFmpegError):
            raise EngineFailed(f"The sound could not be {self._doing}: {error}.", hint="Run the step again.") from error
