"""Reading a brief without a model: kinds, counts, lengths, sizes, languages, restrictions, and what nothing here can make.

Knows the word lists. Does not know recipes, capabilities or the LLM; agents/planner.py lets this reading and the LLM's vote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from agents.channels import Channels
from agents.frameworks import Crafts
from agents.lexicon import CJK, KindWord, Lexicon, Wish, language_of, words_pattern
from agents.quantities import Counting, chinese_number
from domain.capability import StepKind
from domain.specs import LayoutSize
from domain.value import Value

#: A restriction stands at most this many characters from its kind. Bounds the work on a giant or hostile brief, too.
_NEAR = 64
_LIST_BREAK = re.compile(r"^[\s,、，]*(?:(?:and|or|nor|any|the|a|an|&|/|和|或者|或|及|与|以及|也)[\s,、，]*)*$")
_COUNTED_LIST = re.compile(
    r"^[\s,、，]*(?:(?:and|or|&|和|及|与|the|a|an|\d+|one|two|three|four|five|six|[一两二三四五六]|[张条个段首篇幅款])[\s,、，]*)*$"
)
#: The form of a request for a channel's copy is this and the channel's id.
CHANNEL_FORM = "@"
_SIZE = re.compile(r"(?<!\d)(\d{2,4})\s*(?:x|×|\*|by)\s*(\d{2,4})(?!\d)(?:\s*(?:px|pixels|像素))?")


class KindRequest(Value):
    """What a text says about one kind in one form. count None: named without a number. vague: "a few"."""

    kind: StepKind
    form: str = ""
    count: int | None = None
    vague: bool = False
    plural: bool = False
    said: str = ""


class RequestReading(Value):
    """A brief as far as word lists can read it.

    own: the person's words, material taken out (blanked). described: the same with quoted names back in their place.
    language: of the brief. languages: asked for the outputs, in order, may be
    empty. seconds: by kind; seconds_any: a length not tied to a kind. fields: alternatives asked of a copy field.
    unsupported: ids of wishes (assets/lexicon/unsupported.toml). channels: ids of the places copy is for, in order; framework and
    variants: how it is to be built, and in how many sets.
    """

    own: str
    described: str = ""
    material: tuple[str, ...] = ()
    language: str = "en"
    languages: tuple[str, ...] = ()
    requests: tuple[KindRequest, ...] = ()
    excluded: frozenset[StepKind] = frozenset()
    only: frozenset[StepKind] = frozenset()
    fields: dict[str, int] = {}
    unit: str = ""
    units: int | None = None
    seconds: dict[StepKind, float] = {}
    seconds_any: float | None = None
    words: int | None = None
    sizes: tuple[LayoutSize, ...] = ()
    tones: tuple[str, ...] = ()
    mood: str = ""
    unsupported: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    framework: str = ""
    variants: int = 1
    reading_level: str = ""

    @property
    def counts(self) -> dict[StepKind, int]:
        """Explicit numbers only, summed over the forms of a kind."""
        totals: dict[StepKind, int] = {}
        for request in self.requests:
            if request.count is not None:
                totals[request.kind] = totals.get(request.kind, 0) + request.count
        return totals

    @property
    def asked(self) -> frozenset[StepKind]:
        return frozenset(request.kind for request in self.requests)

    @property
    def names_something(self) -> bool:
        return bool(self.requests or self.units or self.unsupported)


@dataclass(frozen=True)
class _Mention:
    start: int
    end: int
    word: KindWord | None = None
    unit: str = ""
    wish: Wish | None = None
    plural: bool = False
    count: int | None = None
    vague: bool = False
    excluded: bool = False
    only: bool = False


class RequestReader:
    """Reads texts with one set of word lists. Stateless after construction."""

    def __init__(self, lexicon: Lexicon, channels: Channels, crafts: Crafts) -> None:
        self.lexicon = lexicon
        self._channels = channels
        self._crafts = crafts
        self._entries: list[tuple[re.Pattern[str], KindWord | None, str, Wish | None]] = []
        self._entries += [(word.pattern(), word, "", None) for word in lexicon.words]
        self._entries += [(unit.pattern(), None, unit.id, None) for unit in lexicon.units]
        self._entries += [(wish.pattern(), None, "", wish) for wish in lexicon.wishes]
        self._entries += [(word.pattern(), word, "", None) for word in _channel_words(channels)]
        self._decoys = tuple(decoy.pattern() for decoy in lexicon.decoys)
        limits = lexicon.restrictions
        self._counting = Counting(lexicon.numbers)
        self._none = _before(limits.en_none, limits.zh_none)
        self._only = _before(limits.en_only, limits.zh_only)
        self._none_after = _after(limits.en_none_after, limits.zh_none_after)
        self._only_after = _after(limits.en_only_after, limits.zh_only_after)
        self._durations = (re.compile(lexicon.durations.en), re.compile(lexicon.durations.zh))
        self._lengths = (re.compile(lexicon.lengths.en), re.compile(lexicon.lengths.zh))

    @staticmethod
    def load(assets: Path) -> RequestReader:
        return RequestReader(Lexicon.load(assets), Channels.load(assets), Crafts.load(assets))

    def read(self, text: str, fallback_language: str = "en") -> RequestReading:
        """Read a brief. Material (quotes, "source:" blocks, injected commands) is set aside first and never read as a request."""
        own, material = split_material(text)
        folded = own.lower().replace("’", "'")
        # 1. Take out what is no kind: sizes and lengths, so that their digits are never counts.
        sizes, folded = self._sizes(folded)
        seconds, folded = self._durations_in(folded)
        words, folded = self._words_in(folded)
        # 2. Find kinds, units and wishes; tie numbers and restrictions to them.
        mentions = self._restricted(folded, [self._counted(folded, m) for m in self._mentions(folded)])
        # "no tweets" speaks of a place, not of all copy.
        mentions = [m for m in mentions if not (m.excluded and m.word and m.word.form.startswith(CHANNEL_FORM))]
        kept = [m for m in mentions if not m.excluded]
        by_kind, any_seconds = _tie_seconds(seconds, kept)
        named = [m for m in kept if m.word is not None]
        counted = next((m for m in kept if m.unit and m.count is not None), None) or next((m for m in kept if m.unit), None)
        language = language_of(own if own.strip() else text, fallback_language)
        if not sizes:  # "竖版海报": a size said outright beats the one a word brings along
            sizes += [s for m in named if m.word and m.word.size and (s := self.lexicon.size(m.word.size))][:1]
        return RequestReading(
            own=own,
            described=self._described(own, material),
            material=material,
            language=language,
            languages=self.languages_in(own.lower()),
            requests=_beside(_merge(named)),
            excluded=frozenset(m.word.kind for m in mentions if m.word and m.excluded) - frozenset(m.word.kind for m in named if m.word),
            only=frozenset(m.word.kind for m in named if m.word and m.only),
            fields={m.word.field: min(12, m.count or (3 if m.plural else 1)) for m in named if m.word and m.word.field},
            unit=counted.unit if counted else "",
            units=counted.count if counted else None,
            seconds=by_kind,
            seconds_any=any_seconds,
            words=words,
            sizes=tuple(sizes),
            tones=self._tones(own.lower()),
            mood=self._mood(own.lower()),
            unsupported=tuple(dict.fromkeys(m.wish.id for m in kept if m.wish)),
            channels=self._channels_in(folded),
            framework=self._crafts.named(own.lower()),
            variants=self._crafts.variants(own.lower()),
            reading_level=self._crafts.level(own.lower()),
        )

    def kind_mentions(self, text: str) -> list[tuple[int, int, KindWord, bool]]:
        """(start, end, word, plural) of every kind word in lower-case `text`, longest match first where they overlap, in order."""
        return [(m.start, m.end, m.word, m.plural) for m in self._mentions(text) if m.word is not None]

    def wish(self, wish_id: str) -> Wish:
        return next(wish for wish in self.lexicon.wishes if wish.id == wish_id)

    # -- finding ---------------------------------------------------------------------------------------------------------------

    def _mentions(self, text: str) -> list[_Mention]:
        found: list[_Mention] = []
        for pattern, word, unit, wish in self._entries:
            phrases: tuple[str, ...] = wish.unless if wish else ()
            blocked = [m.span() for phrase in phrases for m in re.finditer(re.escape(phrase), text)]
            for match in pattern.finditer(text):
                if any(a <= match.start() < b for a, b in blocked):
                    continue
                listed = (word or wish or next((u for u in self.lexicon.units if u.id == unit), None)) or None
                singular = match.group().replace("-", " ") in {w.replace("-", " ") for w in listed.en} if listed else True
                found.append(_Mention(match.start(), match.end(), word, unit, wish, plural=not singular and not CJK.search(match.group())))
        for pattern in self._decoys:
            found += [_Mention(m.start(), m.end()) for m in pattern.finditer(text)]
        found.sort(key=lambda m: (m.start - m.end, m.start))  # longest first: "video script" keeps "video" from being a wish
        taken: list[_Mention] = []
        covered = bytearray(len(text) + 1)
        for mention in found:
            if not any(covered[mention.start : mention.end]):
                covered[mention.start : mention.end] = b"\x01" * (mention.end - mention.start)
                taken.append(mention)
        return sorted((m for m in taken if m.word or m.unit or m.wish), key=lambda m: m.start)

    def _counted(self, text: str, mention: _Mention) -> _Mention:
        found = self._counting.of(text, mention.start, mention.end, unit=bool(mention.unit))
        return mention if found is None else replace(mention, count=found.number, vague=found.vague)

    def _restricted(self, text: str, mentions: list[_Mention]) -> list[_Mention]:
        """Mark mentions under "no ..." and "only ...". A limit reaches over a list: "no pictures, music or banners"."""
        result: list[_Mention] = []
        for mention in mentions:
            before, after = text[max(0, mention.start - _NEAR) : mention.start], text[mention.end : mention.end + _NEAR]
            previous = result[-1] if result else None
            between = text[previous.end : mention.start] if previous else "."
            excluded = bool(self._none.search(before)) or bool(self._none_after.match(after))
            only = bool(self._only.search(before)) or bool(self._only_after.match(after))
            if previous and not excluded and not only:
                excluded = previous.excluded and bool(_LIST_BREAK.match(between)) and not _new_wish(between)
                only = previous.only and bool(_COUNTED_LIST.match(between))
            result.append(replace(mention, excluded=excluded, only=only and not excluded))
            if only and not excluded and self._only_after.match(after):
                _reach_back(result, text)
        return result

    def _described(self, own: str, material: tuple[str, ...]) -> str:
        """Quoted names come back ("called “Northwind”"); a quote that names work or gives orders stays out."""
        if own.count("…") != len(material):
            return own
        pieces = iter(material)

        def back(_: re.Match[str]) -> str:
            piece = next(pieces).strip('"“”「」『』《》 ')
            name = (
                len(piece) <= 32
                and not re.search(r"[\n:：]", piece)
                and not self._mentions(piece.lower())
                and not addresses_the_machine(piece)
            )
            return piece if name else "…"

        return re.sub("…", back, own)

    # -- details ---------------------------------------------------------------------------------------------------------------

    def _sizes(self, text: str) -> tuple[list[LayoutSize], str]:
        sizes: list[LayoutSize] = []
        for match in _SIZE.finditer(text):
            width, height = int(match.group(1)), int(match.group(2))
            if 64 <= width <= 4096 and 64 <= height <= 4096:
                known = next((w.size for w in self.lexicon.sizes if (w.width, w.height) == (width, height)), None)
                sizes.append(known or LayoutSize(name=f"{width}x{height}", width=width, height=height))
        text = _SIZE.sub(lambda m: "~" * len(m.group()), text)
        for word in self.lexicon.sizes:
            if word.pattern(plural=False).search(text) and word.size not in sizes:
                sizes.append(word.size)
        return list(dict.fromkeys(sizes)), text

    def _durations_in(self, text: str) -> tuple[list[tuple[int, int, float]], str]:
        found: list[tuple[int, int, float]] = []
        for pattern in self._durations:
            for match in pattern.finditer(text):
                said = match.group(1)
                known = self.lexicon.durations.words.get(said)
                value = known if known is not None else float(said) if said[0].isdigit() else float(chinese_number(said) or 1)
                minutes = match.group(2).startswith(("m", "分"))
                found.append((match.start(), match.end(), value * (60 if minutes else 1)))
            text = pattern.sub(lambda m: "~" * len(m.group()), text)
        return found, text

    def _words_in(self, text: str) -> tuple[int | None, str]:
        words: int | None = None
        for pattern in self._lengths:
            for match in pattern.finditer(text):
                words = int(match.group(1))
            text = pattern.sub(lambda m: "~" * len(m.group()), text)
        return words, text

    def languages_in(self, text: str) -> tuple[str, ...]:
        """Codes of the languages that lower-case `text` asks for, in order."""
        languages = self.lexicon.languages
        if languages.bilingual.pattern(plural=False).search(text):
            return ("en", "zh") if language_of(text) != "zh" else ("zh", "en")
        found: list[tuple[int, str]] = []
        for names, frames in ((languages.en, languages.en_frames), (languages.zh, languages.zh_frames)):
            for name, code in names.items():
                hits = [m.start() for frame in frames for m in re.finditer(frame.replace("{name}", re.escape(name)), text)]
                if hits:
                    found.append((min(hits), code))
        return tuple(dict.fromkeys(code for _, code in sorted(found)))

    def _tones(self, text: str) -> tuple[str, ...]:
        tones = self.lexicon.tones
        return tuple(dict.fromkeys(m.group() for m in words_pattern(tones.en, tones.zh, plural=False).finditer(text)))[:4]

    def _channels_in(self, text: str) -> tuple[str, ...]:
        """The channels a lower-case text names and does not rule out, in order."""
        spans = self._channels.spans(text)
        return tuple(dict.fromkeys(name for start, _, name in spans if not self._none.search(text[max(0, start - _NEAR) : start])))

    def _mood(self, text: str) -> str:
        hits = [(m.start(), mood) for mood, words in self.lexicon.moods.items() if (m := words.pattern(plural=False).search(text))]
        return min(hits)[1] if hits else ""


# -- material -----------------------------------------------------------------------------------------------------------------

_QUOTES = re.compile(r"“[^”]*”|「[^」]*」|『[^』]*』|《[^》]*》|\"[^\"]*\"|```.*?```", re.DOTALL)
_SOURCE = re.compile(
    r"(?:^|(?<=[\n.!?。！？;；]))[ \t]{0,20}"
    r"(?:here is (?:the|my|our) (?:source|text|article|material)|source(?: text)?|material|article text|pasted|"
    r"原文|素材|资料|参考资料|来源|附件内容)\s*[:：].*",
    re.IGNORECASE | re.DOTALL,
)
_QUOTED_LINES = re.compile(r"^[ \t]{0,20}>.*$", re.MULTILINE)
#: The core of a sentence that addresses the machine instead of describing work. Such sentences are material wherever they stand.
_COMMANDS = re.compile(
    r"(?:ignore|disregard|forget|override)\s+(?:(?:all|any|the|your|these)\s+){0,4}(?:previous|prior|above|earlier|system)\b"
    r"|you are now\b|new instructions?\s?:|system prompt|<\|?(?:im_start|system)|\[/?inst\]|^[ \t]{0,20}(?:system|assistant)\s?:"
    r"|(?:忽略|无视|忘记|忘掉)(?:以上|之前|前面|上面|所有|一切)|你现在是|系统提示|新的?指令\s?[:：]",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE_ENDS = ".!?\n。！？"


def _command_spans(text: str) -> Iterator[tuple[int, int]]:
    """From the start of the sentence that gives an order to the end of its line: what follows an order is part of it."""
    for match in _COMMANDS.finditer(text):
        window = max(0, match.start() - 1000)
        start = max(window - 1, *(text.rfind(end, window, match.start()) for end in _SENTENCE_ENDS)) + 1
        line = text.find("\n", match.end())
        yield start, len(text) if line < 0 else line


def split_material(text: str) -> tuple[str, tuple[str, ...]]:
    """The person's own words, and the pieces that are material: quotes, fenced or ">" lines, what follows "source:", injected commands.

    Each piece is blanked in the own words by "…", so sentences around it stay sentences.
    """
    spans: list[tuple[int, int]] = []
    for pattern in (_SOURCE, _QUOTES, _QUOTED_LINES):
        spans += [match.span() for match in pattern.finditer(text) if match.group().strip()]
    spans += _command_spans(text)
    own, at = "", 0
    for start, end in _merged(spans):
        own += text[at:start].replace("…", "...") + " … "
        at = end
    own += text[at:].replace("…", "...")
    return own.strip(), tuple(text[start:end].strip() for start, end in _merged(spans))


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Overlapping spans as one, in order."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def addresses_the_machine(text: str) -> bool:
    """Whether a text holds a sentence that gives orders to the machine ("ignore previous instructions")."""
    return bool(_COMMANDS.search(text))


def _channel_words(channels: Channels) -> Iterator[KindWord]:
    """The words that ask for a channel's copy, as words for copy of that form."""
    for channel in channels.all:
        if channel.texts.en or channel.texts.zh:
            yield KindWord(kind=StepKind.COPY, form=CHANNEL_FORM + channel.id, en=channel.texts.en or (channel.id,), zh=channel.texts.zh)


