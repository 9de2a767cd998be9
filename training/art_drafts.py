"""Concepts for the art index, gathered from emoji data and from the names of icons. Knows names and words, not pixels or vectors.

An emoji's drawings in all emoji sets are one concept. An icon of another set joins the concept of its name or of its meaning, or
becomes a concept of its own when its name is a thing that can be seen. Glyphs of user interfaces are dropped; brands are flagged.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.errors import InputError
from pipelines.image.illustration.search import normalise, singular
from training.art_words import Words, squash

Json = dict[str, Any]

TONE = re.compile(r"(^|-)(1f3fb|1f3fc|1f3fd|1f3fe|1f3ff)(-|$)")
PERSON_GROUPS = ("person", "family", "hand", "body")
# fmt: off
SYMBOL_GROUPS = (
    "alphanum", "keycap", "arrow", "zodiac", "av-symbol", "gender", "math", "punctuation", "currency", "religion", "warning",
    "transport-sign", "geometric", "other-symbol",
)
# fmt: on
#: A set's most drawings of one concept: variants beyond it add little.
MOST_VARIANTS = 4


@dataclass
class Draft:
    """One concept being gathered: `art` maps set id -> icon names, the best first.

    names: what else is its name, for search. certain: its name is surely a thing.
    """

    name: str
    group: str
    flag: str
    en: list[str]
    zh: list[str]
    art: dict[str, list[str]] = field(default_factory=dict)
    certain: bool = True
    names: list[str] = field(default_factory=list)

    def draw(self, set_id: str, icon: str) -> None:
        icons = self.art.setdefault(set_id, [])
        if icon not in icons and len(icons) < MOST_VARIANTS:
            icons.append(icon)


@dataclass(frozen=True)
class Icons:
    """A set as its package has it. bodies: icon -> SVG markup. category: icon -> its category, "" where the package names none."""

    id: str
    version: str
    bodies: Mapping[str, str]
    codes: Mapping[str, str]
    category: Mapping[str, str]
    sizes: Mapping[str, tuple[float, float]]
    licence: str


def flag_of(group: str) -> str:
    """Why a drawing is shown only to those who ask for it: person, face, symbol, flag or ""."""
    if group.startswith(PERSON_GROUPS):
        return "person"
    if group.startswith("face") or group in ("emotion", "cat-face", "monkey-face"):
        return "face"
    if "flag" in group:
        return "flag"
    return "symbol" if group in SYMBOL_GROUPS else ""


def plain_codes(hexcode: str) -> str:
    return "-".join(part for part in hexcode.lower().split("-") if part != "fe0f")


def emoji_drafts(emojibase: Path) -> dict[str, Draft]:
    """Code points -> concept, without skin tones and regional letters."""
    english = json.loads((emojibase / "en" / "data.json").read_text("utf-8"))
    chinese = {entry["hexcode"]: entry for entry in json.loads((emojibase / "zh" / "data.json").read_text("utf-8"))}
    subgroups = json.loads((emojibase / "meta" / "groups.json").read_text("utf-8"))["subgroups"]
    drafts: dict[str, Draft] = {}
    for entry in english:
        if "subgroup" not in entry or TONE.search(entry["hexcode"].lower()):
            continue
        group = subgroups[str(entry["subgroup"])]
        if group in ("country-flag", "subdivision-flag", "skin-tone", "hair-style", "keycap", "alphanum"):
            continue
        translated = chinese.get(entry["hexcode"], {})
        drafts[plain_codes(entry["hexcode"])] = Draft(
            name=entry["label"].lower(),
            group=group,
            flag=flag_of(group),
            en=[str(tag).lower() for tag in entry.get("tags", [])],
            zh=[word for word in (translated.get("label", ""), *translated.get("tags", [])) if word],
        )
    return drafts


def shortcodes(emojibase: Path) -> dict[str, str]:
    """The short names of emoji, without signs between words, -> code points: "daggerknife"."""
    found: dict[str, str] = {}
    for path in sorted((emojibase / "en" / "shortcodes").glob("*.json")):
        for code, words in json.loads(path.read_text("utf-8")).items():
            for word in [words] if isinstance(words, str) else words:
                found.setdefault(re.sub(r"[^a-z0-9]", "", word.lower()), plain_codes(code))
    return found


def house_drafts(path: Path) -> tuple[list[Draft], dict[str, str]]:
    entries = tomllib.loads(path.read_text("utf-8"))["art"]
    drafts = [Draft(e["en"][0], e["group"], "", e["en"][1:], e["zh"], {"house": [e["name"]]}) for e in entries]
    return drafts, {e["name"]: e["body"] for e in entries}


def read_set(sets: Path, set_id: str) -> Icons:
    """The set's package, unpacked under `sets` as <set id>/ or as npm names it. Raises InputError."""
    places = (sets / set_id, *sorted(sets.glob(f"iconify-json-{set_id}-[0-9]*/package")))
    folder = next((p for p in places if (p / "icons.json").is_file()), None)
    if folder is None:
        raise InputError(f"No icons.json of the set {set_id!r} under {sets}.", hint="Unpack its npm package there.", field="--sets")
    data = json.loads((folder / "icons.json").read_text("utf-8"))
    extra = {
        name: json.loads((folder / f"{name}.json").read_text("utf-8")) if (folder / f"{name}.json").is_file() else {}
        for name in ("chars", "metadata", "info", "package")
    }
    whole = (float(data.get("width", 16)), float(data.get("height", 16)))
    shown = {name: icon for name, icon in data["icons"].items() if not icon.get("hidden")}
    return Icons(
        id=set_id,
        version=str(extra["package"]["version"]),
        bodies={name: icon["body"] for name, icon in shown.items()},
        codes={code: name for code, name in extra["chars"].items() if name in shown},
        category={name: category for category, names in extra["metadata"].get("categories", {}).items() for name in names},
        sizes={n: (float(i.get("width", whole[0])), float(i.get("height", whole[1]))) for n, i in shown.items()},
        licence=str(extra["info"]["license"]["spdx"]),
    )


