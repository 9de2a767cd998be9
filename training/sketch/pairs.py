"""What each captioned pair shows and says, decided by its number alone: the same number gives the same pair on every machine.

Nouns and combinations that are held back are decided here too, by hash, so that no pair to learn from ever shows them.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import InputError
from domain.scene import Relation, Scene, Setting, Subject
from pipelines.image.illustration.art import Concept
from training.sketch.drawings import Pixels, Studio
from training.sketch.recipe import Recipe, Words

#: Numbers of pairs to learn from, of pairs kept back, and of the judge's renders never meet.
LEARN, CHECK, JUDGE = 0, 1 << 28, 1 << 29
#: A wish that the compositor cannot fulfil is made anew this often before a drawing alone takes its place.
TRIES = 4
#: Words of a concept that a caption may use.
CALLED = 4


@dataclass(frozen=True)
class Pair:
    caption: str
    pixels: Pixels


@dataclass(frozen=True)
class Combination:
    """Something asked of the model that it never saw together."""

    caption: str
    scene: Scene


def share(seed: int, *parts: str) -> float:
    """0 <= share < 1, evenly spread, fixed by its arguments."""
    digest = hashlib.sha256("|".join((str(seed), *parts)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def with_article(noun: str) -> str:
    if noun.endswith("s") and not noun.endswith(("ss", "us")):
        return noun
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


class Pairs:
    """Makes pairs by number. Not shared between processes: each builds its own."""

    def __init__(self, studio: Studio, recipe: Recipe, words: Words) -> None:
        self._studio, self._recipe, self._words = studio, recipe, words
        self._places = tuple(sorted(words.places))
        drawn = [c for c in studio.library.concepts if c.flag in ("", "face", "person") and studio.drawings(c)]
        self._known = tuple(sorted(drawn, key=lambda c: (c.name, c.row)))
        self.concepts = tuple(c for c in self._known if not self.hidden_noun(c.name))
        # What people ask for by itself; faces and persons are learnt as drawings only.
        self.things = tuple(c for c in self.concepts if not c.flag and not set(c.name.replace("-", " ").split()) & set(words.unfit))

    def hidden_noun(self, name: str) -> bool:
        """Held back whole, unless the gate asks for it."""
        return name not in self._words.gate.nouns and share(self._recipe.seed, "noun", name) < self._recipe.data.hidden_nouns

    def hidden(self, name: str, other: str) -> bool:
        """Whether a noun is held back together with this colour or setting."""
        return share(self._recipe.seed, "pair", name, other) < self._recipe.data.hidden_pairs

    def make(self, number: int) -> Pair:
        """The pair of this number."""
        for attempt in range(TRIES):
            pair = self._attempt(random.Random(f"{self._recipe.seed}/{number}/{attempt}"))
            if pair is not None:
                return pair
        return self._item(random.Random(f"{self._recipe.seed}/{number}/item"))

    def of_noun(self, noun: str, number: int) -> Pixels:
        """A render of a noun for the judge: drawn alone or composed, in any family and colour, by its number."""
        concept = next((c for c in self._known if c.name == noun), None)
        chance = random.Random(f"{self._recipe.seed}/{JUDGE + number}/{noun}")
        if concept is None:
            raise InputError(f"The library draws no {noun!r}.", hint="Take it out of words.toml, or pull its art set.")
        if chance.random() < 0.6:
            place = Setting(chance.choice(self._places))
            scene = Scene(subjects=(Subject(what=noun, size="large"),), setting=place, composition="centre")
            made = self._studio.scene(scene, self._family(concept, chance), self._recipe.data.side, chance.randrange(2**31))
            if made is not None:
                return made
        return self._drawn(concept, chance)

    def sayings(self) -> list[str]:
        """Every word that a caption can hold, in pieces: names, and the words and templates around them."""
        words = self._words
        names = [name for concept in self._known for name in (concept.name, *self._studio.names(concept))]
        around = [*words.item, *words.colour, *words.scene, *words.relation, *words.times.values(), *words.relations.values()]
        return ["a an", *names, *around, *words.places.values(), *words.colours, *words.gate.nouns]

    def combinations(self, count: int) -> list[Combination]:
        """Held-back combinations of a gate noun with a colour and a setting, in a fixed order."""
        found = []
        for noun in self._words.gate.nouns:
            for colour in sorted(self._words.colours):
                for place in self._places:
                    if self.hidden(noun, colour) or self.hidden(noun, place):
                        scene = Scene(subjects=(Subject(what=noun, colour=self._words.colours[colour]),), setting=Setting(place))
                        found.append(Combination(f"{with_article(f'{colour} {noun}')} {self._words.places[place]}", scene))
        found.sort(key=lambda c: share(self._recipe.seed, "asked", c.caption))
        return found[:count]

    def _attempt(self, chance: random.Random) -> Pair | None:
        plan = self._recipe.data
        kinds = (("item", plan.item), ("colour", plan.colour), ("scene", plan.scene), ("relation", plan.relation))
        kind = chance.choices([name for name, _ in kinds], [weight for _, weight in kinds])[0]
        if kind == "item":
            return self._item(chance)
        concept = chance.choice(self.things)
        coloured = set(concept.name.split()) & set(self._words.colours)
        colour = chance.choice(sorted(self._words.colours)) if (kind == "colour" or chance.random() < 0.3) and not coloured else ""
        place = chance.choice(("plain", "gradient") if kind == "colour" else self._places)
        if (colour and self.hidden(concept.name, colour)) or self.hidden(concept.name, place):
            return None
        return self._scene(kind, concept, colour, place, chance)

    def _scene(self, kind: str, concept: Concept, colour: str, place: str, chance: random.Random) -> Pair | None:
        words = self._words
        time = chance.choice(sorted(words.times))
        noun = concept.name
        told = {"noun": noun, "thing": with_article(f"{colour} {noun}".strip()), "place": words.places[place], "time": words.times[time]}
        subjects = [Subject(what=noun, colour=words.colours[colour] if colour else "")]
        relations: tuple[Relation, ...] = ()
        if kind == "relation":
            other = chance.choice(self.things)
            relation = chance.choice(sorted(words.relations))
            if other is concept or self.hidden(other.name, place):
                return None
            subjects.append(Subject(what=other.name))
            relations = (Relation.model_validate({"of": 0, "kind": relation, "to": 1}),)
            told |= {"relation": words.relations[relation], "other": with_article(other.name)}
        template = chance.choice(getattr(words, kind))
        asked = Scene(
            subjects=tuple(subjects),
            setting=Setting(place),
            time=time if "{time}" in template else "day",
            composition=chance.choice(("centre", "thirds")),
            relations=relations,
        )
        made = self._studio.scene(asked, self._family(concept, chance), self._recipe.data.side, chance.randrange(2**31))
        return Pair(template.format(**told), made) if made is not None else None

    def _item(self, chance: random.Random) -> Pair:
        concept = chance.choice(self.concepts if chance.random() < self._recipe.data.faces else self.things)
        noun = chance.choice((concept.name, *self._studio.names(concept)[:CALLED]))
        caption = chance.choice(self._words.item).format(noun=noun, thing=with_article(noun))
        return Pair(caption, self._drawn(concept, chance))

    def _drawn(self, concept: Concept, chance: random.Random) -> Pixels:
        drawing = chance.choice(self._studio.drawings(concept))
        level = [round(255 - 70 * chance.random() ** 2) for _ in range(3)]
        ground = "#" + "".join(f"{v:02x}" for v in level)
        shift = (chance.uniform(-0.06, 0.06), chance.uniform(-0.06, 0.06))
        return self._studio.item(drawing, self._recipe.data.side, ground, chance.uniform(0.62, 0.9), shift)

    def _family(self, concept: Concept, chance: random.Random) -> str:
        families = sorted({self._studio.sets[d.set_id].family for d in self._studio.drawings(concept)} & set(self._studio.families))
        return chance.choice(families or list(self._studio.families))


def numbers(first: int, count: int, size: int) -> Sequence[range]:
    """`count` numbers from `first`, in shards of `size`."""
    return [range(first + start, first + min(start + size, count)) for start in range(0, count, size)]
