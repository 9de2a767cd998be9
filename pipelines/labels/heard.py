"""The audible label: the Morse rhythm of "AI" before the sound of a WAV, MP3, FLAC or Ogg file (GB 45438-2025).

The sound itself is not encoded again where its frames can be kept: MP3 and Opus frames are copied behind frames of the rhythm, WAV and FLAC
keep their samples. Vorbis is decoded and encoded anew, because each stream has code books of its own. Tags stay.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import numpy as np

from pipelines.labels.pictures import refused
from pipelines.labels.sounds import flac_blocks, flac_joined, id3_end
from pipelines.media.sound import Samples, wav_bytes

#: Seconds of a short tone; a long one is three of them, as is the pause between letters (ITU-R M.1677).
SHORT = 0.12
_TONE_HERTZ, _TONE_LEVEL = 700.0, 0.2
_RHYTHM = ((1, 1), (3, 3), (1, 1), (1, 6))  # tone and pause after it, in shorts: .- ..
#: Blocks of a FLAC that are not about where samples lie: application, comments, pictures.
_FLAC_KEPT = (2, 4, 6)


def rhythm(rate: int) -> Samples:
    """The rhythm of "AI" in Morse as samples, mono."""
    parts = []
    for tone, pause in _RHYTHM:
        count = round(tone * SHORT * rate)
        wave = _TONE_LEVEL * np.sin(2 * np.pi * _TONE_HERTZ * np.arange(count) / rate)
        edge = max(1, round(0.005 * rate))
        shape = np.minimum(1.0, np.minimum(np.arange(count), np.arange(count)[::-1]) / edge)
        parts += [wave * shape, np.zeros(round(pause * SHORT * rate))]
    return np.concatenate(parts).astype(np.float32)


def wav(data: bytes) -> bytes:
    samples, rate = _read(data, "float32")
    joined = np.concatenate((_wide(rhythm(rate), samples.shape[1]), samples))
    return wav_bytes(joined[:, 0] if joined.shape[1] == 1 else joined, rate)


def flac(data: bytes) -> bytes:
    import soundfile

    start = id3_end(data) if data[:3] == b"ID3" else 0
    blocks, _ = flac_blocks(data)
    samples, rate = _read(data[start:], "int32")
    subtype = soundfile.info(io.BytesIO(data[start:])).subtype
    told = np.rint(_wide(rhythm(rate), samples.shape[1]) * (2**31 - 1)).astype(np.int32)
    out = io.BytesIO()
    soundfile.write(out, np.concatenate((told, samples)), rate, format="FLAC", subtype=subtype)
    fresh, rest = flac_blocks(out.getvalue())
    return data[:start] + flac_joined([fresh[0], *(block for block in blocks if block[0] in _FLAC_KEPT)], rest)


def mp3(data: bytes) -> bytes:
    """The tag stays in front; FFmpeg writes the count of frames anew."""
    import av
    import av.error

    tag = data[: id3_end(data)] if data[:3] == b"ID3" else b""
    options = {"id3v2_version": "0", "write_id3v1": "0"}
    out = io.BytesIO()
    try:
        with (
            av.open(io.BytesIO(data), format="mp3", metadata_errors="ignore") as source,
            av.open(out, "w", format="mp3", container_options={"fflags": "+bitexact"}, options=options) as target,
        ):
            _spliced(source, target, "libmp3lame", "s16p")
    except (av.error.FFmpegError, ValueError, IndexError) as error:
        raise refused("MP3", str(error)) from error
    return tag + out.getvalue()


def ogg(data: bytes) -> bytes:
    import av
    import av.error

    out = io.BytesIO()
    try:
        with (
            av.open(io.BytesIO(data), format="ogg", metadata_errors="ignore") as opened,
            av.open(out, "w", format="ogg", container_options={"fflags": "+bitexact"}) as target,
        ):
            if opened.streams.audio[0].codec_context.name == "opus":
                _spliced(opened, target, "libopus", "s16")
            else:
                tags = {**opened.metadata, **opened.streams.audio[0].metadata}
                with av.open(io.BytesIO(_vorbis(data)), format="ogg") as source:
                    stream = target.add_stream_from_template(source.streams.audio[0])
                    stream.metadata.update(tags)
                    _muxed(target, stream, source.demux(source.streams.audio[0]))
    except (av.error.FFmpegError, ValueError, IndexError) as error:
        raise refused("Ogg", str(error)) from error
    return out.getvalue()


def _spliced(source: Any, target: Any, encoder: str, form: str) -> None:
    """Frames of the rhythm, then those of the sound, in one stream with the tags of the sound."""
    import av

    given = source.streams.audio[0]
    context: Any = av.CodecContext.create(encoder, "w")
    context.sample_rate, context.layout, context.format = given.rate, given.layout.name, form
    context.bit_rate = given.bit_rate or 128_000
    stream = target.add_stream_from_template(given)
    stream.metadata.update({**source.metadata, **given.metadata})
    whole = np.rint(_wide(rhythm(given.rate), given.layout.nb_channels) * 32767).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(whole.T.copy() if form == "s16p" else whole.reshape(1, -1), format=form, layout=given.layout.name)
    frame.rate = given.rate
    told = []
    resampled = av.AudioResampler(format=form, layout=given.layout.name, rate=given.rate, frame_size=context.frame_size or 960)
    for part in [*resampled.resample(frame), *resampled.resample(None)]:
        told += context.encode(part)
    told += context.encode(None)
    _muxed(target, stream, [*told, *source.demux(given)])


def _muxed(target: Any, stream: Any, packets: Iterable[Any]) -> None:
    """Packets one after another, whatever times they had."""
    at: int | None = None
    for packet in packets:
        if not packet.size:
            continue
        if at is None:
            at = packet.pts or 0
        span = round(packet.duration * packet.time_base / stream.time_base) if packet.duration else 0
        packet.stream, packet.time_base = stream, stream.time_base
        packet.pts = packet.dts = at
        packet.duration = span
        at += span
        target.mux(packet)


def _vorbis(data: bytes) -> bytes:
    import soundfile

    samples, rate = _read(data, "float32")
    out = io.BytesIO()
    soundfile.write(out, np.concatenate((_wide(rhythm(rate), samples.shape[1]), samples)), rate, format="OGG", subtype="VORBIS")
    return out.getvalue()


def _read(data: bytes, dtype: str) -> tuple[Any, int]:
    import soundfile

    samples, rate = soundfile.read(io.BytesIO(data), dtype=dtype, always_2d=True)
    return samples, int(rate)


def _wide(mono: Samples, channels: int) -> Samples:
    return np.repeat(mono[:, None], channels, axis=1)
