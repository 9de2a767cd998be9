"""A text laid out for print: blocks in order, each in one style. Written by agents, set as PDF and DOCX by pipelines."""

from __future__ import annotations

from typing import Literal

from domain.value import Value

Style = Literal["title", "note", "heading", "paragraph", "scene", "action", "character", "manner", "speech", "table"]


class PageBlock(Value):
    """One paragraph, in which a line break stays one; for style "table" its rows, the first being the head, all of the same width."""

    style: Style
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


class PrintedText(Value):
    """language decides which font is asked first.."""

    language: str
    title: str
    blocks: tuple[PageBlock, ...] = ()
