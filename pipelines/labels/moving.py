"""The visible label on what moves: every frame of a GIF, the first seconds of a film, in the lower right corner.

GB 45438-2025 asks for at least 2 s from the first frame, and 5% of the shortest side. A film is encoded again by its own codec, with one
thread, so that the same film gives the same bytes; its sound is copied. A GIF keeps its colours where two of 256 are free.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.labels.lettering import Lettering
from pipelines.labels.pictures import refused

if TYPE_CHECKING:
    from PIL import Image

#: How long the letters stand from the first frame; the standard asks for 2.
SECONDS = 3.0
#: By the codec of the film: who encodes it again, and how well (near to what cannot be told apart).
_ENCODERS: dict[str, tuple[str, dict[str, str]]] = {
    "h264": ("libx264", {"crf": "16"}),
    "hevc": ("libx265", {"crf": "18", "x265-params": "log-level=none:pools=none:frame-threads=1"}),
    "vp8": ("libvpx", {"crf": "8", "b": "6M"}),
    "vp9": ("libvpx-vp9", {"crf": "20", "b": "0"}),
    "mpeg4": ("mpeg4", {"qscale": "2", "flags": "+qscale", "global_quality": "236"}),
}


def gif(data: bytes, lettering: Lettering) -> bytes:
    """Every frame, because a GIF goes round: who comes later sees it too."""
    from PIL import Image, ImageSequence

    with Image.open(io.BytesIO(data), formats=("GIF",)) as opened:
        frames, times, after = [], [], []
        for frame in ImageSequence.Iterator(opened):
            times.append(int(frame.info.get("duration", 0)))
            frames.append(_few_colours(frame.convert("RGBA"), lettering))
            after.append(2)  # each frame stands alone: what was behind it is cleared
        loop, comment = opened.info.get("loop"), opened.info.get("comment")
    options: dict[str, Any] = {"save_all": True, "append_images": frames[1:], "optimize": False, "transparency": 255}
    options |= {"disposal": after} if len(frames) > 1 else {}
    options |= {"duration": times} if any(times) else {}
    options |= {name: value for name, value in (("loop", loop), ("comment", comment)) if value is not None}
    out = io.BytesIO()
    frames[0].save(out, "GIF", **options)
    return out.getvalue()


def _few_colours(frame: Image.Image, lettering: Lettering) -> Image.Image:
    """A frame of a palette: the letters white on black, its own colours as they are, or the nearest 253; the last one is seen through."""
    from PIL import Image

    seen = np.asarray(frame)
    colours, numbers = np.unique(seen[..., :3].reshape(-1, 3), axis=0, return_inverse=True)
    if len(colours) > 253:
        fewer = frame.convert("RGB").quantize(253, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        colours = np.asarray((fewer.getpalette() or [])[: 253 * 3], np.uint8).reshape(-1, 3)
        numbers = np.asarray(fewer)
    pixels = numbers.reshape(seen.shape[:2]).astype(np.uint8)
    pixels[seen[..., 3] < 128] = 255
    plate, (left, top) = lettering.hard(frame.size)
    part = np.asarray(plate)[: frame.height - top, : frame.width - left]
    pixels[top : top + part.shape[0], left : left + part.shape[1]] = np.where(part > 0, 254, 253)
    table = np.zeros((256, 3), np.uint8)
    table[: len(colours)], table[254] = colours, 255
    made = Image.fromarray(pixels)
    made.putpalette(table.tobytes())
    made.info["transparency"] = 255
    return made


def film(data: bytes, lettering: Lettering, name: str) -> bytes:
    """name: "mp4" or "webm", a row of the table. Raises LabelError, also for a codec that is not written here, or no pictures."""
    import av
    import av.error

    form = {"mp4": "mov" if data[8:12] == b"qt  " else "mp4", "webm": "webm" if b"webm" in data[:64] else "matroska"}[name]
    out = io.BytesIO()
    try:
        with (
            av.open(io.BytesIO(data), format="mp4" if name == "mp4" else "matroska", metadata_errors="ignore") as source,
            av.open(out, "w", format=form, container_options={"fflags": "+bitexact"}) as target,
        ):
            if not source.streams.video:
                raise refused(name.upper(), "it has no pictures that letters could stand on")
            target.metadata.update(source.metadata)
            _drawn(source, target, lettering)
    except (av.error.FFmpegError, ValueError, IndexError) as error:
        raise refused(name.upper(), str(error)) from error
    return out.getvalue()


def _drawn(source: Any, target: Any, lettering: Lettering) -> None:
    pictures = source.streams.video[0]
    encoder, options = _ENCODERS.get(pictures.codec_context.name, ("", {}))
    if not encoder:
        raise refused("film", f"its codec {pictures.codec_context.name} is not written here")
    drawn = target.add_stream(encoder, rate=pictures.average_rate or 25, options=options)
    drawn.width, drawn.height, drawn.pix_fmt = pictures.width, pictures.height, pictures.pix_fmt
    drawn.codec_context.thread_count = 1
    drawn.codec_context.time_base = pictures.time_base
    copied = {one.index: target.add_stream_from_template(one) for one in source.streams.audio}
    for given in source.demux(pictures, *source.streams.audio):
        if given.stream.index in copied:
            if given.dts is not None:
                given.stream = copied[given.stream.index]
                target.mux(given)
            continue
        for frame in given.decode():
            for packet in drawn.encode(_lettered(frame, lettering)):
                target.mux(packet)
    for packet in drawn.encode(None):
        target.mux(packet)


def _lettered(frame: Any, lettering: Lettering) -> Any:
    import av

    if frame.time is None or frame.time < SECONDS:
        shown = av.VideoFrame.from_image(lettering.on(frame.to_image()).convert("RGB")).reformat(
            format=frame.format.name, src_colorspace="ITU601" if frame.colorspace == 2 else None, dst_colorspace=frame.colorspace
        )
        shown.pts, shown.time_base = frame.pts, frame.time_base
        frame = shown
    frame.pict_type = 0  # where key frames stand is the encoder's own choice
    return frame
