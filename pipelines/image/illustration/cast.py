"""Casting a scene: a drawing for everything asked, of one family where there is one, in the colour, material and pose asked."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from domain.colours import ColourWords
from domain.errors import InputError, ModelMissing
from domain.scene import Scene, Subject
from pipelines.image.illustration.art import ArtLibrary, ArtSet, Concept, Drawing
from pipelines.image.illustration.blocks import Item
from pipelines.image.illustration.colour import distance
from pipelines.image.illustration.composition import FACTORS, PROP
from pipelines.image.illustration.figure import Figure, Wardrobe, garment
from pipelines.image.illustration.headwear import GOLD
from pipelines.image.illustration.people import whole
from pipelines.image.illustration.relations import LOW_SEAT
from pipelines.image.illustration.search import ArtSearch, Match, kind_of, normalise, singular
from pipelines.image.illustration.vocabulary import Vocabulary

#: Forms in which a person is shown from head to foot; elsewhere a head is what is wanted.
WHOLE_IN = ("scene", "spot", "isometric", "sticker", "sheet", "tile")
#: A search scores at least this when the whole phrase is a drawing's name.
WHOLE_NAME = 0.92
#: What figures from parts do themselves: drawings of it are not needed.
FIGURES_DO = ("standing", "walking", "running")
#: How much of a real difference in height is shown, and the least and most a thing is beside the main one: a cat beside a house is
#: still seen.
HEIGHT_POWER, LEAST_BESIDE, MOST_BESIDE = 0.55, 0.18, 2.1
#: The least of what one eats and drinks: it is what the picture is about.
LEAST_FOOD = 0.26
#: What is beside the main thing is drawn smaller than it is, to leave it the main thing; less so where its real height is known.
PROP_BESIDE, PROP_MOST = 0.72, 1.2
#: Of a head alone, how much of the height of the whole it is.
HEAD = 0.45
#: How many leaves, blossoms or sparkles one prop of that sort stands for.
DRIFTING = 6
#: More things than this in one picture are refused: nobody would see them.
MOST = 160
#: A subject that only says where we are is drawn by the setting, not as a thing.
PLACES: dict[str, frozenset[str]] = {
    "forest": frozenset({"forest", "woods", "woodland", "trees", "森林", "树林"}),
    "mountains": frozenset({"mountains", "mountain", "mountain range", "peaks", "山", "群山", "高山"}),
    "hills": frozenset({"hills", "hill", "countryside", "丘陵", "山丘"}),
    "meadow": frozenset({"meadow", "field", "grass", "grassland", "lawn", "草地", "草原", "田野"}),
    "city": frozenset({"city", "skyline", "city skyline", "cityscape", "buildings", "城市", "都市"}),
    "street": frozenset({"street", "road", "alley", "街道", "街"}),
    "interior": frozenset({"room", "interior", "table", "desk", "window", "wall", "房间", "室内", "桌子"}),
    "space": frozenset({"space", "outer space", "galaxy", "universe", "stars", "太空", "宇宙", "星空"}),
    "sea": frozenset({"sea", "ocean", "waves", "water", "lake", "大海", "海洋", "海", "湖"}),
    "beach": frozenset({"beach", "sand", "shore", "沙滩", "海滩"}),
    "desert": frozenset({"desert", "dunes", "沙漠"}),
    "cave": frozenset({"cave", "cavern", "dungeon", "洞穴", "山洞"}),
    "studio": frozenset({"studio", "podium", "studio podium", "backdrop", "摄影棚"}),
    "kitchen": frozenset({"kitchen", "厨房"}),
    "office": frozenset({"office", "workplace", "办公室"}),
    "cafe": frozenset({"cafe", "café", "coffee shop", "coffee house", "咖啡馆", "咖啡厅", "咖啡店"}),
    "tavern": frozenset({"tavern", "inn", "pub", "酒馆", "客栈"}),
    "dungeon": frozenset({"dungeon", "dungeon corridor", "地牢", "地下城"}),
    "castle": frozenset({"castle", "城堡"}),
    "market": frozenset({"market", "marketplace", "bazaar", "市场", "集市", "夜市"}),
    "village": frozenset({"village", "houses", "村庄", "村子", "新手村"}),
    "garden": frozenset({"garden", "花园"}),
    "park": frozenset({"park", "公园"}),
    "harbour": frozenset({"harbour", "harbor", "port", "pier", "港口", "码头"}),
    "lake": frozenset({"lake", "pond", "湖", "湖泊", "池塘"}),
    "river": frozenset({"river", "stream", "河", "河流", "江", "小溪"}),
    "jungle": frozenset({"jungle", "rainforest", "丛林", "雨林", "热带雨林"}),
    "volcano": frozenset({"volcano", "erupting volcano", "crater", "火山", "火山口"}),
    "stadium": frozenset({"stadium", "arena", "体育场", "体育馆"}),
    "classroom": frozenset({"classroom", "教室"}),
    "library": frozenset({"library", "图书馆", "图书室"}),
    "laboratory": frozenset({"laboratory", "lab", "实验室"}),
    "factory": frozenset({"factory", "factory hall", "工厂", "车间"}),
    "museum": frozenset({"museum", "gallery", "博物馆", "美术馆"}),
    "temple": frozenset({"temple", "shrine", "寺庙", "神庙", "寺院"}),
    "graveyard": frozenset({"graveyard", "cemetery", "墓地", "墓园", "坟场"}),
    "throne_room": frozenset({"throne room", "throne hall", "王座大厅", "王座厅"}),
    "battlefield": frozenset({"battlefield", "battleground", "战场", "古代战场"}),
    "festival": frozenset({"festival", "fair", "节日", "庙会"}),
}
#: Of these places one can build or count several: with a colour or a number asked they are meant as things. Land and water never are:
#: "green hills" are the setting.
BUILT = frozenset(
    {"castle", "village", "volcano", "stadium", "library", "laboratory", "factory", "museum", "temple", "market", "cafe", "tavern"}
)
EVERYWHERE = frozenset(
    {"sky", "sunset", "sunrise", "night", "night sky", "background", "scene", "landscape", "天空", "背景", "夜空", "夕阳"}
)


@dataclass(frozen=True)
class Cast:
    """The items of one picture and of its foreground, the family they come from, what stands in for what; a character from parts."""

    items: tuple[Item, ...]
    foreground: tuple[Item, ...]
    family: str
    substitutions: tuple[tuple[str, str], ...]
    figure: Figure | None = None
    worn: tuple[Worn, ...] = ()


@dataclass(frozen=True)
class Worn:
    """A thing of the scene that somebody in it wears: its name, its number, and the number of who wears it."""

    name: str
    thing: int
    wearer: int


@dataclass(frozen=True)
class _Wanted:
    subject: Subject
    number: int
    prop: bool
    front: bool = False


class Casting:
    """For one library. Thread-safe."""

    def __init__(self, library: ArtLibrary, searcher: ArtSearch, vocabulary: Vocabulary, wardrobe: Wardrobe) -> None:
        self.library, self.searcher, self.vocabulary, self.wardrobe = library, searcher, vocabulary, wardrobe

    def choose(self, scene: Scene, seed: int) -> Cast:
        """Raises InputError for a colour, a family or a number of things that cannot be drawn, ModelMissing without art."""
        ready = self.library.ready()
        if not ready:
            raise ModelMissing("The illustrator has no art to draw with.", hint="Pull art-fluent-emoji-flat on the Models page.")
        self._check(scene)
        worn = self._worn(scene)
        figure = self._figure(scene, seed, worn)
        dressed = {w.thing for w in worn}
        wanted = [w for w in _wanted(scene) if w.front or not (w.number in dressed or (figure and w.number == 0))]
        family = self._family(scene, wanted, ready)
        inside = frozenset(s.id for s in ready if s.family == family)
        items: list[Item] = []
        front: list[Item] = []
        missing: list[tuple[str, str]] = []
        for one in wanted:
            found = self._find(one.subject, inside, frozenset(s.id for s in ready))
            actors = self._actors(one, found, scene, seed, worn)
            if actors:
                made = self._items(one, actors[0], actors[1][0], scene, items)
                # The figure takes the pose itself: of bending a drawing only the leap off the ground is left.
                items += [
                    replace(item, drawing=actors[1][item.copy % len(actors[1])], pose=replace(item.pose, turn=0.0, press=1.0))
                    for item in made
                ]
                continue
            if found is None or not found[0].exact:
                missing.append((one.subject.what, found[0].concept.name if found else ""))
            if found:
                made = self._items(one, found[0].concept, found[1], scene, items)
                if not scene.character:
                    made = self._varied(made, seed)
                (front if one.front else items).extend(made)
        families = {self.library.sets[i.drawing.set_id].family for i in (*items, *front)}
        return Cast(tuple(items), tuple(front), "+".join(sorted(families)) or family, tuple(missing), figure, worn)

    def _actors(
        self, one: _Wanted, found: tuple[Match, Drawing] | None, scene: Scene, seed: int, worn: Sequence[Worn]
    ) -> tuple[Concept, tuple[Drawing, ...]] | None:
        """A person in a scene is drawn from head to foot, from parts; a drawing that shows one whole in colour is kept, heads are not."""
        subject, who = one.subject, self.wardrobe.who(one.subject.what)
        if not who or one.front or scene.form not in WHOLE_IN or scene.family not in ("", "flat"):
            return None
        match = found[0] if found and found[0].exact else None
        other = match is not None and match.concept.name.split()[-1] not in FIGURES_DO
        if found and match and other and not match.concept.bust and found[1].colourful and match.score >= WHOLE_NAME:
            return None
        posed = self._posed(who, subject.pose)
        if posed:
            return posed
        mine = [w for w in worn if w.wearer == one.number]
        doing = self._doing({one.number, *(w.thing for w in mine)}, scene)
        pose = doing if doing == "ride" else self.wardrobe.pose(f"{subject.what} {subject.pose}") or doing
        words = " ".join((subject.what, subject.pose, subject.material, scene.mood, *(w.name for w in mine)))
        every = (*scene.subjects, *scene.props)
        clothes = next((every[w.thing] for w in mine if garment(w.name)), None)
        colour = self._asked_colour(subject) or (clothes and self._asked_colour(clothes)) or ""
        dressed = (self.wardrobe.dress(words, colour, "", seed + 1009 * one.number + 101 * k) for k in range(min(subject.count, 8)))
        tool = self.wardrobe.held(subject.what)
        others = " ".join(s.what for s in (*scene.subjects, *scene.props))
        busy = pose in ("sit", "ride", "lotus", "run", "cheer") or any(r.kind == "holding" and r.of == one.number for r in scene.relations)
        held = "" if busy or tool in others.replace(subject.what, "") else tool
        pose = "lift" if held and pose == "stand" else pose
        base = match.concept if match else next(c for c in self.library.concepts if c.name == "person standing")
        # Told by the drawing's name where it is the person's, else by the person's: a knight of parts is no "knight helmet".
        own = match is not None and bool(self.wardrobe.who(base.name))
        high = self.library.height(who, "person")
        concept = replace(base, name=base.name if own else who, group="person", stands="ground", bust=False, height=high)
        return concept, tuple(whole(figure, pose, held) for figure in dressed)

    def _posed(self, who: str, pose: str) -> tuple[Concept, tuple[Drawing, ...]] | None:
        """A drawing of a person in a pose that figures have not: surfing, swimming, climbing, dancing."""
        if not pose or pose in FIGURES_DO or self.wardrobe.pose(pose):
            return None
        sets = [s.id for s in self.library.ready() if s.colourful]
        for name in (f"{who} {pose}", f"person {pose}"):
            found = self.searcher.find(name, frozenset(sets), 1)
            if found and found[0].exact and found[0].score >= WHOLE_NAME and not found[0].concept.bust:
                return found[0].concept, (next(found[0].concept.art[s] for s in sets if s in found[0].concept.art),)
        return None

    def _doing(self, own: Collection[int], scene: Scene) -> str:
        """What the relations of the scene say of a person: who holds something lifts a hand, who is on a seat sits, on an animal rides.

        own: the numbers of the person and of what they wear.
        """
        every = (*scene.subjects, *scene.props)
        for relation in scene.relations:
            if relation.of not in own or relation.to in own or relation.to >= len(every):
                continue
            if relation.kind == "holding":
                return "lift"
            seat = self.vocabulary.seat(singular(normalise(every[relation.to].what))) if relation.kind in ("on", "in") else 0.0
            if seat and (relation.kind == "on" or seat >= LOW_SEAT):
                return "sit" if seat >= LOW_SEAT else "ride"
        return "stand"

    def _worn(self, scene: Scene) -> tuple[Worn, ...]:
        """Crowns and the like that the first person of the scene wears; what has a colour of its own other than gold stays a thing.
        And clothes that people are said to be in."""
        every = (*scene.subjects, *scene.props)
        wearer = next((n for n, s in enumerate(every) if s.count == 1 and self.wardrobe.who(s.what)), None)
        drawn = scene.form in WHOLE_IN or scene.form == "portrait"
        if not drawn or scene.family not in ("", "flat"):
            return ()
        pairs = [(r.of, r.to) for r in scene.relations if r.kind == "in" and max(r.of, r.to) < len(every)]
        clothed = [Worn(every[to].what, to, of) for of, to in pairs if self.wardrobe.who(every[of].what) and garment(every[to].what)]
        return (*clothed, *self._headwear(every, wearer))

    def _headwear(self, every: Sequence[Subject], wearer: int | None) -> tuple[Worn, ...]:
        if wearer is None:
            return ()
        found = [(n, s) for n, s in enumerate(every) if n != wearer and s.count == 1 and self.wardrobe.worn(s.what)]
        return tuple(Worn(self.wardrobe.worn(s.what), n, wearer) for n, s in found if not s.colour or self._golden(s.colour))[:1]

    def _golden(self, colour: str) -> bool:
        value = self.vocabulary.colours.parse(colour)
        return value is not None and distance(value, GOLD) < 0.14

    def _check(self, scene: Scene) -> None:
        for role in ("subjects", "props", "foreground"):
            for index, subject in enumerate(getattr(scene, role)):
                colour_of(subject.colour, f"scene.{role}.{index}.colour", self.vocabulary.colours)
        count = sum(s.count for s in (*scene.subjects, *scene.props))
        if count > MOST:
            raise InputError(
                "The scene asks for {count} things in one picture; {most} is the most.",
                hint='Lower the counts; arrangement "crowd" makes few look like many.', field="scene.subjects", count=count, most=MOST
            )  # fmt: skip

    def _figure(self, scene: Scene, seed: int, worn: Sequence[Worn]) -> Figure | None:
        """A portrait of a person is built from parts, and so is a person with a name in a scene, to be the same one again."""
        first = scene.subjects[0] if scene.subjects else None
        asked = scene.form == "portrait" or (scene.form == "scene" and scene.character and first is not None)
        if not asked or (first and not self.wardrobe.person(first.what)):
            return None
        words = " ".join((first.what, first.pose, first.material, scene.mood, *(w.name for w in worn))) if first else scene.mood
        colour = colour_of(first.colour, "scene.subjects.0.colour", self.vocabulary.colours) if first else ""
        return self.wardrobe.dress(words, colour, scene.character, seed)

    def _family(self, scene: Scene, wanted: Sequence[_Wanted], ready: Sequence[ArtSet]) -> str:
        """The family asked for; else the one that names most of what was asked, the better ranked of equals."""
        families = list(dict.fromkeys(s.family for s in ready))
        if scene.family:
            if scene.family not in families:
                raise InputError(
                    "There is no art family {family} here.",
                    hint="Use one of: {known}.",
                    field="scene.family",
                    family=repr(scene.family),
                    known=", ".join(families),
                )
            return scene.family
        if scene.character and wanted:
            # Whatever else stands in the scene, a named character keeps its drawing.
            wanted = wanted[:1]
        scores: dict[str, float] = {}
        for family in families:
            sets = frozenset(s.id for s in ready if s.family == family)
            found = ((self.searcher.find(w.subject.what, sets, 1), 1 if w.prop or w.front else 3) for w in wanted)
            scores[family] = sum(weight for matches, weight in found if matches and matches[0].exact)
        # Drawings in one colour come after all others, however many of the things they name.
        colourful = frozenset(s.family for s in ready if s.colourful)
        return max(scores, key=lambda family: (family in colourful and scores[family] > 0, scores[family], family in colourful))

    def _find(self, subject: Subject, inside: frozenset[str], everywhere: frozenset[str]) -> tuple[Match, Drawing] | None:
        """Named whole in the family, else in any family; so for its last word; else the nearest in the family, else nothing.

        Of any family, those in one colour are asked last.
        """
        colourful = frozenset(s.id for s in self.library.ready() if s.colourful and s.id in everywhere)
        sources = [sets for sets in (inside, colourful, everywhere) if sets]
        found = [(m[0], sets is not everywhere) for sets in sources if (m := self.searcher.find(subject.what, sets, 1))]
        if not found:
            return None
        best = min(found, key=lambda one: _rank(one[0], one[1], subject.what))[0]
        art, ready = best.concept.art, self.library.ready()
        order = [s.id for s in ready if s.id in inside] + [s.id for s in ready if s.colourful] + [s.id for s in ready]
        return best, next(art[set_id] for set_id in order if set_id in art)

    def _asked_colour(self, subject: Subject) -> str | None:
        """The colour field, else a colour word leading the phrase, unless it is part of a name ("red apple")."""
        colours = self.vocabulary.colours
        if subject.colour:
            return colours.parse(subject.colour)
        if self.searcher.named(subject.what):
            return None
        words = normalise(subject.what).split()
        for length in (2, 1):
            for start in range(len(words) - length):
                colour = colours.anywhere.get(" ".join(words[start : start + length]))
                if colour:
                    return colour
        prefix = next((subject.what[:end] for end in range(4, 0, -1) if colours.parse(subject.what[:end])), "")
        return colours.parse(prefix) if prefix and not prefix.isascii() else None

    def _material(self, subject: Subject, named: bool) -> str:
        """The material field, else a material word leading the phrase ("golden crown")."""
        if subject.material or named:
            return subject.material
        words = normalise(subject.what).split()
        return next((w for w in words[:-1] if self.vocabulary.material(w)), "")

    def _items(self, one: _Wanted, concept: Concept, drawing: Drawing, scene: Scene, before: Sequence[Item]) -> list[Item]:
        """One Item per count. Sizes are told against the main subject, softened so that a cat beside a house is still seen."""
        subject, main = one.subject, next((i for i in before if i.main), None)
        together = any(one.number in (r.of, r.to) for r in scene.relations) and not one.front
        known = main is not None and concept.height > 0 and main.concept.height > 0
        small = (PROP_BESIDE if known else PROP) if one.prop and main and not together else 1.0
        against = beside(concept, drawing, main) if main else 1.0
        scale = FACTORS[subject.size] * (min(against * small, PROP_MOST) if known and one.prop and not together else against * small)
        if scene.composition == "row" or scene.arrangement in ("row", "grid", "circle") or scene.form == "sheet":
            scale = FACTORS[subject.size] * (0.8 if one.prop and main else 1.0)
            if scene.composition == "row" and scene.arrangement == "free" and scene.form != "sheet":
                scale *= min(max(against, 0.35), 2.1)  # nobody asked for things of one size
        count = subject.count
        if concept.stands == "drift" and one.prop and main and count == 1 and scene.form == "scene":
            count, scale = DRIFTING, scale * 0.62
        even = scene.arrangement != "free" or scene.form == "sheet"
        uneven = 0.03 if drawing.markup else 0.09  # grown people are nearly of one height
        material = self.vocabulary.material(self._material(subject, self.searcher.named(subject.what)))
        # A colour asked for outright is kept in any material; a colour word that is the material ("golden crown") says no more than it.
        colour = (self.vocabulary.colours.parse(subject.colour) if subject.colour else None) if material else self._asked_colour(subject)
        if material and colour and material.clear:
            material = replace(material, clear=material.clear * 0.3)  # what shines through must not wash the colour out
        natural = self.vocabulary.natural(concept.name, concept.group) if drawing.silhouette else ""
        return [
            Item(
                concept, drawing, colour, scale * (1.0 if even else 1 - uneven * (k % 3)), one.prop,
                main is None and k == 0 and not one.front, one.number, k, material, self.vocabulary.pose(subject.pose), natural,
            )
            for k in range(count)
        ]  # fmt: skip

    def _varied(self, items: list[Item], seed: int) -> list[Item]:
        """Of several alike the first is the drawing that was found, the others may be other drawings of it in the same hand."""
        concept, first = items[0].concept, items[0].drawing
        others = [d for d in concept.variants.get(first.set_id, ()) if _interchangeable(first, d)]
        if len(items) < 2 or not others:
            return items
        chance = random.Random(f"{seed}/{concept.name}")  # noqa: S311
        hand = [first, *chance.sample(others, len(others))]
        return [replace(item, drawing=hand[k % len(hand)]) for k, item in enumerate(items)]


def _rank(match: Match, first_choice: bool, what: str) -> tuple[int, float]:
    """Low is good. A whole name in another family comes before the last word of it in this one: a piggy bank is no bank. In one colour
    (first_choice False) it comes after a kind of the thing in many. Of what only stands in for it the nearest is taken.
    """
    whole = match.score >= WHOLE_NAME
    if not match.exact:
        return 4, -match.score
    if first_choice:
        return (0, 0.0) if whole else (1, 0.0) if kind_of(match.concept, what) else (3, 0.0)
    return (2, 0.0) if whole else (3, 0.0)


def beside(concept: Concept, drawing: Drawing, main: Item) -> float:
    """How large a thing is against the main one: by their real heights where both are known, softened; else by how they are told."""
    if not (concept.height and main.concept.height):
        return min(max(float((concept.scale / main.concept.scale) ** 0.75), 0.45), 1.5)
    least = LEAST_BESIDE
    if concept.group.startswith(("food", "drink")):
        least = LEAST_FOOD
    own, other = (c.height * (HEAD if c.bust else 1.0) for c in (concept, main.concept))
    # Scale is the mean of width and height: of two as tall the slender one has less of it.
    slender = (min(max(drawing.aspect, 0.3), 3.2) / min(max(main.drawing.aspect, 0.3), 3.2)) ** 0.5
    real = float((own / other) ** HEIGHT_POWER * slender)
    return min(max(real, least + 0.5 * real), MOST_BESIDE)


def _interchangeable(first: Drawing, other: Drawing) -> bool:
    """Two drawings of one thing: neither shows several of it, and both are drawn the same way."""
    several = other.icon.split("-")[0] in ("two", "three", "four", "many") or other.icon == f"{first.icon}s"
    manner = first.icon.endswith("-flat") == other.icon.endswith("-flat") and first.colourful == other.colourful
    return not several and manner and 0.5 < other.aspect / first.aspect < 2.0


def _wanted(scene: Scene) -> list[_Wanted]:
    """Everything that is a thing and not the place itself; a building with a colour or a number of its own is meant as a thing."""
    here, built = PLACES.get(scene.setting.value, frozenset()) | EVERYWHERE, scene.setting.value in BUILT
    first = len(scene.subjects)
    every = [_Wanted(s, i, False) for i, s in enumerate(scene.subjects)]
    every += [_Wanted(s, first + i, True) for i, s in enumerate(scene.props)]
    every += [_Wanted(s, i, True, front=True) for i, s in enumerate(scene.foreground)]
    return [
        w for w in every if (what := normalise(w.subject.what)) not in here or (built and what not in EVERYWHERE and _special(w.subject))
    ]


def _special(subject: Subject) -> bool:
    return bool(subject.colour) or subject.count > 1


def colour_of(text: str, field: str, colours: ColourWords) -> str:
    """ "#rrggbb"; "" stays "". Raises InputError naming the field."""
    colour = colours.parse(text) if text else ""
    if colour is None:
        raise InputError("{text} is not a colour.", hint='Use a colour word or "#rrggbb".', field=field, text=repr(text))
    return colour
