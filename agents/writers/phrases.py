"""What the words around a noun say of it - number, colour, material, size, pose - and noun phrases that no list knows. No LLM.

English is read word by word backwards from the noun to its article; Chinese by numeral, measure word and what ends in 的.
Knows nothing of where things stand; agents/writers/grammar.py reads that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from agents.writers.tones import TINGED, Tones, alternatives, any_of
from domain.colours import ColourWords

Size = Literal["small", "medium", "large"]

LATIN_WORD = re.compile(r"[a-z0-9][a-z0-9'’]*", re.IGNORECASE)
_CJK = re.compile(r"[\u3400-\u9fff]")
_MEASURES = "面轮团具簇只条匹头把个座辆位件朵颗本台双张艘架棵株根支枝瓶杯盘碗盒袋串块片顶副套枚名群对盏扇间栋束尊口滴匙粒"
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10000}
_NUMERAL = r"\d{1,7}|[零一二两三四五六七八九十百千万]+"
_ARTICLES = frozenset({"a", "an", "the", "some", "my", "our", "your", "his", "her", "its", "their", "this", "that", "these", "those"})
#: What these lead is spoken of, not shown: "our new app", "the opening".
_VAGUE = frozenset({"the", "my", "our", "your", "this", "that", "these", "those", "his", "her", "its", "their"})
_WINDOW = 90
#: A bare plural ("foxes") is so many.
_SOME = 3
_FEW_WORDS = 9


@dataclass(frozen=True)
class Noun:
    """what: how it is asked for in English. group: an emoji subgroup. doubtful: it is seldom meant as a thing to draw."""

    what: str
    group: str
    doubtful: bool = False


@dataclass(frozen=True)
class Sight:
    """One thing seen in a text, with what the words around it say. key is the same for two names of one thing.

    start, end: the noun. first: where its phrase begins, with article and adjectives. led: an article, number or measure word leads it.
    inside: one Chinese character with more of its word after it.
    """

    what: str
    key: str
    group: str
    start: int
    end: int
    doubtful: bool
    colour: str = ""
    count: int = 1
    size: Size = "medium"
    material: str = ""
    pose: str = ""
    first: int = -1
    led: bool = False
    plural: bool = False
    arrangement: str = ""
    inside: bool = False

    @property
    def begin(self) -> int:
        return self.first if self.first >= 0 else self.start

    @property
    def animate(self) -> bool:
        return self.group.startswith(("animal", "person", "face-costume", "monkey", "cat-face"))


class Phrases:
    """data: scene.toml, words: scene_words.toml, colours: the table of colour words."""

    def __init__(self, data: Mapping[str, Any], words: Mapping[str, Any], colours: ColourWords) -> None:
        self._colours = colours.anywhere
        self._sizes: dict[Size, frozenset[str]] = {"large": frozenset(data["sizes"]["large"]), "small": frozenset(data["sizes"]["small"])}
        self._materials = {word: name for name, listed in words["materials"].items() for word in listed}
        self._poses = {word: name for name, listed in words["poses"].items() for word in listed}
        self._counts = {str(k): int(v) for k, v in words["counts"].items()}
        self.tones = Tones(colours, self._counts)
        self.colour = self.tones.pattern
        self._groups = {str(k): int(v) for k, v in words["groups"].items()}
        self._groups_zh = {str(k): int(v) for k, v in words["groups_zh"].items()}
        self._arranged = {w.split()[0]: name for name, listed in words["arrangements"].items() for w in listed if w.endswith(" of")}
        self._where_zh = frozenset(w for listed in words["relations_zh"].values() for w in listed if len(w) > 1)
        self._near_zh = {**colours.anywhere, **colours.before}
        self.people = frozenset(words["things"]["people"])
        self.holders = frozenset(words["things"]["holders"])
        self.paired = frozenset(words["things"]["paired"])
        self._names = alternatives(dict.fromkeys(words["things"]["names"], ""))
        stops, verbs = words["stops"]["words"], words["stops"]["verbs"]
        doing = (w for kind in ("holding", "facing") for w in words["relations"][kind] if " " not in w)
        self._stops = frozenset((*stops, *verbs, *doing))
        self._verbs = frozenset(verbs)
        self._nouns = frozenset(words["stops"]["nouns"])
        self._adjectives = frozenset(words["stops"]["adjectives"])
        about = _frames_of_reference(data, words)
        self._traits = frozenset(words["traits"]["words"])
        self._abstract = frozenset(words["stops"]["abstract"]) | {w for w in about if w.isascii() and " " not in w}
        self._endings = tuple(words["stops"]["endings"])
        self._parting = alternatives(dict.fromkeys(words["stops_zh"]["words"], ""))
        room = {w for w in (*words["space"]["words"], *(w for ws in words["space"]["sides"].values() for w in ws)) if len(w) > 1}
        self._abstract_zh = (
            frozenset(words["stops_zh"]["abstract"]) | {w for w in about if not w.isascii()} | {w for w in room if not w.isascii()}
        )
        self._before_zh = self._chinese_before()
        self._pose_after = re.compile(
            rf"^\s*(?:(?:that|which|who)\s+)?(?:(?:is|are|was|were)\s+)?(?:\w+ly\s+)?({any_of(w for w in self._poses if w.isascii())})\b",
            re.IGNORECASE,
        )
        self._material_after = re.compile(
            rf"^\s+(?:(?:that|which)\s+)?(?:(?:is|are)\s+)?(?:made\s+(?:out\s+)?(?:of|from)|of|in|carved\s+(?:from|out\s+of))\s+"
            rf"(?:pure\s+|solid\s+)?({any_of(w for w in self._materials if w.isascii())})\b",
            re.IGNORECASE,
        )
        self._doing = re.compile(rf"(?:{any_of(w for w in self._poses if ' ' in w or (len(w) > 2 and not w.isascii()))})$", re.IGNORECASE)
        poses_zh = any_of(w for w in self._poses if not w.isascii())
        self._pose_zh = re.compile(rf"^(?:们)?(?:在[一-鿿]{{1,5}}?)?(?:正在|正|在|静静地|安静地|开心地)?({poses_zh})")

    def _chinese_before(self) -> re.Pattern[str]:
        words = (*self._near_zh, *self._materials, *self._sizes["large"], *self._sizes["small"], "大", "小")
        known = any_of(w for w in words if not w.isascii())
        described = rf"(?:{known})(?:色)?(?:的|制的|做的|着的)?|[^，。、；：！？的\s在和与上下里中旁前后一二两三四五六七八九十只]{{1,5}}的"
        amount = rf"(?:{any_of(self._groups_zh)})(?:的)?|(?:{_NUMERAL})\s*[{_MEASURES}](?:的)?|\d{{1,7}}"
        return re.compile(rf"(?P<amount>{amount})?(?P<mods>(?:{described})*)$")

    def describes(self, word: str) -> bool:
        """Whether an English word says colour, size, material or pose, or how something is."""
        return self._descriptive(word)

    def sized(self, word: str) -> bool:
        return word in self._sizes["large"] or word in self._sizes["small"]

    def coloured(self, text: str, start: int, end: int) -> bool:
        """Whether a fruit's name here is a colour: "a balloon in orange", "balloon, orange, floating"."""
        if re.search(r"\w\s+in\s+$", text[max(0, start - 8) : start], re.I) or self.tones.coats(text[end : end + 12]):
            return True
        return bool(re.search(r"\w,\s*$", text[:start]) and re.match(r",\s+\w+ing\b", text[end : end + 24]))

    def where_zh(self, text: str) -> bool:
        """Whether a word says where something is: the 面 of 上面 is no noodle."""
        return text in self._where_zh

    def parts_zh(self, text: str) -> bool:
        """Whether a word ends here: nothing, a mark, or a word that parts phrases follows."""
        return not text or not _CJK.match(text[0]) or self._parting.match(text) is not None

    def posed(self, text: str, start: int, end: int) -> bool:
        """Whether a word is a part of what somebody does: the yoga of "doing yoga" is no thing."""
        return self._doing.search(text[max(0, start - 24) : end]) is not None

    def made_zh(self, said: str, rest: str) -> bool:
        """Whether a Chinese word says what something is made of: the 木头 of 木头做的兔子 is no log."""
        return said in self._materials and rest.startswith(("做", "制", "雕"))

    def leads_zh(self, text: str) -> int:
        """How many characters of a colour or size word stand first."""
        words = (*self._near_zh, *self._sizes["large"], *self._sizes["small"], "大", "小")
        return next((n for n in (2, 1) if text[:n] in words and not text[:n].isascii()), 0)

    # -- what is said of a thing ------------------------------------------------------------------------------------------------

    def described(self, sight: Sight, text: str, known: Sequence[Sight]) -> Sight:
        """The sight with what stands before and after it. known: other things, whose words are not its own."""
        chinese = bool(_CJK.search(text[sight.start : sight.end]))
        told = self._told_zh(sight, text, known) if chinese else self._told_en(sight, text, known)
        return self._after(told, text, known)

    def _told_en(self, sight: Sight, text: str, known: Sequence[Sight]) -> Sight:
        low = max(0, sight.start - _WINDOW)
        words = [(m.group().lower(), m.start() + low, m.end() + low) for m in LATIN_WORD.finditer(text[low : sight.start])]
        taken = [(s.start, s.end) for s in known if s.end <= sight.start]
        values: dict[str, Any] = {}
        first, led, edge = sight.first if sight.first >= 0 else sight.start, sight.led, sight.start
        while words:
            word, start, end = words.pop()
            if not re.fullmatch(r"[\s-]*(?:,\s*)?", text[end:edge]):
                break
            if "," in text[end:edge] and not self._descriptive(word):
                break
            tinged = word in TINGED
            tone = self.tones.ending([w for w, _, _ in words] + ([] if tinged else [word]), tinged=tinged)
            if tone is not None:
                colour, length = tone
                values["colour"] = colour
                for _ in range(length - (not tinged)):
                    start = words.pop()[1]
                values |= {"material": self._materials[word]} if length == 1 and word in self._materials else {}
            elif word in self._materials:
                values["material"] = self._materials[word]
            elif word in self._sizes["large"] or word in self._sizes["small"]:
                values["size"] = "large" if word in self._sizes["large"] else "small"
            elif word == "of":
                held = re.search(rf"\b(\d+|{any_of(self._counts)})\s+(?:\w+\s+)?([a-z]+)\s+of$", text[low:end].lower())
                if held is not None and singular(held[2]) in self.holders and held[2] not in self._groups:
                    # "three mugs of beer": so many are seen of what they hold
                    number = int(held[1]) if held[1].isdigit() else self._counts[held[1]]
                    values["count"] = max(number, values.get("count", 1))
                    first, led = low + held.start(), True
                    break
                group = re.search(r"(?:\b(an?|\d+|two|three)\s+)?(?:\w+\s+)?\b([a-z]+)\s+of$", text[low:end].lower())
                if group is None or group[2] not in self._groups:
                    break
                values |= {"count": self._groups[group[2]], "arrangement": self._arranged.get(group[2], "")}
                first, led = low + group.start(), True
                break
            elif word in self._counts or word.isdigit():
                values["count"] = int(word) if word.isdigit() else self._counts[word]
                first, led, edge = start, True, start
                if word in ("dozen", "few", "hundred", "thousand", "million") and words and (words[-1][0] in self._counts):
                    values["count"] = self._counts[words[-1][0]] * max(1, values["count"] if word != "few" else 3)
                    first = words[-1][1]
                break
            elif word in _ARTICLES:
                first, led = start, True
                break
            elif word == "and" and words and words[-1][0] in self._colours and "colour" in values:
                pass  # "black and white": the first named is the one
            elif word in self._stops or any(a <= start < b for a, b in taken):
                break
            elif word in self._traits and sight.group.startswith("person"):
                values["what"] = f"{word} {values.get('what', sight.what)}"
            elif word in self._poses and sight.animate:
                values["pose"] = self._poses[word]
            first, edge = start, start
        return replace(sight, first=first, led=led, **(self._plural(sight) | values))

    def _plural(self, sight: Sight) -> dict[str, Any]:
        return {"count": _SOME} if sight.plural else {}

    def _told_zh(self, sight: Sight, text: str, known: Sequence[Sight]) -> Sight:
        others = [s.end for s in known if s.end <= sight.begin and text[s.start : s.end] not in self._materials]
        low = max(0, sight.begin - 26, *others)
        match = self._before_zh.search(text[low : sight.begin])
        if match is None:
            return sight
        mods, amount = match["mods"] or "", match["amount"] or ""
        values: dict[str, Any] = {}
        colour = re.search(rf"({any_of(w for w in self._near_zh if not w.isascii())})(?:色)?(?=的|$|小|大)", mods)
        if colour:
            values["colour"] = self._near_zh[colour[1]]
        material = re.search(rf"({any_of(w for w in self._materials if not w.isascii())})(?:制|做)?(?=的|$)", mods)
        if material:
            values["material"] = self._materials[material[1]]
        pose = next((name for word, name in self._poses.items() if not word.isascii() and len(word) > 1 and word in mods), "")
        if pose:
            values["pose"] = pose
        if any(w in mods for w in self._sizes["large"]) or re.search(r"大(?=的|$)", mods):
            values["size"] = "large"
        elif any(w in mods for w in self._sizes["small"]) or re.search(r"小(?=的|$)", mods):
            values["size"] = "small"
        if amount:
            pair = sight.what in self.paired and amount.startswith(("一双", "一对", "一副"))
            values["count"] = 1 if pair else self._number(amount)
        return replace(sight, first=low + match.start(), led=sight.led or bool(amount), **values)

    def _number(self, amount: str) -> int:
        for word, number in self._groups_zh.items():
            if amount.startswith(word):
                return number
        digits = re.match(r"\d+", amount)
        if digits:
            return int(digits.group())
        total, last = 0, 0
        for character in amount:
            if character in _DIGITS:
                last = _DIGITS[character]
            elif character in _UNITS:
                total += max(last, 1) * _UNITS[character]
                last = 0
        return (total + last) or 1

    def _after(self, sight: Sight, text: str, known: Sequence[Sight]) -> Sight:
        """ "… in red", "… made of glass", "… sleeping", "… 是红色的"."""
        ends = [s.start for s in known if s.start >= sight.end]
        after = text[sight.end : min([sight.end + 40, *ends])]
        values: dict[str, Any] = {}
        # The rest of the text, not what is before the next thing: "a chart, green money bag" says nothing of the chart.
        furry = sight.group.startswith(("animal", "monkey", "cat-face"))
        colour = "" if sight.colour else self.tones.after(text[sight.end : sight.end + 60], furry=furry)
        if colour:
            values["colour"] = colour
        several = re.match(r"\s*,\s*(\w+)\s+of\s+them\b", after, re.I)
        if several and (number := several[1].lower()) in self._counts:
            values["count"] = self._counts[number]
        material = self._material_after.match(after)
        if material and not sight.material:
            values["material"] = self._materials[material[1].lower()]
        pose = self._pose_after.match(after) or self._pose_zh.match(after)
        still = pose is not None and self._poses[pose[1].lower()] in ("standing", "lying", "flying", "floating")
        if pose and not sight.pose and (sight.animate or not sight.group or still):
            values["pose"] = self._poses[pose[1].lower()]
        name = self._names.search(text[sight.begin : sight.end])
        if name and sight.begin + name.end() == sight.end:
            values |= {
                "colour": "",
                "material": "",
                "what": name.group().lower() if name.group().isascii() else sight.what,
            }  # no colour: a part of the name
        return replace(sight, **values) if values else sight

    # -- phrases no list knows --------------------------------------------------------------------------------------------------

    def unlisted(self, text: str, known: Sequence[Sight]) -> list[Sight]:
        """Noun phrases led by an article, number or measure word that hold no known thing."""
        taken = [s for s in known if not s.inside and not (s.doubtful and s.end - s.start == 1)]
        led = (*self._led_en(text), *self._led_zh(text))
        found = [s for s in led if all(self._apart(s, o) or self._begins(s, o, taken, text) for o in taken)]
        return [s for s in found if not any(o is not s and o.begin <= s.begin and s.end < o.end for o in found)]

    @staticmethod
    def _apart(one: Sight, other: Sight) -> bool:
        return other.end <= one.begin or one.end <= other.begin

    @staticmethod
    def _begins(one: Sight, other: Sight, known: Sequence[Sight], text: str) -> bool:
        """Whether an English phrase begins with a known thing and ends in a word of another: a dragon fruit is no dragon."""
        last = one.start + text[one.start : one.end].rfind(" ") + 1
        ends = not any(o.start <= last < o.end for o in known)
        return text[one.start : one.end].isascii() and one.start <= other.start and other.end <= last and ends

    def _led_en(self, text: str) -> list[Sight]:
        found = []
        words = list(LATIN_WORD.finditer(text))
        for index, word in enumerate(words):
            lead = word.group().lower()
            if lead not in _ARTICLES and lead not in self._counts and not lead.isdigit():
                continue
            sight = self._run(text, words, index + 1, lead, word.start())
            if sight is not None:
                found.append(sight)
        return found

    def _run(self, text: str, words: Sequence[re.Match[str]], index: int, lead: str, first: int) -> Sight | None:
        """The words after an article up to one that ends the phrase; None when their last one is no thing."""
        names: list[re.Match[str]] = []
        edge = words[index - 1].end() if index else 0
        for word in words[index : index + 6]:
            said = word.group().lower()
            if not re.fullmatch(r"[\s-]*", text[edge : word.start()]) or said in self._stops or self._verbal(said, bool(names)):
                break
            names.append(word)
            edge = word.end()
        while names and self._descriptive(names[0].group().lower()):
            names.pop(0)
        if not names or not self._thing(names[-1].group(), names[-1].start() == 0):
            return None
        start, end = names[0].start(), names[-1].end()
        said = plain(text[start:end])
        one = said if said in self.paired else singular(said)
        several = one != said
        group = "person-role" if one.rpartition(" ")[2] in self.people else ""
        return Sight(one[:60], one, group, start, end, lead in _VAGUE, first=first, led=True, plural=several)

    def _verbal(self, word: str, after_noun: bool) -> bool:
        if not after_noun or word in self._nouns:
            return False
        return word in self._poses or (len(word) > 4 and word.endswith(("ing", "ed", "ly")))

    def _descriptive(self, word: str) -> bool:
        sized = word in self._sizes["large"] or word in self._sizes["small"]
        described = sized or word in self._colours or word in self._materials or word in self._adjectives or word in self._poses
        return described or word in self._counts

    def _thing(self, word: str, opening: bool) -> bool:
        low = word.lower()
        if low in self._nouns:
            return True
        if (
            len(low) < 3
            or low in _ARTICLES
            or low.isdigit()
            or low in self._abstract
            or singular(low) in self._abstract
            or self._descriptive(low)
        ):
            return False
        named = word[0].isupper() and not opening  # a proper name says who, not what
        return not named and not low.endswith((*self._endings, "ing", "ly"))

    def _led_zh(self, text: str) -> list[Sight]:
        amount = rf"(?:{any_of(self._groups_zh)}|(?:{_NUMERAL})\s*[{_MEASURES}])(?:的)?"
        found = []
        for match in re.finditer(amount, text):
            rest = text[match.end() : match.end() + 12]
            described = re.match(rf"(?:{any_of(w for w in (*self._colours, *self._materials) if not w.isascii())})(?:色)?(?:的)?", rest)
            skip = described.end() if described else 0
            modified = re.match(r"[^，。、；：！？\s在和与]{1,5}的", rest[skip:])
            skip += modified.end() if modified else 0
            name = self._parting.split(rest[skip:])[0] if rest[skip:] else ""
            if 2 <= len(name) <= 6 and all(_CJK.match(c) for c in name) and name not in self._abstract_zh:
                start = match.end() + skip
                found.append(Sight(name, name, "", start, start + len(name), False, led=True))
        return found

    def bare(self, text: str) -> list[Sight]:
        """Things of a short wish that is no sentence: between commas, "and", "with" and prepositions."""
        if _CJK.search(text):
            return self._bare_zh(text)
        words = list(LATIN_WORD.finditer(text))
        if not words or len(words) > _FEW_WORDS or any(w.group().lower() in self._verbs for w in words):
            return []
        found = []
        for index, word in enumerate(words):
            opens = index == 0 or words[index - 1].group().lower() in self._stops or text[words[index - 1].end() : word.start()].strip(" -")
            sight = self._run(text, words, index, "", word.start()) if opens else None
            if sight is not None:
                found.append(sight)
        return found

    def _bare_zh(self, text: str) -> list[Sight]:
        if len(text) > 16:
            return []
        amount = re.match(rf"(?:{_NUMERAL})\s*[{_MEASURES}]", text)
        text = " " * amount.end() + text[amount.end() :] if amount else text
        found, start = [], 0
        for part in self._parting.split(text):
            start = text.index(part, start)
            told = part in self._near_zh or part in self._materials or part in self._poses
            if 2 <= len(part) <= 6 and not told and all(_CJK.match(c) for c in part) and not any(w in part for w in self._abstract_zh):
                found.append(Sight(part, part, "", start, start + len(part), False))
            start += len(part)
        return found


