"""What a brief may be before anything reads it: text, not empty, not too much of it. Knows no library and no plans."""

from __future__ import annotations

import unicodedata

from domain.brief import ATTACHMENT_MAX_CHARACTERS, ATTACHMENT_MAX_COUNT, BRIEF_MAX_CHARACTERS, MATERIAL_MAX_CHARACTERS, Attachment
from domain.errors import InputError, LimitError


def require_usable(text: str, attachments: tuple[Attachment, ...]) -> None:
    """Raises InputError when it says nothing or is not text, LimitError for too much."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            "The brief is not text: it contains half a character (a lone surrogate).", hint="Paste it again as plain text.", field="brief"
        ) from error
    if not attachments and not any(unicodedata.category(c)[0] in "LNPS" for c in text):
        raise InputError("The brief is empty.", hint="Say what you want made, for whom, and in what tone.", field="brief")
    if len(text) > BRIEF_MAX_CHARACTERS:
        told = "The brief has {count} characters; {most} are the most."
        hint = "Send it in parts, or attach text files of at most {each} characters each; nothing was lost."
        counts = {"count": len(text), "most": BRIEF_MAX_CHARACTERS, "each": ATTACHMENT_MAX_CHARACTERS}
        raise LimitError(told, hint=hint, field="brief", given={name: f"{count:,}" for name, count in counts.items()})
    if any(unicodedata.category(c) == "Cc" and c not in "\n\r\t\f" for c in text):
        raise InputError("The brief contains bytes that are not text.", hint="Paste plain text, or attach a file.", field="brief")
    if len(attachments) > ATTACHMENT_MAX_COUNT:
        told = "The brief has {count} attachments; {most} are the most."
        raise LimitError(told, hint="Remove some.", field="brief", count=len(attachments), most=ATTACHMENT_MAX_COUNT)
    size = sum(len(a.text) for a in attachments)
    if size > MATERIAL_MAX_CHARACTERS:
        told = "The attached texts have {count} characters together; {most} are the most."
        hint = "Send the files in several messages: later messages may ask about files of earlier ones."
        raise LimitError(told, hint=hint, field="brief", count=f"{size:,}", most=f"{MATERIAL_MAX_CHARACTERS:,}")


def mostly_chinese(text: str) -> bool:
    cjk = sum("\u4e00" <= c <= "\u9fff" for c in text)
    latin_words = len([w for w in text.split() if w.isascii()])
    return cjk > latin_words