# -- small readings -----------------------------------------------------------------------------------------------------------


def _before(en: tuple[str, ...], zh: tuple[str, ...]) -> re.Pattern[str]:
    latin = "|".join(sorted(map(re.escape, en), key=len, reverse=True))
    han = "|".join(sorted(map(re.escape, zh), key=len, reverse=True))
    number = r"(?:\d+|one|two|three|four|five|six|an?|any|the|single|some)"
    counted = r"(?:\d+|[一两二三四五六七八九十几])?[张条个段首篇幅款份]?(?:任何)?"
    return re.compile(rf"(?:(?<![a-z])(?:{latin})\s+(?:{number}\s+)?(?:[a-z-]+\s+)?$|(?:{han}){counted}[^\s，。、；,.;不要]{{0,3}}$)")


def _after(en: tuple[str, ...], zh: tuple[str, ...]) -> re.Pattern[str]:
    latin = "|".join(sorted(map(re.escape, en), key=len, reverse=True))
    han = "|".join(sorted(map(re.escape, zh), key=len, reverse=True))
    return re.compile(rf"\s*,?\s*(?:{latin})(?![a-z])(?!\s+(?:if|when|for))|\s*(?:都)?(?:{han})")


def _new_wish(between: str) -> bool:
    # "no music and a banner": the article starts something wanted.
    return bool(re.search(r"\b(?:a|an)\b", between))