def measured_zh(text: str, index: int) -> bool:
    """Whether the character counts something: the 面 of 三面旗 is no noodle."""
    return bool(
        text[index] in _MEASURES and re.search(rf"(?:{_NUMERAL})$", text[max(0, index - 4) : index]) and text[index + 1 : index + 2]
    )


def _frames_of_reference(data: Mapping[str, Any], words: Mapping[str, Any]) -> list[str]:
    """Words of places, times, weathers, forms and the like: they say where, when and how, not what."""
    tables = (data["settings"], data["times"], data["weathers"], words["forms"], words["frames"], words["textures"])
    listed = [word for table in tables for group in table.values() for word in group]
    return listed + [word for place in words["places"].values() if not place.get("inside") for word in place["words"]]


def plain(text: str) -> str:
    return " ".join(LATIN_WORD.findall(text.lower().replace("’", "'")))


def singular(phrase: str) -> str:
    head, _, last = phrase.rpartition(" ")
    if last.endswith("oes") and len(last) > 5 and not last.endswith(("shoes", "canoes", "hoes")):
        last = last[:-2]
    for ending, instead in (("ies", "y"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("sses", "ss"), ("ves", "f"), ("s", "")):
        if len(last) > len(ending) + 1 and last.endswith(ending) and not last.endswith(("ss", "us", "is")):
            last = last[: -len(ending)] + instead
            break
    return f"{head} {last}".strip()