class Gathering:
    """Drafts in the making. rules: assets/art/other_sets.toml. brands: assets/art/brands.toml. synonyms: assets/art/synonyms.toml."""

    def __init__(self, drafts: Iterable[Draft], synonyms: Json, rules: Json, brands: Json, words: Words) -> None:
        self.drafts = list(drafts)
        self._rules, self._words = rules, words
        self._glyphs, self._lead, self._tail = (frozenset(rules["names"][key]) for key in ("glyphs", "lead", "tail"))
        self._apart = frozenset(rules.get("apart", ()))
        self._things = {word: group for group, things in rules.get("things", {}).items() for word in things}
        self._brands = frozenset(brands["names"])
        self._in_places = frozenset(brands["in_places"])
        self._by_name: dict[str, Draft] = {}
        self._by_meaning: dict[str, Draft] = {}
        curated = {entry["name"].lower(): entry["en"] for entry in synonyms["concept"]}
        for draft in self.drafts:
            own = draft.en if "house" in draft.art else []
            self._know(draft, [*curated.get(draft.name, []), draft.name, *own])

    def add_emoji(self, icons: Icons, emoji: Mapping[str, Draft], short: Mapping[str, str]) -> None:
        """By code point; for sets without a table of them, by name, and by short name where that is no other thing's."""
        for codes, name in sorted(icons.codes.items()):
            draft = emoji.get(plain_codes(codes))
            if draft is not None and not TONE.search(codes):
                draft.draw(icons.id, name)
        if icons.codes:
            return
        squashed = {squash(draft.name): draft for draft in emoji.values()}
        for name in sorted(icons.bodies):
            plain = re.sub(r"-\d+$", "", name)
            known = squashed.get(squash(plain))
            if known is None and squash(plain) not in self._by_name and plain not in self._glyphs:
                known = emoji.get(short.get(plain, ""))
            if known is not None:
                known.draw(icons.id, name)

    def add_named(self, icons: Icons) -> None:
        """Icons of a set that is no emoji set."""
        facts = self._rules.get(icons.id, {})
        for name in self._in_order(icons.bodies, str(facts.get("first", "")), str(facts.get("skip_end", ""))):
            category = icons.category.get(name, "")
            if name in facts.get("words", {}):
                self._curated(icons.id, name, facts["words"][name], facts.get("groups", {}).get(name, ""))
                continue
            phrase = "" if facts.get("only") else self._phrase(name, frozenset(facts.get("glyphs", self._glyphs)), bool(facts.get("whole")))
            if not phrase or category in facts.get("drop", ()) or name in facts.get("skip", ()):
                continue
            brand = self._brand(phrase, category, facts)
            if brand:
                # Its name says so: "apple" is a fruit, "apple logo" is asked for by name.
                self._join(icons.id, name, phrase.removesuffix(" logo") + " logo", "symbol", "logo")
            elif facts.get("whole") or self._is_thing(phrase):
                self._join(icons.id, name, phrase, "")

    @staticmethod
    def _in_order(names: Iterable[str], first: str, skipped: str) -> list[str]:
        """The better look of a set before its other one: both are named, and the first is what is drawn."""
        kept = (name for name in names if not skipped or not name.endswith(skipped))
        return sorted(kept, key=lambda n: (bool(first) and not n.endswith(f"-{first}"), n))

    def _phrase(self, name: str, glyphs: frozenset[str], numbered: bool) -> str:
        """What an icon's name says: "" for glyphs; without the numbers and styles at its end and the chapter it stands under.

        numbered: numbers inside a name are part of it ("card 2 clubs").
        """
        words = [w for w in name.lower().split("-") if w]
        while len(words) > 1 and (words[-1].isdigit() or words[-1] in self._tail):
            words.pop()
        while len(words) > 1 and words[0] in self._lead and self._words.thing(" ".join(words[1:])):
            words.pop(0)
        if glyphs.intersection(words) or (not numbered and any(c.isdigit() for c in " ".join(words))):
            return ""
        return " ".join(words)

    def _brand(self, phrase: str, category: str, facts: Json) -> bool:
        words = phrase.split()
        if category in facts.get("logos", ()) or "logo" in words:
            return True
        if facts.get("whole"):
            # Things of games, named freely: "minions" are no film's, unless the name is a brand's alone.
            return phrase in self._brands
        joined = {phrase, *words, *(" ".join(words[i : i + 2]) for i in range(len(words) - 1))}
        return bool(self._brands & joined) or (bool(self._in_places & set(words)) and category in facts.get("brands_in", ()))

    def _is_thing(self, phrase: str) -> bool:
        known = squash(phrase) in self._by_name or phrase in self._things
        return known or self._words.thing(phrase) is not None or self._headed(phrase)

    def finish(self) -> list[Draft]:
        """The drafts with a drawing."""
        return [draft for draft in self.drafts if draft.art]

    def _headed(self, phrase: str) -> bool:
        """Two or three nouns of which the last is surely a thing: "wooden door", "quill paper"."""
        words = phrase.split()
        return 2 <= len(words) <= 3 and self._words.certain(words[-1]) and all(self._words.known(word) for word in words)

    def _curated(self, set_id: str, icon: str, words: Sequence[str], group: str) -> None:
        """An icon whose words are written down: each of them is a name, where nothing else has it."""
        self._join(set_id, icon, words[0], group)
        draft = self._by_name[squash(words[0])]
        for word in words[1:]:
            if self._by_name.setdefault(squash(word), draft) is draft:
                draft.names.append(word)

    def _join(self, set_id: str, icon: str, phrase: str, group: str, flag: str = "") -> None:
        thing = self._words.thing(phrase)
        known = self._by_name.get(squash(phrase))
        if known is None and thing is not None and not flag and phrase not in self._apart:
            known = self._by_meaning.get(thing.id)
        if known is not None and (known.flag == "logo") == (flag == "logo"):
            known.draw(set_id, icon)
            if squash(phrase) not in self._by_name:
                known.names.append(phrase)
                self._by_name[squash(phrase)] = known
            return
        head = phrase.split()[-1]
        meaning = thing or (self._words.thing(head) if self._words.certain(head) else None)
        group = group or self._things.get(phrase) or (self._words.group(meaning) if meaning else "other-object")
        certain = phrase in self._things or (thing is not None and self._words.certain(phrase))
        flag = flag or flag_of(group) or ("" if meaning or phrase in self._things else "symbol")
        # Synonyms of WordNet are no tags: among them are slurs, and words for other things.
        tags = [head] if meaning and head != phrase else []
        zh = [] if flag == "logo" else self._words.chinese(phrase, thing if certain else None)
        draft = Draft(phrase, group, flag, tags, zh, certain=certain)
        draft.draw(set_id, icon)
        self.drafts.append(draft)
        self._know(draft, [phrase])

    def _know(self, draft: Draft, names: Iterable[str]) -> None:
        for name in names:
            self._by_name.setdefault(squash(name), draft)
            thing = self._words.thing(normalise(singular(name))) if name not in self._apart else None
            if thing is not None and draft.flag != "logo" and thing.lemmas[0].islower():
                self._by_meaning.setdefault(thing.id, draft)
