"""A text as the pieces an engine speaks at once: sentence by sentence, or as many sentences as one utterance holds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.errors import InputError
from pipelines.audio import text as speakable
from pipelines.audio.speech import Piece


@dataclass(frozen=True)
class Longest:
    """Letters, or Han characters, of one utterance."""

    latin: int
    han: int


def by_sentence(text: str) -> list[Piece]:
    """One piece per sentence that has a letter or a figure. Raises InputError where none has."""
    found: list[Piece] = []
    for paragraph in text.split("\n"):
        spoken = [Piece(text=sentence) for sentence in speakable.sentences(paragraph) if any(c.isalnum() for c in sentence)]
        if spoken:
            found += [*spoken[:-1], spoken[-1].model_copy(update={"ends_paragraph": True})]
    if not found:
        raise InputError("There is nothing to say in this text.", hint="Give it words.", field="text")
    return found


def by_utterance(text: str, longest: Longest) -> list[Piece]:
    """Sentences joined up to one utterance; a longer sentence is cut at commas, then at spaces."""
    found: list[Piece] = []
    for paragraph in text.split("\n"):
        most = longest.han if speakable.has_han(paragraph) else longest.latin
        parts: list[str] = []
        for sentence in speakable.sentences(paragraph):
            for part in _cut(sentence, most):
                if parts and len(parts[-1]) + len(part) < most:
                    parts[-1] = f"{parts[-1]} {part}"
                else:
                    parts.append(part)
        if parts:
            found += [*(Piece(text=part) for part in parts[:-1]), Piece(text=parts[-1], ends_paragraph=True)]
    return found


def _cut(sentence: str, longest: int) -> list[str]:
    parts: list[str] = []
    rest = sentence
    while len(rest) > longest:
        window = rest[:longest]
        cut = max((match.end() for match in re.finditer(r"[,;:，；：、]\s*", window)), default=0)
        if cut < longest // 3:
            cut = window.rfind(" ") + 1 or longest
        parts.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [*parts, rest] if rest else parts
