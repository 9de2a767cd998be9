"""What is measured on one picture of the illustrator, from its pixels and from the facts it tells. Knows nothing of prompts' files.

Area that was recoloured: the pixels of the things drawn (inside their boxes and not transparent in the cut-out of the picture) that change
when the same scene is drawn with another colour for that thing. The ground of an icon is chosen to stand against the thing on it and
changes too; it is not the thing.
"""

from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.illustrator_colour import contrast, delta_e, is_called, lab, lab_of, name_of
from domain.recipe import Output

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Rect = tuple[float, float, float, float]

#: A channel must differ by this much for a pixel to count as recoloured: blended edges are left out.
CHANGED = 24
#: Of a box, at least this share must have taken the colour; a drawing covers about 0.6 of its box. Of what is drawn in it, a third.
PAINTED, PAINTED_INK = 0.2, 1 / 3
#: Boxes that share more than this of the smaller one hide each other, unless the scene relates things to one another.
HIDDEN, HIDDEN_RELATED = 0.35, 0.85
#: Share of a thing's box that may reach into the side kept for text.
INTRUDES = 0.02
#: Side kept for text, as a share of the picture, where the picture does not say which part it kept.
SPACE = 0.36
#: Text is legible where 95% of the side has this contrast ratio to white or near-black text (WCAG AA) and is this even.
CONTRAST, UNEVEN = 4.5, 14.0
_LOGO = re.compile(r"\b(logo|logotype|wordmark|brand)\b")


@dataclass(frozen=True)
class Thing:
    """Something drawn: the name of its drawing and where its ink lies (x, y, width, height in pixels). cut: by the edge, on purpose.

    worn: by a person in the picture, so that it lies over that person and is hidden by nothing.
    """

    name: str
    box: Rect
    cut: bool = False
    worn: bool = False


@dataclass(frozen=True)
class Paint:
    """What became of an asked colour: its nearest name, right or not, difference of the mean, and shares of the area within 10."""

    name: str
    right: bool
    difference: float
    share: float
    within: float
    within_hue: float


@dataclass(frozen=True)
class Legible:
    """Of the side kept for text: contrast ratio that 95% of it has, spread of its lightness (L*), and whether text can be read."""

    contrast: float
    uneven: float

    @property
    def right(self) -> bool:
        return self.contrast >= CONTRAST and self.uneven <= UNEVEN


def pixels(output: Output) -> Bytes:
    """Transparent pictures as people see them: on white."""
    picture = Image.open(io.BytesIO(output.main.read())).convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(paper, picture).convert("RGB"))


def ink(output: Output) -> Mask:
    """Where things are drawn: the cut-out that a picture was asked to give, where it is solid: no edges blended into the ground."""
    cutout = next(file for file in output.files if file.name == "cutout.png")
    return np.asarray(Image.open(io.BytesIO(cutout.read())).convert("RGBA"))[..., 3] > 200


def things(facts: Mapping[str, Any]) -> tuple[Thing, ...]:
    """What the picture says it shows, without what it tells as foreground."""
    entries = facts.get("subjects", [])
    return tuple(
        Thing(str(e["name"]), (e["box"][0], e["box"][1], e["box"][2], e["box"][3]), bool(e.get("cut")), bool(e.get("worn")))
        for e in entries
    )


def inside(boxes: Sequence[Rect], size: tuple[int, int]) -> Mask:
    """True within any of the boxes; size is (width, height)."""
    mask = np.zeros((size[1], size[0]), dtype=np.bool_)
    for x, y, wide, high in boxes:
        mask[max(int(y), 0) : max(int(np.ceil(y + high)), 0), max(int(x), 0) : max(int(np.ceil(x + wide)), 0)] = True
    return mask


def changed(first: Bytes, second: Bytes) -> Mask:
    """Where two pictures of one size differ clearly."""
    apart = np.abs(first.astype(np.int16) - second.astype(np.int16)).max(axis=-1)
    return np.asarray(apart > CHANGED, dtype=np.bool_)


def paint(picture: Bytes, area: Mask, boxes: Sequence[Rect], asked: str, table: Mapping[str, str], ink: Mask | None = None) -> Paint | None:
    """How the recoloured `area` looks against the asked colour name. None when nothing was recoloured.

    ink: where things are drawn; a bicycle or a slanting guitar covers little of its box.
    """
    if not area.any():
        return None
    tones = lab(picture[area])
    mean, goal = tones.mean(axis=0), lab_of(table[asked])
    share = float(area.sum()) / max(sum(wide * high for _, _, wide, high in boxes), 1.0)
    drawn = (ink & inside(boxes, (picture.shape[1], picture.shape[0]))).sum() if ink is not None else 0
    enough = share >= PAINTED or (drawn > 0 and float(area.sum()) / float(drawn) >= PAINTED_INK)
    return Paint(
        name=name_of(mean, table),
        right=enough and is_called(mean, asked, table),
        difference=float(delta_e(mean, goal)),
        share=share,
        within=float((delta_e(tones, goal) <= 10).mean()),
        within_hue=float((delta_e(tones, goal, shading=False) <= 10).mean()),
    )