def _reach_back(mentions: list[_Mention], text: str) -> None:
    for index in range(len(mentions) - 1, 0, -1):
        between = text[mentions[index - 1].end : mentions[index].start]
        if not _COUNTED_LIST.match(between):
            return
        mentions[index - 1] = replace(mentions[index - 1], only=not mentions[index - 1].excluded)


def _tie_seconds(found: list[tuple[int, int, float]], mentions: list[_Mention]) -> tuple[dict[StepKind, float], float | None]:
    by_kind: dict[StepKind, float] = {}
    loose: float | None = None
    sounding = [m for m in mentions if m.word and m.word.kind in (StepKind.SPEECH, StepKind.MUSIC, StepKind.SCRIPT)]
    for start, end, value in found:
        after = [m for m in sounding if 0 <= m.start - end <= 24]
        before = [m for m in sounding if 0 <= start - m.end <= 16]
        near = after[:1] or before[-1:]
        if near and near[0].word:
            by_kind.setdefault(near[0].word.kind, value)
        else:
            loose = value if loose is None else loose
    return by_kind, loose


def _merge(mentions: list[_Mention]) -> tuple[KindRequest, ...]:
    """One request per kind and form. A number beats a bare mention; "headlines" ask for one copy item with that field."""
    merged: dict[tuple[StepKind, str], KindRequest] = {}
    for request in _requests(mentions):
        key = (request.kind, request.form)
        known = merged.get(key)
        if known is None or (known.count is None and request.count is not None):
            merged[key] = request
        elif known.count is None:  # "the sound of rain and the sound of a door"
            merged[key] = known.model_copy(update={"plural": True})
    forms = {kind for kind, form in merged if form}
    # "an article" beside "a press release" is the same wish said twice, unless it carries its own number.
    return tuple(r for (kind, form), r in merged.items() if form or kind not in forms or r.count is not None)


def _beside(requests: tuple[KindRequest, ...]) -> tuple[KindRequest, ...]:
    """ "Translate it into Chinese" asks for a step only beside a text that is to be written; alone it is a wish for the chat."""
    lone = all(request.kind is StepKind.TRANSLATION for request in requests)
    kept = [r for r in requests if r.form != "beside" or not lone]
    return tuple(r.model_copy(update={"form": ""}) if r.form == "beside" else r for r in kept)


def _requests(mentions: list[_Mention]) -> Iterator[KindRequest]:
    for mention in mentions:
        word = mention.word
        if word is None:
            continue
        count = 1 if word.field else mention.count
        yield KindRequest(
            kind=word.kind,
            form=word.form or ("fields" if word.field else ""),
            count=count,
            vague=mention.vague and not word.field,
            plural=mention.plural,
            said=word.en[0],
        )
