"""What is in, on, under, behind, beside, held by or facing what: items put together into blocks by their boxes and drawing order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from domain.errors import InputError
from domain.scene import Relation, Scene
from pipelines.image.illustration.blocks import Block, Item, Part
from pipelines.image.illustration.mask import Looks
from pipelines.image.illustration.stage import Box

#: Relations that say which of two carries the other; round in a circle they contradict each other.
BEARING = ("in", "on", "under", "behind", "holding")
#: How much bigger a thing is made so that what is on or in it has room.
GROWN = 1.4
#: From here on down, as a share of its height from the top, a seat is a chair and no back of a horse.
LOW_SEAT = 0.5
#: How high a held umbrella is against who holds it.
SHELTER = 0.78


def check(scene: Scene) -> None:
    """Raises InputError at the relation that names nothing, itself, or contradicts another."""
    count = len(scene.subjects) + len(scene.props)
    seen: dict[frozenset[int], tuple[str, int]] = {}
    bears: dict[int, set[int]] = {}
    for index, relation in enumerate(scene.relations):
        field = f"scene.relations.{index}"
        for end in ("of", "to"):
            if getattr(relation, end) >= count:
                raise InputError(
                    "{name} speaks of number {number}, but the scene has {count} subjects and props.",
                    hint="Numbers count subjects, then props, from 0.",
                    field=f"{field}.{end}",
                    name=field,
                    number=getattr(relation, end),
                    count=count,
                )
        if relation.of == relation.to:
            raise InputError("{name} relates a thing to itself.", hint="Name two different things.", field=field, name=field)
        if relation.kind not in BEARING:
            continue
        pair, said = frozenset((relation.of, relation.to)), (relation.kind, relation.of)
        if seen.setdefault(pair, said) != said:
            raise InputError("{name} contradicts an earlier relation of the same two.", hint="Keep one of them.", field=field, name=field)
        lower, upper = _ends(relation)
        bears.setdefault(upper, set()).add(lower)
        if _reaches(bears, lower, upper):
            raise InputError(
                "{name} closes a circle: nothing would stand on the ground.", hint="Take one of them out.", field=field, name=field
            )


def _ends(relation: Relation) -> tuple[int, int]:
    """(what it is placed by, what is placed)."""
    return (relation.of, relation.to) if relation.kind == "holding" else (relation.to, relation.of)


def _reaches(bears: dict[int, set[int]], start: int, goal: int) -> bool:
    ways, known = [start], set()
    while ways:
        here = ways.pop()
        if here == goal:
            return True
        if here not in known:
            known.add(here)
            ways += sorted(bears.get(here, ()))
    return False


@dataclass(frozen=True)
class Manners:
    """Names of drawings: what other things can be in, what shelters, what one can stand under, what holds a thing upon itself; seats:
    how far down one sits on it."""

    holders: frozenset[str] = frozenset()
    seats: Mapping[str, float] = field(default_factory=dict)
    open_below: frozenset[str] = frozenset()
    canopies: frozenset[str] = frozenset()
    palms: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Assembly:
    """Blocks to place, and the numbers of the relations that could not be kept (one of the two is not drawn, or has its place already)."""

    blocks: tuple[Block, ...]
    unmet: tuple[int, ...]


def assemble(items: Sequence[Item], relations: Iterable[Relation], looks: Looks, manners: Manners) -> Assembly:
    """Every item in exactly one block. The relations have been checked."""
    relations = tuple(relations)
    items = _stood(items, relations)
    by_number: dict[int, list[Item]] = {}
    for item in items:
        by_number.setdefault(item.subject, []).append(item)
    carried: dict[int, tuple[int, str]] = {}
    unmet = []
    for index, relation in enumerate(relations):
        anchor, thing = _ends(relation)
        if anchor == thing:
            continue  # worn by whom it is related to
        free = thing not in carried and anchor in by_number and thing in by_number and not _under(carried, anchor, thing)
        if free:
            carried[thing] = (anchor, relation.kind)
        elif carried.get(anchor, (None,))[0] != thing:
            unmet.append(index)
    builder = _Builder(by_number, carried, looks, manners)
    return Assembly(tuple(builder.block(item) for item in items if item.subject not in carried), tuple(unmet))


def _stood(items: Sequence[Item], relations: Iterable[Relation]) -> Sequence[Item]:
    """What hangs elsewhere stands on the ground beside what stands there: foxes beside a lantern do not hang with it. Leaves that
    something is on lie there."""
    grounded = {item.subject for item in items if item.concept.stands in ("ground", "water")}
    pairs = [_ends(relation) for relation in relations if relation.kind in ("beside", "behind", "facing")]
    lowered = {one for pair in pairs for one, other in (pair, pair[::-1]) if other in grounded}
    under = {relation.to for relation in relations if relation.kind in ("on", "in")}
    return [
        replace(item, pose=replace(item.pose, stands="ground"))
        if (item.subject in lowered and item.concept.stands == "hang") or (item.subject in under and item.concept.stands == "drift")
        else item
        for item in items
    ]


def _riding(item: Item, anchor: Part) -> float:
    """How tall a rider is against what is ridden, by their real heights where they are known."""
    own, other = item.concept.height, anchor.item.concept.height
    return min(max(own / other * 0.92, 0.7), 1.5) if own and other else 0.8


def _under(carried: dict[int, tuple[int, str]], anchor: int, thing: int) -> bool:
    """Whether `thing` already carries `anchor`, through others or not."""
    while anchor in carried:
        anchor = carried[anchor][0]
        if anchor == thing:
            return True
    return False


class _Builder:
    def __init__(self, items: dict[int, list[Item]], carried: dict[int, tuple[int, str]], looks: Looks, manners: Manners) -> None:
        self.items, self.carried, self.looks = items, carried, looks
        self.holders, self.seats, self.open_below, self.canopies = manners.holders, manners.seats, manners.open_below, manners.canopies
        self.palms = manners.palms

    def block(self, root: Item) -> Block:
        wide, high = root.size()
        parts = [Part(root, Box(0.0, 0.0, wide, high))]
        self._load(parts, parts[0])
        return Block(tuple(parts))

    def _load(self, parts: list[Part], anchor: Part) -> None:
        """Put on, in and around the anchor what belongs to it, and what belongs to that."""
        anchors = self.items[anchor.item.subject]
        mine = [
            (kind, item)
            for number, (to, kind) in self.carried.items()
            if to == anchor.item.subject
            for item in self.items[number]
            if item.copy % len(anchors) == anchor.item.copy
        ]
        sides = 0
        if anchor.item.concept.name in self.canopies and any(kind == "under" for kind, _ in mine):
            index = parts.index(anchor)
            anchor = parts[index] = replace(anchor, rests=True, hidden=0.3)  # it is held up, and stands on nothing
        for kind in ("in", "on", "under", "behind", "holding", "beside", "facing"):
            alike = [item for own, item in mine if own == kind]
            if kind in ("in", "on") and alike:
                anchor = self._grown(parts, anchor, alike)
            for place, item in enumerate(alike):
                # What is larger than what it is said to be in stands before it.
                seated = item.drawing.markup and self._seat(anchor) >= LOW_SEAT
                bigger = max(item.size()) > max(anchor.item.size())
                larger = kind == "in" and not seated and anchor.item.concept.name not in self.holders and bigger
                if kind in ("beside", "facing") or larger:
                    part = self._next_to(parts, anchor, item, "beside" if larger else kind, sides)
                    sides += 1
                else:
                    part = getattr(self, f"_{kind}")(anchor, item, (place + 0.5) / len(alike), len(alike))
                if kind == "facing":
                    anchor = self._look(parts, anchor, part)
                parts.append(part)
                self._load(parts, part)

    def _grown(self, parts: list[Part], anchor: Part, carried: Sequence[Item]) -> Part:
        """A bearer wide enough for what it bears."""
        need = sum(item.size()[0] for item in carried) * 1.12
        factor = min(max(need / anchor.box.width, 1.0), GROWN)
        if factor == 1.0 or anchor.rests:
            return anchor
        item, box = replace(anchor.item, scale=anchor.item.scale * factor), anchor.box
        grown = replace(anchor, item=item, box=Box(box.x, box.bottom - box.height * factor, box.width * factor, box.height * factor))
        parts[parts.index(anchor)] = grown
        return grown

    def _fit(self, item: Item, widest: float, highest: float) -> tuple[Item, float, float]:
        wide, high = item.size()
        factor = min(1.0, widest / wide, highest / high)
        return replace(item, scale=item.scale * factor), wide * factor, high * factor

    def _top(self, anchor: Part, across: float) -> float:
        look = self.looks.of(anchor.item.drawing)
        return anchor.box.y + anchor.box.height * min(look.top_at(1 - across if anchor.flip else across), 0.75)

    def _on(self, anchor: Part, item: Item, across: float, count: int) -> Part:
        item, wide, high = self._fit(item, anchor.box.width * (0.92 if count == 1 else 1.05 / count), 99.0)
        seat = self._seat(anchor)
        if seat and count == 1:
            return self._seated(anchor, item, seat)
        top = self._top(anchor, across)
        foot = top + min(high * 0.06, anchor.box.height * 0.14)
        x = anchor.box.x + anchor.box.width * across - wide / 2
        return Part(item, Box(x, foot - high, wide, high), anchor.order + 1, rests=True)

    def _seat(self, anchor: Part) -> float:
        name = anchor.item.concept.name
        return self.seats.get(name) or self.seats.get(name.rpartition(" ")[2], 0.0)

    def _seated(self, anchor: Part, item: Item, seat: float) -> Part:
        """On what has a back: its upper part stays seen. Who has legs has them on the ground before it, an animal looks over the back."""
        box = anchor.box
        if item.drawing.markup and seat >= LOW_SEAT:
            item, wide, high = self._sized(item, box.width * 0.8, box.height * 0.92)
            return Part(item, Box(box.centre[0] - wide / 2, box.bottom + high * 0.165 - high, wide, high), anchor.order + 1)
        if item.drawing.markup:  # a rider: legs down the flank
            item, wide, high = self._sized(item, box.width * 0.62, box.height * _riding(item, anchor))
            foot = box.y + box.height * seat + high * 0.3
            return Part(item, Box(box.centre[0] - wide / 2, foot - high, wide, high), anchor.order + 1, rests=True, hidden=0.3)
        item, wide, high = self._sized(item, box.width * 0.62, box.height * seat * 1.3)
        foot = box.y + box.height * seat + min(high * 0.06, box.height * 0.1)
        # What does not look over the back lies to one side, so that it is not before all of it.
        aside = wide * 0.0 if high > box.height * seat else box.width / 2 - wide * 0.24
        return Part(item, Box(box.centre[0] + aside - wide / 2, foot - high, wide, high), anchor.order + 1, rests=True)

    def _sized(self, item: Item, widest: float, highest: float) -> tuple[Item, float, float]:
        """As large as fits, even when that is larger than it was, within reason."""
        wide, high = item.size()
        factor = min(1.5, widest / wide, highest / high)
        return replace(item, scale=item.scale * factor), wide * factor, high * factor

    def _in(self, anchor: Part, item: Item, across: float, count: int) -> Part:
        box = anchor.box
        if item.drawing.markup and count == 1 and self._seat(anchor) >= LOW_SEAT:
            return self._seated(anchor, item, self._seat(anchor))  # in a wheelchair, in an armchair
        if anchor.item.concept.group.startswith("place"):  # before its door
            item, wide, high = self._fit(item, box.width * 0.4 / count, box.height * 0.5)
            x = box.x + box.width * (0.24 if count == 1 else across)
            return Part(item, Box(x - wide / 2, box.bottom + high * 0.2 - high, wide, high), anchor.order + 1)
        if anchor.item.concept.name not in self.holders:
            # It comes out of it by a quarter, so that both are seen: a phoenix out of the fire, a crown out of the snow.
            item, wide, high = self._fit(item, box.width * 0.66 / count, box.height * 0.66)
            top = box.y - high * 0.27
            return Part(item, Box(box.x + box.width * across - wide / 2, top, wide, high), anchor.order + 1, rests=True)
        item, wide, high = self._fit(item, box.width * 0.8 / count, box.height * 1.5)
        across = 0.5 + (across - 0.5) * 0.8
        rim = self._top(anchor, across)
        sunk = min(high * 0.4, (box.bottom - rim) * 0.8)
        return Part(
            item, Box(box.x + box.width * across - wide / 2, rim + sunk - high, wide, high), anchor.order - 1, rests=True, hidden=0.55
        )

    def _under(self, anchor: Part, item: Item, across: float, count: int) -> Part:
        box, name = anchor.box, anchor.item.concept.name
        if name not in self.open_below and name not in self.canopies and anchor.item.concept.stands in ("air", "hang", "drift"):
            item, wide, high = self._fit(item, max(box.width, 0.6) / count, 99.0)
            return Part(item, Box(box.x + box.width * across - wide / 2, box.bottom + 0.06, wide, high), anchor.order + 1)
        if name in self.canopies:
            # What shelters stands over it: only the upper fifth of what is below is behind its stick and edge.
            item, wide, high = self._sized(item, box.width * 0.74 / count, box.height * 0.8)
            return Part(item, Box(box.x + box.width * across - wide / 2, box.bottom - high * 0.3, wide, high), anchor.order + 1)
        item, wide, high = self._fit(item, box.width * (0.8 if name in self.open_below else 0.5) / count, box.height * 0.52)
        side = (box.x + box.width * (0.62 if count == 1 else across)) if name in self.open_below else box.right + wide * (across - 0.36)
        return Part(item, Box(side - wide / 2, box.bottom + high * 0.2 - high, wide, high), anchor.order + 1)

    def _behind(self, anchor: Part, item: Item, across: float, count: int) -> Part:
        box, (wide, high) = anchor.box, item.size()
        side = -1.0 if round(across * count - 0.5) % 2 else 1.0
        middle = box.centre[0] + side * (box.width * 0.42 + wide * 0.16)
        bottom = box.bottom - box.height * 0.07
        if high < box.height * 0.9:
            middle = box.centre[0] + side * (box.width * 0.5 + wide * 0.2)
        return Part(item, Box(middle - wide / 2, bottom - high, wide, high), anchor.order - 1, hidden=0.55)

    def _holding(self, anchor: Part, item: Item, across: float, count: int) -> Part:
        del across
        box = anchor.box
        if anchor.item.concept.name in self.palms:
            item, wide, high = self._sized(item, box.width * 0.7, box.height * 2.5)
            upon = Box(box.x + box.width * 0.3 - wide / 2, box.y + box.height * 0.5 - high, wide, high)
            return Part(item, upon, anchor.order + 1, rests=True)
        if not anchor.item.drawing.markup and max(item.size()) < box.width * 0.34:
            item, wide, high = self._sized(item, box.width * 0.34, box.height * 0.5)
        item, wide, high = self._fit(item, box.width * 0.56, box.height * 0.5)
        right = count == 1 or item.copy % 2 == 0
        # A quarter of it at least is outside of who holds it; an animal looks left and has it before itself.
        out = 0.3 * wide if anchor.item.sided else 0.25 * wide
        x = (box.x + out if anchor.item.sided else box.right - out) if right else (box.right - out if anchor.item.sided else box.x + out)
        middle = box.y + box.height * 0.66
        hand = anchor.item.drawing.hand
        if hand and item.concept.name in self.canopies:
            return self._sheltered(anchor, item, hand)
        if hand:  # the lifted hand of a figure
            x, middle = box.x + box.width * hand[0], box.y + box.height * hand[1]
        if anchor.item.concept.bust or anchor.item.concept.group.startswith("face"):  # a head has no hands: beside it, the face stays free
            x = box.x + box.width * (1.0 if x > box.centre[0] else 0.0) + (wide * 0.3 if x > box.centre[0] else -wide * 0.3)
            middle = box.bottom - high / 2
        return Part(item, Box(x - wide / 2, middle - high / 2, wide, high), anchor.order + 1, rests=True)

    def _sheltered(self, anchor: Part, item: Item, hand: tuple[float, float]) -> Part:
        """An umbrella is over the head of who holds it, its handle in the hand."""
        box, (wide, high) = anchor.box, item.size()
        factor = box.height * SHELTER / high
        item, wide, high = replace(item, scale=item.scale * factor), wide * factor, high * factor
        foot = box.y + box.height * (hand[1] + 0.045)
        middle = box.x + box.width * (hand[0] * 0.82 + 0.5 * 0.18)
        return Part(item, Box(middle - wide / 2, foot - high, wide, high), anchor.order - 1, rests=True)

    def _next_to(self, parts: Sequence[Part], anchor: Part, item: Item, kind: str, turn: int) -> Part:
        """Right, then left, further out each time."""
        wide, high = item.size()
        gap = (0.22 if kind == "facing" else 0.06) * max(min(anchor.box.width, wide), 0.2)
        bounds = parts[0].bounds
        for part in parts:
            bounds = bounds.union(part.bounds)
        x = bounds.right + gap if turn % 2 == 0 else bounds.x - gap - wide
        looks_right = kind == "facing" and item.sided and turn % 2 == 1
        return Part(item, Box(x, anchor.box.bottom - high, wide, high), anchor.order + 1, flip=looks_right)

    @staticmethod
    def _look(parts: list[Part], anchor: Part, part: Part) -> Part:
        """Two that face each other: the left one is mirrored to look right, where the drawings look left."""
        right = part.box.x > anchor.box.x
        index = parts.index(anchor)
        if anchor.item.sided and right:
            anchor = parts[index] = replace(anchor, flip=True)
        return anchor
