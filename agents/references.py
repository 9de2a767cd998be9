"""Which steps of a plan a message points at: "the second banner", "picture 2", "最后一张图", "layout-2", "the story one".

Code only. Does not know what should happen to them; agents/edits.py decides that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from agents.lexicon import CJK, KindWord, Words, load_toml, words_pattern
from agents.quantities import chinese_number
from agents.request import RequestReader
from domain.capability import StepKind
from domain.errors import InputError
from domain.plan import Plan, Step
from domain.specs import SPECS, ArticleSpec, CopySpec, LayoutSpec, ScriptSpec
from domain.value import Value

#: Ids of steps as people read them on the cards.
STEP_ID = rf"({'|'.join(SPECS)})-(\d+)"
_STEP_ID = re.compile(rf"(?<![a-z]){STEP_ID}(?!\d)")
_NUMBER_AFTER = re.compile(
    r"\s*(?:number|no\.?|nr\.?|#)?\s*(\d{1,2}|[一二三四五六七八九十]{1,2})(?![\dx×:.a-z秒分个张条])(?!\s*(?:seconds?|secs?|minutes?|mins?|words?|percent|%|x|×|秒|分|字))"
)
#: An ordinal stands at most this many characters before what it counts.
_NEAR = 64
_TARGET = re.compile(r"(?:\bto|\binto|\bin|\bas|改成|换成|改为|换为|变成|做成)\s*(?:an?|the)?\s*[~\w-]*\s*$")


class Ordinals(Value):
    en: dict[str, int]
    zh_last: tuple[str, ...]


class EditWords(Value):
    """Word lists of edits (assets/lexicon/edits.toml)."""

    ordinals: Ordinals
    all: Words
    whole: Words
    drop: Words
    add: Words
    redo: Words
    change: Words
    about: Words
    shorter: Words
    longer: Words
    slower: Words
    faster: Words
    enlarge: Words
    double: Words
    cutout: Words
    moods: dict[str, Words]
    fillers: Words

    @staticmethod
    def load(assets: Path) -> EditWords:
        path = assets / "lexicon" / "edits.toml"
        try:
            return EditWords(**load_toml(path))
        except ValidationError as error:
            raise InputError(
                "The word lists in {path} are not valid: {error}.", field=str(path), path=path.name, error=str(error)
            ) from error


@dataclass(frozen=True)
class Reference:
    """ids: the steps meant. spans: where the message names them. candidates: several fit and none was singled out.

    missing: the message names a step or number that the plan does not have; then `candidates` are what it may have meant.
    """

    ids: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    candidates: tuple[str, ...] = ()
    missing: bool = False
    whole: bool = False

    @property
    def found(self) -> bool:
        return bool(self.ids)


@dataclass
class _Found:
    ids: list[str] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    candidates: list[str] = field(default_factory=list)
    missing: bool = False

    def add(self, ids: Sequence[str], span: tuple[int, int]) -> None:
        self.ids += [i for i in ids if i not in self.ids]
        self.spans.append(span)


class ReferenceReader:
    def __init__(self, reader: RequestReader, words: EditWords) -> None:
        self._reader = reader
        self._words = words
        names = "|".join(sorted(map(re.escape, words.ordinals.en), key=len, reverse=True))
        last = "|".join(map(re.escape, words.ordinals.zh_last))
        self._ordinal_before = re.compile(
            rf"(?P<list>(?:(?<![a-z])(?:{names})(?:\s*(?:,|and|&|or)\s*(?:the\s+)?)?\s*)+)(?:[a-z-]+\s+){{0,2}}$"
            rf"|(?P<zh>(?:第?(?:\d{{1,2}}|[一二三四五六七八九十]{{1,2}})(?:和|、|与))*第(?:\d{{1,2}}|[一二三四五六七八九十]{{1,2}}))[张个条段首篇幅款份句]?的?$"
            rf"|(?P<last>{last})一?[张个条段首篇幅款份句]?的?$"
        )
        self._ordinal = re.compile(rf"(?<![a-z])(?:{names})(?![a-z])")
        self._all_before = re.compile(
            rf"(?:(?<![a-z])(?:{'|'.join(map(re.escape, words.all.en))})(?:\s+(?:the|of|three|two|four|my|our))*\s*$"
            rf"|(?:{'|'.join(words.all.zh)})[张个条段的]?$)"
        )

    def resolve(self, text: str, plan: Plan) -> Reference:
        """text: the person's own words, lower case. Ids come in plan order."""
        found = _Found()
        blocked: list[tuple[int, int]] = []
        # 1. Ids as they stand on the cards.
        for match in _STEP_ID.finditer(text):
            blocked.append(match.span())
            if any(s.id == match.group() for s in plan.steps):
                found.add([match.group()], match.span())
            else:
                found.missing = True
                found.spans.append(match.span())
                found.candidates += [s.id for s in plan.steps if s.kind.value == match.group(1)]
        # 2. Titles, longest first: "the key visual", "crystal sword".
        self._by_title(text, plan, found, blocked)
        # 3. Kinds with a number, a size or alone.
        for start, end, word, plural in self._reader.kind_mentions(text):
            if any(a < end and start < b for a, b in blocked):
                continue
            self._by_kind(text, (start, end), word, plural, plan, found)
        # 4. A size alone: "the story one", "the 1080x1080".
        if not found.ids and not found.candidates:
            self._by_size(text, plan, found)
        # 5. The whole plan.
        if not found.ids and not found.candidates and not found.missing:
            whole = words_pattern(self._words.whole.en, self._words.whole.zh, plural=False).search(text)
            if whole:
                return Reference(tuple(s.id for s in plan.steps), (whole.span(),), whole=True)
        order = {step.id: n for n, step in enumerate(plan.steps)}
        ids = tuple(sorted(found.ids, key=order.__getitem__))
        candidates = () if ids else tuple(dict.fromkeys(found.candidates))
        return Reference(ids, tuple(found.spans), candidates, found.missing and not ids)

    def _by_title(self, text: str, plan: Plan, found: _Found, blocked: list[tuple[int, int]]) -> None:
        titles: list[tuple[str, str]] = []
        for step in plan.steps:
            title = step.title.lower()
            titles.append((title, step.id))
            if ": " in title or "：" in title:
                titles.append((re.split(r": |：", title, maxsplit=1)[1], step.id))
        hits: dict[tuple[int, int], list[str]] = {}
        for title, step_id in sorted(titles, key=lambda t: -len(t[0])):
            if len(title) < 3 and title.isascii():
                continue
            for match in re.finditer(rf"(?<![a-z]){re.escape(title)}(?![a-z0-9])", text):
                if not any(a < match.end() and match.start() < b for a, b in blocked if (a, b) != match.span()):
                    hits.setdefault(match.span(), []).append(step_id)
                    blocked.append(match.span())
        kinds = {word.kind for _, _, word, _ in self._reader.kind_mentions(text)}
        for span, ids in hits.items():
            # "the crystal sword picture": a unit's name stands in several titles; the kind beside it singles one out.
            narrowed = [i for i in dict.fromkeys(ids) if plan.step(i).kind in kinds] or list(dict.fromkeys(ids))
            if self._numbered(text, span):
                blocked[:] = [b for b in blocked if b != span]
                continue
            found.add(narrowed, span)

    def _numbered(self, text: str, span: tuple[int, int]) -> bool:
        return bool(self._ordinal_before.search(text[max(0, span[0] - _NEAR) : span[0]]) or _NUMBER_AFTER.match(text[span[1] :]))

    def _by_kind(self, text: str, span: tuple[int, int], word: KindWord, plural: bool, plan: Plan, found: _Found) -> None:
        start, end = span
        steps = _steps_of(word, plan, self._reader)
        if not steps:
            return
        numbers, begin, finish = self._numbers(text, start, end)
        if numbers:
            picked = [steps[n - 1 if n > 0 else n].id for n in numbers if n == -1 or n <= len(steps)]
            if len(picked) < len(numbers):
                found.missing = True
                found.candidates += [s.id for s in steps]
            found.add(picked, (begin, finish))
            return
        sized = self._sized(text, steps)
        if len(sized) < len(steps) and sized:
            before = re.search(r"(?:[\dx×~]+|[a-z:0-9-]+|[一-鿿]{2})\s*$", text[:start])
            named = before and any(before.group().strip() in name for name in self._size_names(sized))
            found.add([s.id for s in sized], (before.start(), end) if before and named else span)
        elif (
            len(steps) == 1
            or plural
            or (word.field and CJK.search(text[start:end]))
            or self._all_before.search(text[max(0, start - _NEAR) : start])
        ):
            found.add([s.id for s in steps], span)
        else:
            found.candidates += [s.id for s in steps]
            found.spans.append(span)

    def _numbers(self, text: str, start: int, end: int) -> tuple[list[int], int, int]:
        near = max(0, start - _NEAR)
        before = self._ordinal_before.search(text[near:start])
        if before:
            if before.group("list"):
                said = self._ordinal.findall(before.group("list"))
                return [self._words.ordinals.en[s] for s in said], near + before.start(), end
            if before.group("last"):
                return [-1], near + before.start(), end
            said = re.findall(r"\d{1,2}|[一二三四五六七八九十]{1,2}", before.group("zh"))
            return [n for s in said if (n := chinese_number(s))], near + before.start(), end
        after = _NUMBER_AFTER.match(text[end:])
        if after and (number := chinese_number(after.group(1))):
            return [number], start, end + after.end()
        return [], start, end

    def _sized(self, text: str, steps: Sequence[Step]) -> list[Step]:
        """The layouts whose size the text names as theirs ("the story banner"), not as a target ("to story format")."""
        result: list[Step] = []
        for step in steps:
            if not isinstance(step.spec, LayoutSpec):
                continue
            size = step.spec.size
            names = next((w for w in self._reader.lexicon.sizes if w.name == size.name), None)
            pattern = words_pattern(
                [size.name, f"{size.width}x{size.height}", *(names.en if names else ())], names.zh if names else (), plural=False
            )
            if any(not _TARGET.search(text[max(0, m.start() - _NEAR) : m.start()]) for m in pattern.finditer(text)):
                result.append(step)
        return result

    def _size_names(self, steps: Sequence[Step]) -> list[str]:
        sizes = [s.spec.size for s in steps if isinstance(s.spec, LayoutSpec)]
        words = [w for w in self._reader.lexicon.sizes if any(w.name == size.name for size in sizes)]
        listed = [name for word in words for name in (word.name, *word.en, *word.zh)]
        return listed + [f"{size.width}x{size.height}" for size in sizes]

    def _by_size(self, text: str, plan: Plan, found: _Found) -> None:
        sized = self._sized(text, [s for s in plan.steps if s.kind is StepKind.LAYOUT])
        if sized:
            found.add([s.id for s in sized], (0, 0))


def _steps_of(word: KindWord, plan: Plan, reader: RequestReader) -> list[Step]:
    """Steps a kind word may mean: "headline" any copy with that field, "press release" that form, "poster" that size; else the kind."""
    steps = [step for step in plan.steps if step.kind is word.kind]
    if word.field:
        steps = [s for s in steps if isinstance(s.spec, CopySpec) and any(f.name == word.field for f in s.spec.fields)] or steps
    if word.form:
        steps = [s for s in steps if isinstance(s.spec, ArticleSpec | ScriptSpec) and s.spec.form == word.form] or steps
    if word.size:
        steps = [s for s in steps if isinstance(s.spec, LayoutSpec) and s.spec.size.name == word.size] or steps
    return steps