def in_palette(picture: Bytes, area: Mask, palette: Sequence[str]) -> float:
    """Share of the area within CIEDE2000 10 of a palette colour, a tint of it toward white or a shade toward black. 1 for no area."""
    if not area.any():
        return 1.0
    steps = np.linspace(0, 1, 9)[:, None]
    ends = (np.array([100.0, 0.0, 0.0]), np.array([0.0, 0.0, 0.0]))
    ramps = np.concatenate([lab_of(colour) * (1 - steps) + end * steps for colour in palette for end in ends])
    tones = lab(picture[area][:: max(int(area.sum()) // 20_000, 1)])
    nearest = np.min([delta_e(tones, tone) for tone in ramps], axis=0)
    return float((nearest <= 10).mean())


def clipped(shown: Sequence[Thing], size: tuple[int, int]) -> list[str]:
    """Names of things that leave the picture by more than a pixel and a two-hundredth of its side."""
    slack = 1 + 0.005 * min(size)
    return [
        thing.name
        for thing in shown
        if not thing.cut
        and (
            thing.box[0] < -slack
            or thing.box[1] < -slack
            or thing.box[0] + thing.box[2] > size[0] + slack
            or thing.box[1] + thing.box[3] > size[1] + slack
        )
    ]


def shared(first: Rect, second: Rect) -> float:
    """Of the smaller box, the share that both cover."""
    across = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    down = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    return max(across, 0.0) * max(down, 0.0) / max(min(first[2] * first[3], second[2] * second[3]), 1e-6)


def overlaps(shown: Sequence[Thing], related: bool) -> list[str]:
    """Pairs of things of which one hides much of the other. related: the scene puts things in, on or behind one another."""
    most = HIDDEN_RELATED if related else HIDDEN
    apart = [thing for thing in shown if not thing.worn]
    return [f"{one.name} / {other.name}" for i, one in enumerate(apart) for other in apart[i + 1 :] if shared(one.box, other.box) > most]


def kept_free(space: str, size: tuple[int, int], told: Sequence[float] = ()) -> Rect:
    """The part kept for text: as the picture tells it (x, y, width, height), else a fixed share on the asked side."""
    if len(told) == 4:
        return told[0], told[1], told[2], told[3]
    wide, high = size
    return {
        "left": (0.0, 0.0, wide * SPACE, float(high)),
        "right": (wide * (1 - SPACE), 0.0, wide * SPACE, float(high)),
        "top": (0.0, 0.0, float(wide), high * SPACE),
        "bottom": (0.0, high * (1 - SPACE), float(wide), high * SPACE),
    }[space]


def intrudes(shown: Sequence[Thing], free: Rect) -> list[str]:
    """Names of things that reach into the part kept for text."""
    found = []
    for thing in shown:
        x, y, wide, high = thing.box
        across = min(x + wide, free[0] + free[2]) - max(x, free[0])
        down = min(y + high, free[1] + free[3]) - max(y, free[1])
        if max(across, 0.0) * max(down, 0.0) > INTRUDES * wide * high:
            found.append(thing.name)
    return found


def legible(picture: Bytes, free: Rect) -> Legible:
    """Measured on the part without its outer and inner twelfth, where text would not stand."""
    x, y, wide, high = free
    inset = min(wide, high) / 12
    part = picture[round(y + inset) : round(y + high - inset), round(x + inset) : round(x + wide - inset)]
    _, ratios = contrast(part)
    return Legible(float(np.percentile(ratios, 5)), float(lab(part)[..., 0].std()))


def logos(names: Sequence[str]) -> list[str]:
    """Names of drawings that are brand marks, by their words: "logo" or a brand of data/brands.toml."""
    brands = _brands()
    return [name for name in names if _LOGO.search(name.lower().replace("-", " ")) or name.lower().replace("-", " ") in brands]


def _brands() -> frozenset[str]:
    path = Path(__file__).resolve().parent / "data" / "brands.toml"
    return frozenset(tomllib.loads(path.read_text("utf-8"))["brands"])
