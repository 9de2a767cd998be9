"""Reads a whole wish for a picture: which things are subjects and which stand by, how they stand to one another, and what the words
say of camera, form, frame, texture, arrangement, style and free room. No LLM; what the words leave open stays "".

Knows words only: habitats, palettes and what a step's fields say are put together in agents/writers/scene.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from agents.writers.belongings import with_parts
from agents.writers.places import margin_of, mentions, settings_of, surely, use_phrases
from agents.writers.sights import Sight, Sights, each_once, joined
from agents.writers.signs import letters, spelled
from agents.writers.tones import alternatives
from agents.writers.wishes import blanked, strongest
from domain.errors import InputError, LimitError
from domain.scene import Camera, Relation

MOST_SUBJECTS, MOST_PROPS, MOST_FOREGROUND, MOST_COUNT = 6, 6, 3, 60
#: What follows is whose it is, not what is seen: "sword of the fire king".
_OWNER = re.compile(r"(?<!front )(?<!top )(?<!back )(?<!side )(?<!edge )\bof (?:the|our|your|his|her|their) (?:[\w-]+ )?$", re.IGNORECASE)
_OF = re.compile(r"\s+(?:full\s+)?of(?:\s+\w+){0,2}\s*", re.IGNORECASE)
_FOREGROUND = (
    re.compile(r"^\s+in the (?:near )?foreground", re.I),
    re.compile(r"(?:foreground (?:of|with|has)|前景(?:是|有|放)?)\s*$", re.I),
)
_NAMED = re.compile(r"(?:called|named|名叫|叫做|名为|名字叫)\s*[\"“「]?([A-Z][\w'-]+(?: [A-Z][\w'-]+)?|[一-鿿]{2,4})")
_AT_BACK = re.compile(r"\s+(?:(?:is|stands)\s+)?(?:in|at) the (?:back|background|rear|distance)\b", re.I)
#: Places that follow a thing as an adverb: "a wreck underwater".
_WHERE = frozenset({"underwater", "undersea", "inside"})
#: What a thing only lends its look to: "candy-coloured", "dragon-themed".

_LIKE = re.compile(r"[ -](?:colou?red|shaped|themed|styled?|flavou?red)\b", re.I)
_IN_HAND = re.compile(r"\s+(?:drawn|raised|ready|held high|in (?:his |her |its |their )?hands?)\b", re.I)
#: Ground that is named for what grows or lies there: mushrooms are seen in a mushroom cave, no oak at an oak table.
_GROWN = frozenset({"cave", "cavern", "field", "fields", "meadow", "garden", "valley", "island", "farm"})
#: How many of what a festival is named for are shown.
_MANY = 4
#: Buildings that are a place of their own behind what stands before them.
_BACKS = ("castle", "temple")
_INSIDE_EN = re.compile(
    r"\b(?:in|inside|within|at|into|through|around|aboard|on board|interior of)\s+"
    r"(?:an?|the|our|your|my|his|her|their)?\s*(?:[\w-]+\s+){0,2}$",
    re.I,
)
_UPON_EN = re.compile(r"\b(?:on|upon|at|under|by|across|around|on top of|in front of|behind)\s+$", re.I)
_UPON_ZH = re.compile(r"^(?:的)?(?:上|下|旁|边|前|后|里)")
_INSIDE_ZH = re.compile(r"^(?:的)?(?:里|内|中|上|前|门口)")


@dataclass(frozen=True)
class Reading:
    """subjects, props: what is seen; foreground: what stands before all. named: a thing the words name for certain was found.

    relations: kind by the keys of the two things. The others are as in domain/scene.py, "" where the words say nothing.
    """

    subjects: tuple[Sight, ...] = ()
    props: tuple[Sight, ...] = ()
    foreground: tuple[Sight, ...] = ()
    relations: tuple[tuple[str, str, str], ...] = ()
    settled: bool = False
    setting: str = ""
    angle: str = ""
    distance: str = ""
    horizon: float = 0.0
    form: str = ""
    frame: str = ""
    texture: str = ""
    arrangement: str = ""
    margin: str = ""
    family: str = ""
    character: str = ""
    palette: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def main(self) -> Sight | None:
        return self.subjects[0] if self.subjects else None

    @property
    def things(self) -> tuple[Sight, ...]:
        return (*self.subjects, *self.props)

    def related(self) -> tuple[Relation, ...]:
        """The relations by number: subjects, then props, from 0."""
        numbers = {s.key: n for n, s in reversed(list(enumerate((*self.subjects[:MOST_SUBJECTS], *self.props[:MOST_PROPS]))))}
        pairs = [(numbers.get(a), kind, numbers.get(b)) for a, kind, b in self.relations]
        known = [(a, kind, b) for a, kind, b in pairs if a is not None and b is not None and a != b]
        return tuple(Relation.model_validate({"of": a, "kind": kind, "to": b}) for a, kind, b in dict.fromkeys(known))[:8]

    def camera(self) -> Camera:
        values = {"angle": self.angle or "eye", "distance": self.distance or "medium", "horizon": self.horizon}
        return Camera.model_validate(values)


class Grammar:
    """data: scene.toml, words: scene_words.toml, sights: the lists of things. families: ids of the families art sets have."""

    def __init__(self, data: Mapping[str, Any], words: Mapping[str, Any], sights: Sights) -> None:
        self._data, self._words, self._sights = data, words, sights
        self.settings = settings_of(data, words)
        self._things_too = frozenset(w for place in words["places"].values() if place.get("inside") for w in place["words"])
        self._things_too = (self._things_too | frozenset(words["places_weak"]["things_too"])) - surely(words)
        self._furniture = frozenset(words["places_weak"]["furniture"])
        self._places = frozenset(w for listed in self.settings.values() for w in listed) - self._things_too - self._furniture
        self._weak_places = frozenset(words["places_weak"]["words"])
        self._use = use_phrases(words["uses"]["words"], words["uses"]["zh"])
        self._when = frozenset(w for table in (data["times"], data["weathers"]) for listed in table.values() for w in listed)
        self._placed = alternatives(dict.fromkeys(self._places, ""))
        said_no = alternatives(words["negations"]["before"]).pattern
        self._negation = re.compile(rf"(?:{said_no})\s*(?:any|an?|the|one|一只|一个|任何)?\s*$", re.I)
        self._relations: list[tuple[str, str]] = [(kind, word) for kind, listed in words["relations"].items() for word in listed]
        self._relations.sort(key=lambda pair: -len(pair[1]))
        self._suffixes: list[tuple[str, str]] = [
            (kind, w) for kind, listed in words["relations_zh"].items() for w in listed if kind not in ("holding", "facing")
        ]
        self._suffixes.sort(key=lambda pair: -len(pair[1]))
        self._verbs_zh: list[tuple[str, str]] = [(kind, w) for kind in ("holding", "facing") for w in words["relations_zh"][kind]]
        self._verbs_zh += [("on", w) for w in words["riding"]["zh"]] + [("in", w) for w in words["wearing"]["zh"]]
        self._parts = frozenset(words["parts"]["words"])
        poses = [w for listed in words["poses"].values() for w in listed]
        self._poses_en = "|".join(re.escape(w) for w in sorted((p for p in poses if p.isascii()), key=len, reverse=True))
        self._poses_zh = "|".join(re.escape(w) for w in sorted((p for p in poses if not p.isascii()), key=len, reverse=True))

    def read(self, about: str, *, field_name: str = "about") -> Reading:
        """Everything the words say. Raises InputError for a thing both wanted and not, LimitError for more than can be drawn."""
        words = self._words
        text = _nameless(blanked(about, self._data["ignore"]["words"]))
        form = strongest(text, words["forms"])
        seen = blanked(text, [w for table in ("forms", "frames", "textures") for listed in words[table].values() for w in listed])
        seen = blanked(
            seen, [*words["request"]["words"], *(w for listed in words["camera"].values() for ws in listed.values() for w in ws)]
        )
        shown = seen
        for use in self._use.finditer(text):
            shown = shown[: use.start()] + " " * (use.end() - use.start()) + shown[use.end() :]
        found = self._wanted(shown, self._sights.occurrences(shown), field_name)
        if any(not s.doubtful for s in found):
            seen = shown
        else:
            found = self._wanted(seen, self._sights.occurrences(seen), field_name)
        if not found and not letters(about):
            seen = spelled(about, words["emoji"])
            found = [replace(s, doubtful=False) for s in self._sights.occurrences(seen)] or self._sights.loose(seen)
        found = self._meant(seen, found)
        certain = any(not s.doubtful for s in found)
        reading = self._cast(seen, [s for s in found if not s.doubtful] if certain else found, certain)
        if not reading.things:
            loose = self._wanted(seen, self._sights.loose(seen), field_name)
            reading = self._cast(seen, loose, bool(loose)) if loose else reading
        reading = self._festive(text, reading)
        setting = self._setting(text, reading)
        if not setting:
            setting, reading = self._backed(seen, reading)
        return replace(
            reading,
            setting=setting,
            angle=strongest(text, words["camera"]["angles"]),
            distance=strongest(text, words["camera"]["distances"]),
            horizon={"low": 0.72, "high": 0.32, "": 0.0}[strongest(text, words["camera"]["horizons"])],
            form=form,
            frame=strongest(text, words["frames"]),
            texture=strongest(text, words["textures"]),
            arrangement=strongest(text, words["arrangements"]) or next((s.arrangement for s in reading.things if s.arrangement), ""),
            margin=margin_of(about, words["space"]),
            family=strongest(text, words["families"]),
            character=_character(about),
            palette=self._palette(seen, reading),
        )

    def things(self, text: str) -> Reading:
        """Only the certain things of a text that is no wish (a title, a brief)."""
        found = [s for s in self._sights.occurrences(text[:4000]) if not s.doubtful and s.count <= MOST_COUNT and s.group]
        return self._cast(text, found, True)

    # -- which things ----------------------------------------------------------------------------------------------------------

    def _wanted(self, text: str, found: Sequence[Sight], field_name: str) -> list[Sight]:
        """Without what is said not to be there and what only says where we are; counts held to what can be drawn."""
        nobody = strongest(text, {"nobody": self._words["negations"]["people"]}) or bool(
            re.search(_any_of(self._words["negations"]["people"]), text, re.I)
        )
        refused = [
            s
            for s in found
            if self._negation.search(text[max(0, s.begin - 30) : s.begin]) or self._negation.search(text[max(0, s.start - 20) : s.start])
        ]
        gone = {s.key for s in refused}
        wanted = [s for s in found if s not in refused]
        both = next((s for s in wanted if s.key in gone and not s.doubtful), None)
        if both is not None:
            raise InputError(
                "It asks for {what} and for none of it.",
                hint="Keep either “no {what2}” or {what}.",
                field=field_name,
                what=repr(both.what),
                what2=both.what,
            )
        if nobody:
            person = next((s for s in wanted if s.group.startswith("person") and not s.doubtful), None)
            if person is not None:
                hint = "Keep either “no people” or {what}."
                raise InputError("It asks for no people and for {what}.", hint=hint, field=field_name, what=repr(person.what))
            wanted = [s for s in wanted if not s.group.startswith("person")]
        for sight in wanted:
            if sight.count > MOST_COUNT:
                raise LimitError(
                    "{count} of {what} are more than one picture can show; {most_count} are the most.",
                    hint="Ask for up to {most_count}, or for “a crowd of {what2}”.",
                    field=field_name,
                    count=f"{sight.count:,}",
                    what=repr(sight.what),
                    most_count=MOST_COUNT,
                    what2=sight.what,
                )
        return [s for s in wanted if s.key not in gone]

    def _meant(self, text: str, found: Sequence[Sight]) -> list[Sight]:
        """A doubtful thing is meant where it stands in a list or in a relation with a certain one; bare unknown words in a list are."""
        # Chinese without measure words is not parted surely enough to add to what is there.
        bare = [
            s
            for s in self._sights.loose(text)
            if text[s.start : s.end].isascii() and not any(o.begin < s.end and s.begin < o.end for o in found)
        ]
        found = sorted([*found, *(replace(s, doubtful=True, led=True) for s in bare)], key=lambda s: s.start)
        meant = list(found)
        for index, (first, second) in enumerate(pairwise(found)):
            between = text[first.end : max(first.end, second.begin)]
            if _one_word(text, first, second):
                meant[index + 1] = replace(meant[index + 1], doubtful=False)
            listed = bool(between.strip()) and joined(text, first, second)
            tied = listed or self._between(between, first, second) or self._chinese_relation(text, first, second, between)
            for doubted, other, at in ((second, meant[index], index + 1), (first, second, index)):
                touched = doubted.group == "" or self._sights.physical(doubted, text)
                if tied and doubted.doubtful and not other.doubtful and touched:
                    meant[at] = replace(meant[at], doubtful=False)
        return meant

    def _cast(self, text: str, found: Sequence[Sight], certain: bool) -> Reading:
        """Who leads, who stands beside, what is only by them, and how they stand to one another."""
        kept = self._heads(text, found)
        relations = self._related(text, kept)
        once = each_once(kept)
        objects = {b for _, kind, b in relations} | {s.key for s in kept if self._object(text, s)}
        near = [s for s in once if self._in_front(text, s)]
        rest = [s for s in once if s not in near]
        for before, after in pairwise(rest):
            if before.key in objects and joined(text, before, after):
                objects.add(after.key)
        standing = [s for s in rest if s.key not in objects or s.animate] or rest[:1]
        if standing and standing[0].key in objects:
            standing.sort(key=lambda s: s.key in objects)
        subjects = [standing[0]] if standing else []
        for sight in standing[1:]:
            previous = next((s for s in reversed(rest) if s.start < sight.start), None)
            if sight.animate or (previous in subjects and previous is not None and joined(text, previous, sight)):
                subjects.append(sight)
        props = [s for s in rest if s not in subjects]
        over = [*subjects[MOST_SUBJECTS:], *props[MOST_PROPS:]]
        return Reading(
            subjects=tuple(subjects[:MOST_SUBJECTS]),
            props=tuple(props[:MOST_PROPS]),
            foreground=tuple(near[:MOST_FOREGROUND]),
            relations=tuple(relations),
            settled=certain and (len(subjects) + len(props) < 2 or bool(objects) or len(subjects) > 1),
            left_out=tuple(s.what for s in over),
        )

    def _heads(self, text: str, found: Sequence[Sight]) -> list[Sight]:
        """Without what only describes the next word ("ruby sword"), what holds another ("cup of tea") and what names the place."""
        kept: list[Sight] = []
        left = list(found)
        holders = self._sights.phrases.holders
        while left:
            sight = left.pop(0)
            after = left[0] if left else None
            apart = after is None or after.start < sight.end  # one mention that stands for several is not beside itself
            between = text[sight.end : after.start] if after is not None and not apart else "-"
            beside = between.strip() in ("", "-") and not apart and text[sight.start : sight.end].isascii()
            if after is not None and beside and sight.group.startswith("drink") and sight.what not in holders and after.what in holders:
                # A juice glass is drawn as a glass of juice.
                kept.append(replace(sight, count=max(left.pop(0).count, sight.count), colour=sight.colour or after.colour))
            elif after is not None and beside and sight.plural and sight.animate and after.group.startswith("person"):
                kept.append(sight)
                left.pop(0)  # "two archers guard a wall": what they do
            elif after is not None and (beside or (not apart and _one_word(text, sight, after))):
                led, first = after.led or sight.led, min(after.begin, sight.begin)
                left[0] = replace(after, count=max(after.count, sight.count), led=led, first=first)
            elif after is None or sight.doubtful or sight.what not in holders or not _OF.fullmatch(between):
                kept.append(sight)
        kept = [s for s in with_parts(text, kept, self._parts) if not self._describes_place(text, s)]
        kept = [replace(s, count=max(s.count, _MANY)) if _grown(text, s) else s for s in kept]
        return [s for s in kept if not self._is_place(text, s) and not _OWNER.search(text[max(0, s.start - 40) : s.start])]

    def _describes_place(self, text: str, sight: Sight) -> bool:
        """The oak of "an oak table" is not shown where the table is the room's."""
        if _LIKE.match(text[sight.end : sight.end + 12]):
            return True
        follows = re.match(r"[ -]([a-z]+)", text[sight.end : sight.end + 20])
        if _grown(text, sight):
            return False
        who = sight.animate and (sight.led or not sight.group.startswith("person"))
        return follows is not None and follows[1] in (self._places | self._furniture) - _WHERE and not who

    def _is_place(self, text: str, sight: Sight) -> bool:
        said = text[sight.start : sight.end].lower()
        if said in self._when and not sight.led:
            return True
        low = max(0, sight.start - 30)
        if any(m.start() + low <= sight.start and sight.end <= m.end() + low for m in self._placed.finditer(text[low : sight.end + 20])):
            return True
        if said in self._places or sight.what in self._places:
            return True
        if said in self._furniture or sight.what in self._furniture:
            return not sight.led or bool(_UPON_EN.search(text[max(0, sight.begin - 16) : sight.begin]) or _UPON_ZH.match(text[sight.end :]))
        return (said in self._things_too or sight.what in self._things_too) and self._within(text, sight.start, sight.end)

    @staticmethod
    def _within(text: str, start: int, end: int) -> bool:
        return bool(_INSIDE_EN.search(text[max(0, start - 40) : start]) or _INSIDE_ZH.match(text[end : end + 3]))

    def _object(self, text: str, sight: Sight) -> bool:
        """True where a preposition leads it: it stands by something else."""
        before = text[max(0, sight.begin - 24) : sight.begin].lower()
        words = "|".join(re.escape(w) for _, w in self._relations)
        if re.search(rf"(?<![a-z])(?:{words}|in front of)\s*$", before):
            return True
        after = text[sight.end : sight.end + 3]
        return any(after.startswith(w) for _, w in self._suffixes if len(w) > 1 or w in "上下旁") and bool(
            re.search(r"在\s*$", before) or sight.led
        )

    @staticmethod
    def _in_front(text: str, sight: Sight) -> bool:
        return bool(
            _FOREGROUND[0].match(text[sight.end : sight.end + 30]) or _FOREGROUND[1].search(text[max(0, sight.begin - 24) : sight.begin])
        )

    # -- how they stand ----------------------------------------------------------------------------------------------------------

    def _related(self, text: str, found: Sequence[Sight]) -> list[tuple[str, str, str]]:
        relations = [(who.key, "holding", s.key) for s in found if _drawn_weapon(text, s) and (who := _before(found, s)) is not None]
        for first, second in pairwise(found):
            between = text[first.end : max(first.end, second.begin)]
            if re.search(r"[.。;；!！?？\n]", between):
                continue
            kind = self._between(between, first, second)
            if kind and kind != "holding" and relations and relations[-1][1:] == ("holding", first.key):
                # "a knight holding a sword in front of a castle": the knight stands there.
                first = next((s for s in found if s.key == relations[-1][0]), first)
            if kind in ("holding", "facing") and not first.animate and first.group:
                # "a wizard with a white beard holding a staff": who is alive holds it.
                first = next((s for s in reversed(found[: found.index(second)]) if s.animate), first)
            if kind:
                turned = kind == "before"
                relations.append((second.key, "behind", first.key) if turned else (first.key, kind, second.key))
                continue
            relations += self._chinese_relation(text, first, second, between)
        return relations

    def _between(self, between: str, first: Sight, second: Sight) -> str:
        small = r"\s|,|is|are|was|that|which|who|\w+ly|right|just|its?|his|her|hands?|stuck|set|placed|hidden|parked"
        filler = rf"(?:{small}|{self._poses_en})*"
        for kind, word in self._relations:
            if re.fullmatch(rf"{filler}(?<![a-z]){re.escape(word)}(?:\s+(?:the\s+)?(?:back|side|edge|top)\s+of)?\s*", between, re.I):
                if word == "with" and not (first.animate and _held(second)):
                    return ""
                if word == "playing" and second.group == "game":
                    return ""  # chess is played, not held up
                return kind
        return ""

    def _chinese_relation(self, text: str, first: Sight, second: Sight, between: str) -> list[tuple[str, str, str]]:
        after = text[second.end : second.end + 4]
        filler = rf"(?:正|正在|静静地|安静地|一起|{self._poses_zh}|着|地|，|在[一-鿿]{{1,6}}(?:里|中|上|下|旁|边|前|内))*"
        held = re.fullmatch(rf"{filler}(?:{'|'.join(re.escape(w) for _, w in self._verbs_zh)})\s*", between)
        if held:
            kind = next(kind for kind, word in self._verbs_zh if word in between)
            return [(first.key, kind, second.key)]
        carried = next((kind for kind, word in self._verbs_zh if text[: first.begin].endswith(word)), "")
        if carried and between.strip() == "的":
            return [(second.key, carried, first.key)]
        if re.fullmatch(rf"{filler}(?:在|于|坐在|站在|躺在|放在|停在|趴在|睡在|蹲在|躲在|藏在|靠在)\s*", between):
            suffix = next((kind for kind, word in self._suffixes if after.startswith((word, "的" + word))), "")
            if suffix:
                return [(second.key, "behind", first.key)] if suffix == "before" else [(first.key, suffix, second.key)]
        for kind, word in self._suffixes:
            if re.fullmatch(rf"(?:的)?{word}(?:的|有|是|放着|坐着|站着|停着|趴着|躺着|摆着|挂着|漂着|睡着|蹲着|，|还)*", between):
                return [(first.key, "behind", second.key)] if kind == "before" else [(second.key, kind, first.key)]
        return []

    # -- the whole picture -------------------------------------------------------------------------------------------------------

    def _setting(self, text: str, reading: Reading) -> str:
        """By words of places; one that is also a thing counts as a place only within it, or where nothing is shown."""
        lists = self.settings
        if reading.things:
            outside = [w for w in self._things_too if not any(self._within(text, m.start(), m.end()) for m in mentions(w, text))]
            lists = {name: [w for w in words if w not in outside] for name, words in lists.items()}
            # The sea of "sea turtle" is no place.
            for sight in reading.things:
                said = text[sight.start : sight.end]
                if " " in said.strip() and said.lower() not in self._places and said.isascii():
                    text = text[: sight.start] + " " * len(said) + text[sight.end :]
        # Of two places named as often the narrower one is meant: a lake with mountains behind is a lake.
        narrow = [name for name in self._words["places"] if name in lists]
        ordered = {name: lists[name] for name in (*narrow, *(n for n in lists if n not in narrow))}
        plainly = {name: [w for w in words if w not in self._weak_places] for name, words in ordered.items()}
        return strongest(text, plainly) or strongest(text, ordered)

    def _backed(self, text: str, reading: Reading) -> tuple[str, Reading]:
        """A castle that others stand before is where they are: the place shows it, so it is not drawn once more."""
        places = {w: name for name in _BACKS for w in self._words["places"][name]["words"]}
        whole = [s for s in reading.things if s.what in places and s.count == 1 and not s.colour]
        behind = next((s for s in whole if s is not reading.main or _AT_BACK.match(text[s.end :])), None)
        if behind is None or len(reading.things) < 2:
            return "", reading
        left = [tuple(s for s in part if s is not behind) for part in (reading.subjects, reading.props)]
        left = left if left[0] else [left[1][:1], left[1][1:]]
        return places[behind.what], replace(reading, subjects=left[0], props=left[1])

    def _festive(self, text: str, reading: Reading) -> Reading:
        """With the lanterns that a lantern festival has, where none is asked for by itself."""
        said = [what for word, what in self._words["brings"].items() if mentions(word, text)]
        noun = self._sights.named(said[0]) if said else None
        if noun is None or any(s.key == noun.what for s in reading.things) or len(reading.props) >= MOST_PROPS:
            return reading
        brought = Sight(said[0], noun.what, noun.group, len(text), len(text), False, count=_MANY)
        return replace(reading, props=(*reading.props, brought))

    def _palette(self, text: str, reading: Reading) -> tuple[str, ...]:
        """Colours named as a scheme or of the background, not those of things."""
        if not strongest(text, {"backdrop": self._data["notes"]["backdrop"]}):
            return ()
        bare = text
        for sight in (*reading.things, *reading.foreground):
            bare = bare[: sight.begin] + " " * (sight.end - sight.begin) + bare[sight.end :]
        return tuple(self._sights.colours_in(bare))[:4]


