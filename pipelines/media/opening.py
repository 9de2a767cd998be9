"""Pictures and recordings of people, opened in a process of its own: the same readings as in picture.py, sound.py and metadata.py.

`tasks` is what runs there; `Opening` is what the studio calls. What comes back is
checked again here: the other process read somebody's file.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from PIL import Image
from pydantic import TypeAdapter, ValidationError

from domain.brief import ATTACHMENT_MAX_PIXELS
from domain.errors import AttachmentError
from domain.metadata import PictureMetadata
from domain.value import JsonValue
from pipelines.media import metadata, picture, sound
from pipelines.media.palette import palette_of
from pipelines.media.sound import DECODE_MAX_SECONDS, Samples
from pipelines.sandbox.child import Task
from pipelines.sandbox.limits import MB, Limits
from pipelines.sandbox.sandbox import Sandbox

#: 40 megapixels are 160 MB with their transparency, and are held up to four times while they are turned upright.
_PICTURE = Limits(seconds=30, cpu=20, memory=1_000 * MB, answer=4 * ATTACHMENT_MAX_PIXELS)
#: Half an hour at 48 kHz are 350 MB of numbers, held three times.
_SOUND = Limits(seconds=180, cpu=120, memory=1_600 * MB, answer=4 * 48_000 * DECODE_MAX_SECONDS)
_SMALL = Limits(seconds=30, cpu=20, memory=1_000 * MB, answer=4 * MB)
_RECOGNISED_RATE = 16_000
_T = TypeVar("_T")
_COLOURS = TypeAdapter(tuple[str, ...])


def tasks() -> dict[str, Task]:
    """The table of tasks; imports what they need, so that copies of the process have it."""
    import av.error  # noqa: F401
    import resvg_py  # noqa: F401

    Image.init()
    return {
        "picture": lambda given, data: _pixels(picture.decode(data, given["name"])),
        "logo": lambda given, data: _pixels(picture.decode_logo(data, given["name"])),
        "palette": _palette,
        "metadata": lambda given, data: (metadata.read_metadata(data, given["name"]).model_dump(mode="json"), b""),
        "thumbnail": lambda given, data: (None, picture.thumbnail(data, given["side"], given["form"], given["name"])),
        "sound": _samples,
    }


def _pixels(opened: Image.Image) -> tuple[JsonValue, bytes]:
    return {"mode": opened.mode, "width": opened.width, "height": opened.height}, opened.tobytes()


def _palette(given: Mapping[str, Any], data: bytes) -> tuple[JsonValue, bytes]:
    opened = picture.decode(data, given["name"]).convert("RGB")
    opened.thumbnail((256, 256))
    return [*palette_of(np.asarray(opened))], b""


def _samples(given: Mapping[str, Any], data: bytes) -> tuple[JsonValue, memoryview]:
    samples = sound.decode(data, given["rate"], given["longest"], channels=given["channels"])
    return None, np.ascontiguousarray(samples, dtype="<f4").reshape(-1).data.cast("B")


class Opening:
    """The doors of the studio for pictures and recordings. Raises what the functions of the same name do, and LimitError."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def picture(self, data: bytes, name: str = "picture") -> Image.Image:
        """See picture.decode. What the header says is checked before any process is asked."""
        picture.examine(data, name)
        return self._picture("picture", data, name, ("RGB", "RGBA"))

    def logo(self, data: bytes, name: str = "logo") -> Image.Image:
        """See picture.decode_logo."""
        if picture.sniff(data) != "image/svg+xml":
            picture.examine(data, name)
        return self._picture("logo", data, name, ("RGBA",))

    def palette(self, data: bytes, name: str = "picture") -> tuple[str, ...]:
        """The main colours as #rrggbb."""
        picture.examine(data, name)
        said, _ = self.sandbox.run("palette", {"name": name}, data, name=name, limits=_SMALL)
        return _checked(_COLOURS.validate_python, said, name)

    def metadata(self, data: bytes, name: str = "picture") -> PictureMetadata:
        """See metadata.read_metadata."""
        picture.examine(data, name)
        said, _ = self.sandbox.run("metadata", {"name": name}, data, name=name, limits=_SMALL)
        return _checked(PictureMetadata.model_validate, said, name)

    def thumbnail(self, data: bytes, side: int = 512, form: Literal["WEBP", "PNG"] = "WEBP", name: str = "picture") -> bytes:
        """See picture.thumbnail."""
        picture.examine(data, name)
        _, held = self.sandbox.run("thumbnail", {"name": name, "side": side, "form": form}, data, name=name, limits=_SMALL)
        return bytes(held)

    def plain_picture(self, data: bytes, name: str = "picture") -> bytes:
        """The same pixels as a PNG that this studio wrote, for those who open it elsewhere."""
        return picture.encode(self.picture(data, name), level=1)

    def sound(
        self, source: Path | bytes, rate: int = _RECOGNISED_RATE, longest: float = DECODE_MAX_SECONDS, *, channels: int = 1
    ) -> Samples:
        """See sound.decode. What kind of file it is is looked at before any process is asked."""
        data = source.read_bytes() if isinstance(source, Path) else source
        sound.examine(data, longest)
        given: dict[str, JsonValue] = {"rate": rate, "longest": longest, "channels": channels}
        _, held = self.sandbox.run("sound", given, data, name="The sound file", limits=_SOUND)
        if not held or len(held) % (4 * channels):
            raise _odd("The sound file")
        samples = np.frombuffer(held, dtype="<f4")
        return samples if channels == 1 else samples.reshape(-1, channels)

    def plain_sound(self, data: bytes) -> bytes:
        """The recording as the recogniser takes it: a WAV of 32-bit numbers at 16 kHz, mono, that this studio wrote."""
        samples = self.sound(data)
        return _float_wav(samples, _RECOGNISED_RATE)

    def _picture(self, task: str, data: bytes, name: str, modes: tuple[str, ...]) -> Image.Image:
        said, held = self.sandbox.run(task, {"name": name}, data, name=name, limits=_PICTURE)
        facts = said if isinstance(said, dict) else {}
        mode, width, height = facts.get("mode"), facts.get("width"), facts.get("height")
        if mode not in modes or not isinstance(width, int) or not isinstance(height, int):
            raise _odd(name)
        if width < 1 or height < 1 or width * height > ATTACHMENT_MAX_PIXELS or len(held) != width * height * len(str(mode)):
            raise _odd(name)
        return Image.frombytes(str(mode), (width, height), bytes(held))


def _checked(read: Callable[[Any], _T], said: JsonValue, name: str) -> _T:
    try:
        return read(said)
    except ValidationError as error:
        raise _odd(name) from error


def _odd(name: str) -> AttachmentError:
    return AttachmentError("{name} cannot be opened: it is damaged.", hint="Save it again and retry.", field=name, name=name)


def _float_wav(samples: Samples, rate: int) -> bytes:
    data = samples.astype("<f4").tobytes()
    head = struct.pack("<HHIIHH", 3, 1, rate, rate * 4, 4, 32)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(data))
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + head
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )
