"""The things of one picture: an Item to draw, a Block of items that hold together, and where each was Placed. Values only."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from pipelines.image.illustration.art import Concept, Drawing
from pipelines.image.illustration.stage import Box
from pipelines.image.illustration.vocabulary import Material, Pose

SIDED = ("animal", "transport")
STANDING = Pose()


@dataclass(frozen=True)
class Item:
    """One thing to place. scale: its size relative to the main subject. colour "#rrggbb" or None.

    subject: its number among subjects, then props; copy: which of its count it is. natural: what a silhouette is painted in where no
    colour was asked, "" for what has colours of its own.
    """

    concept: Concept
    drawing: Drawing
    colour: str | None
    scale: float
    prop: bool
    main: bool = False
    subject: int = 0
    copy: int = 0
    material: Material | None = None
    pose: Pose = STANDING
    natural: str = ""

    @property
    def sided(self) -> bool:
        """Drawn looking to one side, by the custom of the sets to the left."""
        return self.concept.group.startswith(SIDED)

    @property
    def living(self) -> bool:
        return self.concept.group.startswith("animal") or self.concept.group in ("creature", "monster")

    def size(self) -> tuple[float, float]:
        """Width and height of the ink when the main subject's side is 1, before any turn."""
        aspect = self.drawing.aspect
        steady = min(max(aspect, 0.3), 3.2) ** 0.5
        wide, high = self.scale * steady, self.scale / steady
        if not 0.3 <= aspect <= 3.2:
            high = wide / aspect
        return wide, high * self.pose.press


def turned(box: Box, degrees: float) -> Box:
    """The upright box around a box turned about its middle."""
    if not degrees:
        return box
    s, c = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    wide, high = box.width * c + box.height * s, box.width * s + box.height * c
    return Box(box.centre[0] - wide / 2, box.centre[1] - high / 2, wide, high)


@dataclass(frozen=True)
class Part:
    """An item inside its block. box: its ink, unturned, in units of the block. order: later is in front. rests: on another part."""

    item: Item
    box: Box
    order: int = 0
    flip: bool = False
    rests: bool = False
    hidden: float = 0.0

    @property
    def bounds(self) -> Box:
        return turned(self.box, self.item.pose.turn)


@dataclass(frozen=True)
class Block:
    """Items that hold together and are placed as one. The first part is the one that stands."""

    parts: tuple[Part, ...]

    @property
    def root(self) -> Item:
        return self.parts[0].item

    @property
    def main(self) -> bool:
        return any(p.item.main for p in self.parts)

    @property
    def prop(self) -> bool:
        return all(p.item.prop for p in self.parts)

    @property
    def bounds(self) -> Box:
        box = self.parts[0].bounds
        for part in self.parts[1:]:
            box = box.union(part.bounds)
        return box


@dataclass(frozen=True)
class Placed:
    """box: where the ink lies unturned, in pixels. foot: y it stands on. turn in degrees about the centre of the box; flip: mirrored.

    depth: 0 at the furthest place to stand .. 1 at the nearest. block: number of its block. rests: on another thing, not on the ground.
    cut: the frame of the picture cuts it on purpose. lift: pixels its ink is off the ground. hidden: share of it another may cover.
    """

    item: Item
    box: Box
    foot: float
    stands: str
    turn: float = 0.0
    flip: bool = False
    depth: float = 1.0
    block: int = 0
    order: int = 0
    rests: bool = False
    cut: bool = False
    lift: float = 0.0
    hidden: float = 0.0

    @property
    def bounds(self) -> Box:
        return turned(self.box, self.turn)


def settle(block: Block, box: Box, manner: str, flip: bool, depth: float, number: int, turn: float = 0.0) -> list[Placed]:
    """A block put into a box of its own shape, in pixels: every part where it belongs, mirrored as a whole when flip."""
    bounds = block.bounds
    scale = box.width / bounds.width
    placed = []
    for part in block.parts:
        own = part.box
        left = bounds.right - own.right if flip else own.x - bounds.x
        here = Box(box.x + left * scale, box.y + (own.y - bounds.y) * scale, own.width * scale, own.height * scale)
        pose = part.item.pose
        whole = turned(here, pose.turn)
        lift = pose.lift * here.height if manner == "ground" and not part.rests else 0.0
        looks = {"left": False, "right": True}.get(pose.look)
        mirrored = looks if looks is not None else part.flip != flip
        tilt = (-pose.turn if flip else pose.turn) + (turn if len(block.parts) == 1 else 0.0)
        placed.append(
            Placed(
                part.item,
                here,
                whole.bottom + lift,
                pose.stands or manner,
                tilt,
                mirrored,
                depth,
                number,
                part.order,
                part.rests,
                lift=lift,
                hidden=part.hidden,
            )
        )
    return placed


def single(item: Item) -> Block:
    wide, high = item.size()
    return Block((Part(item, Box(0.0, 0.0, wide, high)),))


def scaled(item: Item, factor: float) -> Item:
    return replace(item, scale=item.scale * factor)
