"""Which marks a format carries (assets/labels/formats.toml), and who writes and reads them. Knows no signature.

labelled(data, format, marks) writes, reads back by a second reader and compares: what was promised is in the file, or LabelError.
"""

from __future__ import annotations

import io
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from domain.errors import LabelError, MaquetteError
from domain.labels import Carried, FileFormat, Marks, read_aigc
from domain.value import Value
from pipelines.labels import documents, films, pictures, sounds
from pipelines.labels.second import second_reading
from pipelines.media.picture import sniff

Write = Callable[[bytes, Marks], bytes]
Read = Callable[[bytes], Carried]

_PLACES: dict[str, tuple[Write, Read]] = {
    "png": (pictures.write_png, pictures.read_png),
    "jpeg": (pictures.write_jpeg, pictures.read_jpeg),
    "webp": (pictures.write_webp, pictures.read_webp),
    "gif": (pictures.write_gif, pictures.read_gif),
    "svg": (pictures.write_svg, pictures.read_svg),
    "wav": (sounds.write_wav, sounds.read_wav),
    "mp3": (sounds.write_mp3, sounds.read_mp3),
    "flac": (sounds.write_flac, sounds.read_flac),
    "ogg": (films.write_ogg, films.read_ogg),
    "mp4": (films.write_mp4, films.read_mp4),
    "webm": (films.write_webm, films.read_webm),
    "pdf": (documents.write_pdf, documents.read_pdf),
    "ooxml": (documents.write_ooxml, documents.read_ooxml),
    "markdown": (documents.write_markdown, documents.read_markdown),
    "html": (documents.write_html, documents.read_html),
}
_HEADS = (
    (b"GIF8", "gif"),
    (b"ID3", "mp3"),
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"\x1a\x45\xdf\xa3", "webm"),
    (b"%PDF-", "pdf"),
    (b"MThd", "midi"),
)


class _File(Value):
    format: tuple[FileFormat, ...]


@dataclass(frozen=True)
class Formats:
    """The table. Every media type it names stands in one row."""

    rows: tuple[FileFormat, ...]

    @classmethod
    def of(cls, assets: Path) -> Formats:
        """Raises OSError, TOMLDecodeError, ValidationError when shipped data is wrong."""
        return cls(_File.model_validate(tomllib.loads((assets / "labels" / "formats.toml").read_text(encoding="utf-8"))).format)

    def of_type(self, media_type: str) -> FileFormat | None:
        """The row of a media type; documents of the studio are JSON."""
        if media_type.endswith("+json"):
            media_type = "application/json"
        return next((row for row in self.rows if media_type in row.media_types), None)

    def of_file(self, data: bytes, name: str) -> FileFormat | None:
        """The row a file belongs to by its first bytes, for text by the ending of its name; None for what is not known."""
        found = _kind(data)
        ending = name.rpartition(".")[2].casefold()
        return next((row for row in self.rows if row.id == found or (not found and ending in row.endings and row.id not in _BINARY)), None)


_BINARY = frozenset(("png", "jpeg", "webp", "gif", "wav", "mp3", "flac", "ogg", "mp4", "webm", "pdf", "ooxml", "midi", "zip"))


def _kind(data: bytes) -> str:
    """The format by the first bytes; "" for text and for what is not known."""
    picture = sniff(data).removeprefix("image/").removesuffix("+xml")
    if picture:
        return picture
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    if data[4:8] == b"ftyp":
        return "mp4"
    if data[:3] == b"ID3" and len(data) > 10 and data[sounds.id3_end(data) :][:4] == b"fLaC":
        return "flac"
    if data[:4] == b"PK\x03\x04":
        return "ooxml" if _is_word(data) else "zip"
    if len(data) > 2 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0:
        return "mp3"
    return next((found for head, found in _HEADS if data.startswith(head)), "")


def _is_word(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return "[Content_Types].xml" in package.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def labelled(data: bytes, row: FileFormat, marks: Marks) -> bytes:
    """The file with the marks its format carries inside. Raises LabelError when one is not in it afterwards."""
    write, _ = _PLACES[row.id]
    written = write(data, marks)
    require(written, row, marks)
    return written


def require(data: bytes, row: FileFormat, marks: Marks) -> None:
    """Read a file back: by our reader, and by a second one that shares no code with the writer where there is one. Raises LabelError."""
    found = [("", carried(data, row)), *second_reading(data, row.id)]
    for _, said in found:
        labels = [read_aigc(text) for text in said.aigc]
        if labels != [marks.aigc]:
            raise LabelError(
                "The implicit label of the {name} reads back as {count} copies that are not what was written.",
                hint="Make the file again, then export it.",
                name=row.name,
                count=len(labels),
            )
        if said.source_type != marks.source_type:
            raise LabelError(
                "The digital source type of the {name} does not read back.", hint="Make the file again, then export it.", name=row.name
            )


def carried(data: bytes, row: FileFormat) -> Carried:
    """What a file says. Raises LabelError for what cannot be read; says nothing for formats that carry nothing inside."""
    if row.id not in _PLACES:
        return Carried()
    try:
        return _PLACES[row.id][1](data)
    except MaquetteError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, OSError, RecursionError) as error:
        raise LabelError(
            "The marks of the {name} cannot be read: {error}.", hint="The file may be damaged.", name=row.name, error=type(error).__name__
        ) from error
