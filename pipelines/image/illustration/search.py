"""Finding the drawing a phrase means: words first, meaning second.

A whole phrase that names a concept wins, then its head noun ("vintage red bicycle" is a bicycle), then tags, then the nearest
concept by sentence embedding. What was not named outright, or only by a word that goes with it, comes back as a substitution and is
never silent. Chinese is looked up as it stands, and else by the English word for it. Colourful art comes before art in one colour; a
logo only when it is named.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from domain.chat import Embedder
from domain.errors import ModelMissing
from pipelines.image.illustration.art import Concept, Embeddings
from pipelines.image.illustration.colour import distance

Floats = npt.NDArray[np.float32]

#: Words that measure or hold what follows "of": "a cup of tea" is tea, "a bowl of rice" is rice.
# fmt: off
HOLDERS = frozenset({
    "cup", "glass", "mug", "bowl", "bottle", "piece", "slice", "pair", "bag", "box", "can", "jar", "pile", "stack", "plate", "pot", "bunch",
    "set", "group", "herd", "couple", "ball", "roll", "sheet", "drop", "pinch", "row", "handful", "basket", "loaf", "bar", "kind", "type",
    "picture", "image",
})
ARTICLES = frozenset({
    "a", "an", "the", "some", "one", "two", "three", "several", "my", "our", "your", "his", "her", "their", "this", "that",
})
#: What a thing is for, said before it, makes another thing of it: a steering wheel is no wheel.
PURPOSES = frozenset({
    "steering", "spinning", "rocking", "sewing", "washing", "rolling", "watering", "fishing", "hiking", "swimming", "diving", "boxing",
    "cutting", "ironing", "knitting", "mixing", "measuring", "weighing", "wrapping", "changing", "dressing", "drawing", "writing", "baking",
})
# fmt: on
CJK = re.compile(r"[\u3400-\u9fff]")
_NOT_WORD = re.compile(r"[^\w\s\u3400-\u9fff'-]+")
#: Phrases whose similarities are kept: one picture asks for the same phrase once a family.
REMEMBERED = 128
#: Where a phrase goes on to say where the thing is or what it does: "fox in a forest", "panda eating bamboo".
_SETTLED = re.compile(
    r"(?<=\w) (?:in|on|at|near|under|over|by|from|for|to|inside|beside|behind|and|that|which|(?!ring|king|wing)\w{2,}ing(?= \w)) "
)
_TOGETHER = re.compile(r" (?:with|in|of|and|on) ")
#: Below this cosine similarity a neighbour is a guess, not an alternative: rare words come near to what is only spelled like them.
LEAST_SIMILAR = 0.56
#: What art in one colour, or in tones of one, loses beside colourful art that is as near.
PLAINNESS = 0.06
#: Neighbours by meaning that are looked at: enough that every family has some.
NEIGHBOURS = 240
#: Within this distance in OKLab a drawing counts as being of a colour.
SAME_COLOUR = 0.16
#: Shown only when the whole phrase is their name: never for the last word of it.
WHOLE_ONLY = frozenset({"logo", "symbol", "flag", "scene"})


@dataclass(frozen=True)
class Match:
    """exact: the phrase names this concept (or it is the phrase's head noun); False: the nearest there is, to be told."""

    concept: Concept
    score: float
    exact: bool


def normalise(text: str) -> str:
    """Lower case, hyphens and punctuation as spaces, articles and possessives dropped."""
    words = _NOT_WORD.sub(" ", text.lower().replace("’", "'").replace("'s ", " ")).replace("-", " ").replace("_", " ").split()
    return " ".join(word for word in words if word not in ARTICLES)


def singular(phrase: str) -> str:
    """The phrase with its last word in the singular, by the regular rules of English."""
    head, _, last = phrase.rpartition(" ")
    if len(last) > 3 and last.endswith("ies"):
        last = last[:-3] + "y"
    elif len(last) > 4 and last.endswith(("shes", "ches", "xes", "sses", "zes")):
        last = last[:-2]
    elif len(last) > 4 and last.endswith(("nives", "wives", "lives")):
        last = last[:-3] + "fe"
    elif len(last) > 4 and last.endswith("ves"):
        last = last[:-3] + "f"
    elif len(last) > 3 and last.endswith("s") and not last.endswith(("ss", "us", "is")):
        last = last[:-1]
    return f"{head} {last}".strip()


class ArtSearch:
    """Over one set of concepts. `embedder` may be None: then only words count. Its model must be the one of the embeddings.

    colours: colour words, which name no thing where nothing but single words of a phrase is known.
    """

    def __init__(
        self,
        concepts: Sequence[Concept],
        synonyms: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]],
        near: Mapping[str, tuple[str, ...]],
        embeddings: Embeddings,
        embedder: Embedder | None,
        colours: Collection[str] = (),
    ) -> None:
        self._colours = frozenset(colours)
        self._concepts = tuple(concepts)
        self._names: dict[str, list[Concept]] = {}
        self._chinese: dict[str, list[Concept]] = {}
        self._tags: dict[str, list[Concept]] = {}
        self._chinese_tags: dict[str, list[Concept]] = {}
        self._embedder = embedder if embedder is not None and embedder.model.id == embeddings.model else None
        self._embeddings = embeddings
        self._translations = embeddings.translations
        self._table: Floats | None = None
        self._similar: dict[str, tuple[Floats, npt.NDArray[np.intp]]] = {}
        self._learn(synonyms)
        by_name = {c.name: c for c in reversed(self._concepts)}
        self._near = {normalise(word): by_name[name] for name, words in near.items() if name in by_name for word in words}

    def find(self, phrase: str, sets: frozenset[str], limit: int = 6, colour: str = "") -> list[Match]:
        """Best first, only concepts that one of these sets draws. Empty when nothing comes near.

        sets: see ArtLibrary.chosen for those of a family, licence or style. colour "#rrggbb": only drawings with that among their
        main colours.
        """
        matches = self._by_near(phrase, sets) or (self._by_chinese if CJK.search(phrase) else self._by_words)(phrase, sets)
        if not matches and not CJK.search(phrase):
            matches = self._by_meaning(phrase, sets) or self._by_any_word(phrase, sets)
        whole = normalise(phrase)
        if whole in self._near and not self._named_in(whole, sets):
            # Known to be drawn by nothing: its last word is another thing, "power bank" is no bank.
            matches = [replace(match, exact=False) for match in matches]
        if colour:
            matches = [m for m in matches if _of_colour(m.concept, sets, colour)]
        once: dict[str, Match] = {}
        for match in matches:
            once.setdefault(singular(normalise(match.concept.name)), match)
        return list(once.values())[:limit]

    def named(self, phrase: str) -> bool:
        """True when the whole phrase is a name we know ("red apple"), so that a colour word in it is part of the name."""
        return any(key in self._names for key in self._keys(phrase)) or phrase.strip() in self._chinese

    def _learn(self, synonyms: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]) -> None:
        own = {c.row: c for c in self._concepts if "house" in c.art}
        for concept in own.values():
            for word in (concept.name, *concept.en):
                self._put(self._names, normalise(word), concept)
            for word in concept.zh:
                self._put(self._chinese, word, concept)
        by_name = {c.name.lower(): c for c in reversed(self._concepts)}
        for name, (english, chinese) in synonyms.items():
            known = by_name.get(name.lower())
            if known is not None:
                for word in english:
                    self._put(self._names, normalise(word), known)
                for word in chinese:
                    self._put(self._chinese, word, known)
        for concept in self._concepts:
            self._put(self._names, normalise(concept.name), concept)
        for concept in self._concepts:
            for word in concept.names:
                self._put(self._names, normalise(word), concept)
            if concept.row not in own:
                for word in concept.en:
                    self._put(self._tags, normalise(word), concept)
                for word in concept.zh[:1]:
                    self._put(self._chinese, word, concept)
                for word in concept.zh[1:]:
                    self._put(self._chinese_tags, word, concept)

    @staticmethod
    def _put(table: dict[str, list[Concept]], key: str, concept: Concept) -> None:
        """Under the word, its singular, and as one word where it is two: "gold bars", "surf board"."""
        for known in dict.fromkeys((key, singular(key), key.replace(" ", ""))):
            entries = table.setdefault(known, [])
            if known and all(entry.row != concept.row for entry in entries):
                entries.append(concept)

    @staticmethod
    def _keys(phrase: str) -> tuple[str, ...]:
        plain = normalise(phrase)
        return tuple(dict.fromkeys((plain, singular(plain), plain.replace(" ", ""), singular(plain).replace(" ", ""))))

    def _drawn(self, found: Sequence[Concept], sets: frozenset[str]) -> list[Concept]:
        """Those that the sets draw, the colourful before the plain; the order is otherwise kept."""
        return sorted((c for c in found if not sets.isdisjoint(c.art)), key=lambda c: not _colourful(c, sets))

    def _by_words(self, phrase: str, sets: frozenset[str]) -> list[Match]:
        for text in self._readings(phrase):
            words = text.split()
            for start in range(len(words)):
                tail = " ".join(words[start:])
                for key in self._keys(tail):
                    found = [c for c in self._drawn(self._names.get(key, ()), sets) if start == 0 or c.flag not in WHOLE_ONLY]
                    if found:
                        # A noun before a noun makes another thing of it, which is told: a butter knife is a knife of its own.
                        plain = not any(word in self._names or word in PURPOSES for word in words[:start])
                        return [Match(c, (1.0 if start == 0 else 0.9) - 0.01 * i, plain) for i, c in enumerate(found)]
        return self._by_tag(phrase, sets)

    def _by_near(self, phrase: str, sets: frozenset[str]) -> list[Match]:
        """The shipped table of what stands in for what nothing draws, for a whole phrase or its head noun."""
        whole = normalise(phrase)
        if whole in self._near and not self._named_in(whole, sets):
            return [Match(c, 0.7, False) for c in self._drawn([self._near[whole]], sets)]
        plain = _SETTLED.split(whole)[0]
        steps = len(plain) if CJK.search(plain) else plain.count(" ") + 1
        for start in range(steps):
            tail = plain[start:] if CJK.search(plain) else " ".join(plain.split()[start:])
            if self._named_in(tail, sets):
                return []
            for key in (tail, singular(tail)):
                if key in self._near:
                    return [Match(c, 0.7, False) for c in self._drawn([self._near[key]], sets)]
        return []

    def _named_in(self, word: str, sets: frozenset[str]) -> bool:
        """True when these sets draw something of that very name, that may be shown for a part of a phrase."""
        known = [*self._names.get(word, ()), *self._names.get(singular(word), ()), *self._chinese.get(word, ())]
        return bool(self._drawn([c for c in known if c.flag not in WHOLE_ONLY], sets))

    def _readings(self, phrase: str) -> list[str]:
        """The phrase, and for "X of Y" / "X with Y" what it is about, in order of trust."""
        plain = _SETTLED.split(normalise(phrase))[0]
        readings = [plain] if " of " not in plain and " with " not in plain else []
        said = normalise(phrase)
        whole = [text for text in dict.fromkeys((said, plain)) if any(key in self._names for key in self._keys(text))]
        before, _, after = plain.partition(" of ")
        if after:
            order = [after, before] if singular(before.rpartition(" ")[2]) in HOLDERS else [before, after]
            readings += [part.partition(" with ")[0] for part in order]
        elif " with " in plain:
            readings.append(plain.partition(" with ")[0])
        return whole + readings

    def _by_tag(self, phrase: str, sets: frozenset[str]) -> list[Match]:
        """Tags are loose ("brew" lies on many drinks): several candidates are put in order of meaning where that can be told."""
        for key in self._keys(phrase):
            found = [c for c in self._drawn(self._tags.get(key, ()), sets) if not c.flag]
            if not found:
                continue
            similar = self._similarity(phrase)
            if similar is not None:
                found.sort(key=lambda c: -float(similar[c.row]))
                return [self._by_its_tag(c, key, float(similar[c.row])) for c in found]
            found.sort(key=lambda c: c.en.index(key) if key in c.en else 99)
            return [Match(c, 0.6, False) for c in found]
        return []

    @staticmethod
    def _by_its_tag(concept: Concept, key: str, near: float) -> Match:
        """A kind of the thing is as good as it; what only goes with it comes after the table of what stands in."""
        kind = kind_of(concept, key) and near > 0.5
        return Match(concept, (0.5 if kind else 0.3) + 0.4 * near, kind)

    def _by_meaning(self, phrase: str, sets: frozenset[str]) -> list[Match]:
        if self._similarity(phrase) is None:
            return []
        similar, order = self._similar[phrase]
        near = [self._concepts[int(i)] for i in order if float(similar[int(i)]) >= LEAST_SIMILAR]
        found = [c for c in self._drawn(near, sets) if not c.flag and not _spelled_like(c, phrase)]
        found.sort(key=lambda c: -float(similar[c.row]) + (0.0 if _colourful(c, sets) else PLAINNESS))
        return [Match(c, float(similar[c.row]), False) for c in found]

    def _by_any_word(self, phrase: str, sets: frozenset[str]) -> list[Match]:
        """Without an embedder: a concept named by any run of words inside ("coffee machine" -> coffee)."""
        words = [w for w in normalise(phrase).split() if w not in self._colours]
        for length in range(len(words), 0, -1):
            for start in range(len(words) - length + 1):
                for key in self._keys(" ".join(words[start : start + length])):
                    found = [c for c in self._drawn([*self._names.get(key, ()), *self._tags.get(key, ())], sets) if not c.flag]
                    if found:
                        return [Match(c, 0.3, False) for c in found]
        return []

    def _by_chinese(self, phrase: str, sets: frozenset[str]) -> list[Match]:
        """The longest known word the phrase ends in (the head noun), as it stands or by its English; else the longest inside it."""
        text = "".join(CJK.findall(phrase)).removesuffix("的")
        for start in range(len(text)):
            tail = text[start:]
            found = [c for c in self._drawn(self._chinese.get(tail, ()), sets) if start == 0 or c.flag not in WHOLE_ONLY]
            if found:
                before = text[:start].removesuffix("的")
                # The last character of a word says what kind of thing it is, not which: 编钟 are bells and no clock.
                plain = before not in self._chinese and (start == 0 or len(tail) > 1 or before in self._colours)
                return [Match(c, (1.0 if start == 0 else 0.9) - 0.01 * i, plain) for i, c in enumerate(found)]
            matches = self._translated(tail, sets)
            if matches:
                return matches
            found = [c for c in self._drawn(self._chinese_tags.get(tail, ()), sets) if not c.flag]
            if found and len(tail) > 1:
                return [Match(c, 0.6, False) for c in found]
        for length in range(len(text) - 1, 0, -1):
            for start in range(len(text) - length):
                found = [c for c in self._drawn(self._chinese.get(text[start : start + length], ()), sets) if not c.flag]
                if found:
                    return [Match(c, 0.5, False) for c in found]
        return []

    def _translated(self, word: str, sets: frozenset[str]) -> list[Match]:
        """What the English for a Chinese word finds: its own name is exact, what comes near by meaning is not."""
        english = self._translations.get(word, "")
        if not english:
            return []
        near = [c for c in (self._near.get(english),) if c is not None]
        return (
            [m for m in self._by_words(english, sets) if m.exact]
            or [Match(c, 0.7, False) for c in self._drawn(near, sets)]
            or self._by_meaning(english, sets)
        )

    def _similarity(self, phrase: str) -> Floats | None:
        if self._embedder is None or CJK.search(phrase):
            return None
        known = self._similar.get(phrase)
        if known is not None:
            return known[0]
        try:
            vector: Floats = np.asarray(self._embedder.embed([phrase])[0], dtype=np.float32)
        except ModelMissing:
            # Not fetched yet: words alone have to do, and what they miss is told as a substitution.
            return None
        similar = self._nearness(vector)
        if len(self._similar) >= REMEMBERED:
            self._similar.clear()
        self._similar[phrase] = (similar, np.argsort(-similar, kind="stable")[:NEIGHBOURS])
        return similar

    def _nearness(self, vector: Floats) -> Floats:
        """Cosine similarity of every concept to a unit vector of the embedder."""
        facts = self._embeddings
        if self._table is None:
            # Kept as floats, 8 MB for 10,000 concepts: turning bytes into floats for each phrase takes longer than the product.
            self._table = np.frombuffer(facts.data, dtype=np.int8).reshape(-1, facts.dimensions).astype(np.float32) * np.float32(
                facts.scale
            )
        if facts.projection:
            vector = vector @ np.frombuffer(facts.projection, dtype="<f2").reshape(-1, facts.dimensions).astype(np.float32)
        similar: Floats = self._table @ vector
        return similar


def kind_of(concept: Concept, noun: str) -> bool:
    """Whether its name ends in the noun: a spiral shell is a shell. A mere tag says what goes with a thing: an oyster is no pearl, and
    a heart with arrow is no arrow."""
    name = normalise(concept.name)
    return f" {singular(name)}".endswith(f" {singular(normalise(noun))}") and not _TOGETHER.search(name)


def _spelled_like(concept: Concept, phrase: str) -> bool:
    """Whether its name only begins a word of the phrase: a hammock is no ham."""
    own, words = normalise(concept.name).split(), normalise(phrase).split()
    return len(own) == 1 and any(word != own[0] and word.startswith(own[0]) and singular(word) != own[0] for word in words)


def _colourful(concept: Concept, sets: frozenset[str]) -> bool:
    return any(drawing.colourful for set_id, drawing in concept.art.items() if set_id in sets)


def _of_colour(concept: Concept, sets: frozenset[str], colour: str) -> bool:
    shown = (drawing for set_id, drawing in concept.art.items() if set_id in sets)
    return any(distance(colour, own) <= SAME_COLOUR for drawing in shown for own in drawing.colours)
