"""Layout templates as data: what assets/layouts/*.toml may say, and which of them suit a canvas."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import Field

from domain.value import Value

Area = tuple[float, float, float, float]


class Variant(Value):
    """One arrangement for a range of aspect ratios. Fields are explained in assets/layouts/README.md."""

    aspect: tuple[float, float]
    text: Area
    picture: Area | None = None
    retreat: Area | None = None
    radius: float = 0.0
    arch: bool = False
    panel: Area | None = None
    panel_radius: float = 0.0
    action: Area | None = None
    mirror: bool = False
    align: Literal["left", "centre"] = "left"
    valign: Literal["top", "middle", "bottom"] = "middle"
    padding: float = Field(default=0.075, ge=0.04, le=0.2)
    headline: tuple[float, float]
    lines: int = Field(default=6, ge=1, le=8)
    ground: Literal["surface", "picture"] = "surface"
    decor: Literal["none", "shapes"] = "none"
    frame: float = 0.0
    rule: bool = False

    def flipped(self) -> Variant:
        """The same arrangement mirrored left to right."""

        def flip(area: Area | None) -> Area | None:
            return None if area is None else (1.0 - area[0] - area[2], area[1], area[2], area[3])

        if self.action is not None and self.picture is not None:
            # reading goes on from the words to the button: only the picture changes sides
            words = (0.0, *self.text[1:])
            action = (self.text[2], *self.action[1:])
            return self.model_copy(update={"text": words, "action": action, "picture": flip(self.picture)})
        areas = ("text", "picture", "retreat", "panel")
        return self.model_copy(update={name: flip(getattr(self, name)) for name in areas})


class Template(Value):
    name: str
    title: str
    picture: Literal["needed", "none"]
    variant: tuple[Variant, ...] = Field(min_length=1)

    def suiting(self, width: int, height: int) -> Variant | None:
        """The variant whose range of aspect ratios holds this canvas, None when there is none."""
        aspect = width / height
        return next((v for v in self.variant if v.aspect[0] <= aspect <= v.aspect[1]), None)


class Palette(Value):
    name: str
    colours: tuple[str, ...] = Field(min_length=2)


def read_templates(folder: Path) -> tuple[Template, ...]:
    """All templates of a folder, by file name."""
    return tuple(_read(path, Template) for path in sorted(folder.glob("*.toml")) if path.name != "palettes.toml")


def read_palettes(folder: Path) -> tuple[Palette, ...]:
    with (folder / "palettes.toml").open("rb") as file:
        return tuple(Palette.model_validate(table) for table in tomllib.load(file)["palette"])


def _read(path: Path, form: type[Template]) -> Template:
    with path.open("rb") as file:
        return form.model_validate(tomllib.load(file))
