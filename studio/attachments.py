"""Files that come with a brief: sniffed by content, bounded, and turned into material, palette or transcript."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from pathlib import PurePath

from domain.brief import ATTACHMENT_MAX_BYTES, ATTACHMENT_MAX_CHARACTERS, ATTACHMENT_MAX_COUNT, Attachment, AttachmentUse
from domain.errors import AttachmentError, LimitError
from domain.metadata import PictureMetadata
from domain.said import Said
from library.library import Library
from pipelines.media.metadata import read_metadata

#: bytes -> main colours as #rrggbb; raises AttachmentError for a picture that cannot be opened or is too large
ReadPalette = Callable[[bytes, str], tuple[str, ...]]
#: bytes -> spoken text; raises AttachmentError
Transcribe = Callable[[bytes, str], str]
#: bytes -> how a picture was made, as it says itself; raises AttachmentError
ReadMetadata = Callable[[bytes, str], PictureMetadata]
#: bytes -> what a picture shows, "" where no model says so; raises AttachmentError
Caption = Callable[[bytes, str], str]

EMPTY_PALETTE: tuple[str, ...] = ()
TAKEN = "text (.txt, .md), PNG, JPEG, WAV and MP3"


class Attachments:
    """look: raises ContentRefused for a picture that is not taken."""

    def __init__(
        self,
        library: Library,
        palette: ReadPalette,
        transcribe: Transcribe,
        caption: Caption = lambda data, name: "",
        metadata: ReadMetadata = read_metadata,
        look: Callable[[bytes, str], None] = lambda data, name: None,
    ) -> None:
        self._library = library
        self._palette = palette
        self._transcribe = transcribe
        self._caption = caption
        self._metadata = metadata
        self._look = look

    def palette(self, name: str, data: bytes) -> tuple[str, ...]:
        """The main colours of a picture as #rrggbb; nothing is stored. Raises LimitError, AttachmentError for what is no picture."""
        name = _bounded(name, data)
        if not sniff(data).startswith("image/"):
            raise AttachmentError(
                "{name} is neither a PNG nor a JPEG picture.", hint="Choose a PNG or JPEG picture.", field="palette", name=name
            )
        return self._palette(data, name)

    def add(self, name: str, data: bytes) -> Attachment:
        """Read and store one file. The name is data: only its last part is kept, and its ending decides nothing.

        Raises LimitError over 25 MB, AttachmentError for an empty file or a kind that is not taken, ContentRefused for a picture that is
        not taken for what it shows.
        """
        name = _bounded(name, data)
        media_type = sniff(data)
        text, palette, metadata = "", EMPTY_PALETTE, None
        if media_type.startswith("image/"):
            use, palette = AttachmentUse.REFERENCE, self._palette(data, name)
            self._look(data, name)
            text = self._caption(data, name)
            metadata = found if (found := self._metadata(data, name)).tool else None
        elif media_type.startswith("audio/"):
            use, text = AttachmentUse.TRANSCRIPT, self._transcribe(data, name)
        elif media_type == "text/plain":
            use, text = AttachmentUse.MATERIAL, data.decode("utf-8-sig")
        else:
            raise AttachmentError(
                "{name} is not a kind of file that is taken here.", hint="Attach {taken}.", field=name, name=name, taken=TAKEN
            )
        if len(text) > ATTACHMENT_MAX_CHARACTERS:
            most_each = f"{ATTACHMENT_MAX_CHARACTERS:,}"
            parts = ceil(len(text) / ATTACHMENT_MAX_CHARACTERS)
            most = Said.of(" ({count} fit one message)", count=ATTACHMENT_MAX_COUNT) if parts > ATTACHMENT_MAX_COUNT else ""
            raise LimitError(
                "{name} has {count} characters; {most_each} are the most.",
                hint="Attach the part that matters, or cut it into {parts} files of at most {most_each} characters{most}. "
                "A longer string table goes into the text of a translation step. Nothing was lost.",
                field=name,
                name=name,
                count=f"{len(text):,}",
                most_each=most_each,
                parts=parts,
                most=most,
            )
        stored = self._library.store_file(data, name, media_type)
        return Attachment(
            name=name,
            sha256=stored.sha256,
            media_type=media_type,
            size=len(data),
            use=use,
            text=text,
            palette=palette,
            metadata=metadata,
        )


def _bounded(name: str, data: bytes) -> str:
    """The last part of the name, of a file that holds something and not too much."""
    name = PurePath(name.replace("\\", "/")).name[:120] or "file"
    if not data.strip():
        raise AttachmentError("{name} is empty.", hint="Attach a file with something in it.", field=name, name=name)
    if len(data) > ATTACHMENT_MAX_BYTES:
        raise LimitError(
            "{name} has {count} MB; an attachment may have 25 MB.",
            hint="Attach a smaller file.",
            field=name,
            name=name,
            count=f"{len(data) / 1000000.0:.0f}",
        )
    return name


def sniff(data: bytes) -> str:
    """The media type by content: image/png, image/jpeg, audio/wav, audio/mpeg, text/plain, or "" for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "audio/wav"
    if data.startswith(b"ID3") or (len(data) > 2 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2):
        return "audio/mpeg"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""
    if any(ord(c) < 32 and c not in "\n\r\t\f" for c in text):
        return ""
    markup = text.lstrip()[:200].lower()
    return "" if markup.startswith(("<svg", "<!--", "<?xml", "<!doctype", "<html", "%pdf", "{\\rtf")) else "text/plain"
