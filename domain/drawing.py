"""The files a drawn picture can be taken out as."""

from __future__ import annotations

from enum import StrEnum


class DrawingFormat(StrEnum):
    """svg: named layers, for an editor. cutout: subjects and props alone, PNG. layers: backdrop, middle and foreground apart, ZIP."""

    SVG = "svg"
    PNG = "png"
    WEBP = "webp"
    CUTOUT = "cutout"
    LAYERS = "layers"
    CREDITS = "credits"

    @property
    def pixels(self) -> bool:
        """Whether a size can be asked for."""
        return self not in (DrawingFormat.SVG, DrawingFormat.CREDITS)