def _nameless(text: str) -> str:
    """Without what something is called: "North Pier" is no harbour."""
    called = re.compile(r"(?:called|named)\s+[\"“]?((?:[A-Z0-9][\w'’-]*\s*)+)|(?:名叫|叫做|名为)[「“\"]([^」”\"]{1,12})")
    return called.sub(lambda m: " " * len(m.group()), text)


def _grown(text: str, sight: Sight) -> bool:
    """Whether the next word is ground that is named for it."""
    follows = re.match(r"[ -]([a-z]+)", text[sight.end : sight.end + 20])
    return follows is not None and follows[1] in _GROWN and sight.group.startswith(("plant", "food-vegetable", "food-fruit", "gem"))


def _drawn_weapon(text: str, sight: Sight) -> bool:
    """ "sword drawn", "bow in hand": somebody named before holds it."""
    return sight.group == "tool" and bool(_IN_HAND.match(text[sight.end : sight.end + 20]))


def _before(found: Sequence[Sight], sight: Sight) -> Sight | None:
    return next((s for s in reversed(found) if s.animate and s.start < sight.start), None)


def _one_word(text: str, first: Sight, second: Sight) -> bool:
    """Whether a Chinese word ends in one character that says what it is: 火焰剑 is a sword."""
    single = second.start == first.end and second.end - second.start == 1 and not second.inside
    return single and not first.animate and not text[first.start : first.end].isascii()


def _character(text: str) -> str:
    match = _NAMED.search(text)
    return match[1][:40] if match and re.search(r"character|hero|mascot|portrait|角色|主角|人物|立绘|头像", text, re.I) else ""


def _held(sight: Sight) -> bool:
    return sight.group.startswith(
        ("tool", "food", "drink", "book", "musical", "phone", "plant-flower", "game", "light", "sport", "writing", "dishware", "mail")
    )


def _any_of(words: Sequence[str]) -> str:
    return alternatives(dict.fromkeys(words, "")).pattern
