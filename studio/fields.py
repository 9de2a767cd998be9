"""A written text as fields by key, and back: what a page shows of copy and articles, edited texts put in, alternatives added and taken out.

Keys: "A.0.1" is the second alternative of the first slot of set A, "A.0" that slot; "headline" and "paragraph 2" in an article.
Pure; knows no library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from domain.channel import Channel
from domain.counting import CountingRule, count
from domain.dialogue import DialogueDocument
from domain.documents import ArticleDocument, CopyDocument, CopyLine, CopySet, CopySlot
from domain.errors import InputError, LimitError
from domain.finding import Finding
from domain.lore import LoreDocument
from domain.value import Value
from studio.dialogues import dialogue_texts
from studio.difference import Change, word_diff
from studio.lore import lore_texts

TEXT_MAX = 20_000
#: Alternatives of one slot.
LINES_MAX = 40

Text = CopyDocument | ArticleDocument
Edited = Text | DialogueDocument | LoreDocument


class Field(Value):
    """One text. key names it in calls; set: "A", "B" of an A/B test; number: which alternative, from 1.

    count, limit, recommended, truncation: in units of `counting`; None where none is known. hard: the channel refuses what is
    longer, else the step only asked for it.
    """

    key: str
    name: str
    set: str = ""
    number: int = 1
    text: str
    count: int
    counting: CountingRule
    limit: int | None = None
    hard: bool = False
    recommended: int | None = None
    truncation: int | None = None
    findings: tuple[Finding, ...] = ()


class SlotRoom(Value):
    """How many alternatives the channel takes in one slot; None where nothing is known of it, or where it takes one of them."""

    key: str
    name: str
    set: str = ""
    least: int | None = None
    most: int | None = None


class FieldChange(Value):
    """A field that differs between two versions, in pieces that stayed, went or came."""

    name: str
    pieces: tuple[Change, ...]


def texts_of(document: Edited) -> list[tuple[str, str, str]]:
    """(key, name, text) of everything that can be edited, in reading order."""
    if isinstance(document, DialogueDocument):
        return dialogue_texts(document)
    if isinstance(document, LoreDocument):
        return lore_texts(document)
    if isinstance(document, ArticleDocument):
        head = [("headline", "headline", document.headline)] if document.headline else []
        return [*head, *((f"paragraph {n}", f"paragraph {n}", text) for n, text in enumerate(document.paragraphs, 1))]
    return [
        (_key(one, number, at), f"{one.label + ' ' if document.variants else ''}{slot.name} {at + 1}", line.text)
        for one in document.sets
        for number, slot in enumerate(one.slots)
        for at, line in enumerate(slot.lines)
    ]


def with_texts(document: Text, texts: Mapping[str, str]) -> Text:
    """The document with some of its texts replaced. Raises InputError for a key it has not, LimitError for a text that is too long."""
    known = {key for key, _, _ in texts_of(document)}
    for key, text in texts.items():
        if key not in known:
            raise InputError("This text has no field {key}.", hint="Open it again.", field="texts", key=repr(key[:60]))
        if len(text) > TEXT_MAX:
            raise _too_long(key, text)
    if isinstance(document, ArticleDocument):
        paragraphs = tuple(texts.get(f"paragraph {n}", text) for n, text in enumerate(document.paragraphs, 1))
        return document.model_copy(update={"headline": texts.get("headline", document.headline), "paragraphs": paragraphs})
    sets = [one.model_copy(update={"slots": _slots(one, texts)}) for one in document.sets]
    return document.model_copy(update={"slots": sets[0].slots, "variants": tuple(sets[1:])})


def with_lines(document: Text, lines: Mapping[str, Sequence[str]]) -> Text:
    """The document with all alternatives of some slots replaced, by key of the slot: lines come, go and change.

    Raises InputError for a slot it has not or one left without a line, LimitError for too many lines or a text that is too long.
    """
    if not lines:
        return document
    sets = document.sets if isinstance(document, CopyDocument) else ()
    known = {slot_key(one, at) for one in sets for at in range(len(one.slots))}
    for key, texts in lines.items():
        if key not in known:
            raise InputError("This text has no field {key}.", hint="Open it again.", field="lines", key=repr(key[:60]))
        _require_lines(key, texts)
    made = [one.model_copy(update={"slots": tuple(_lined(one, at, slot, lines) for at, slot in enumerate(one.slots))}) for one in sets]
    return document.model_copy(update={"slots": made[0].slots, "variants": tuple(made[1:])})


def _require_lines(key: str, texts: Sequence[str]) -> None:
    if not texts:
        raise InputError("A field keeps one line at least.", hint="Change the last line instead of taking it out.", field=key)
    if len(texts) > LINES_MAX:
        raise LimitError(
            "There are {count} lines; {most} are the most.", hint="Take some away.", field=key, count=len(texts), most=LINES_MAX
        )
    for at, text in enumerate(texts):
        if len(text) > TEXT_MAX:
            raise _too_long(f"{key}.{at}", text)


def _lined(one: CopySet, at: int, slot: CopySlot, lines: Mapping[str, Sequence[str]]) -> CopySlot:
    texts = lines.get(slot_key(one, at))
    return slot if texts is None else slot.model_copy(update={"lines": tuple(CopyLine(text=text) for text in texts)})


def _too_long(key: str, text: str) -> LimitError:
    return LimitError(
        "{name} has {count} characters; {most} are the most.",
        hint="Shorten it, or spread it over several texts. What was stored is as it was.",
        field=key,
        name=key,
        count=f"{len(text):,}",
        most=f"{TEXT_MAX:,}",
    )


def _slots(one: CopySet, texts: Mapping[str, str]) -> tuple[CopySlot, ...]:
    return tuple(
        slot.model_copy(
            update={"lines": tuple(CopyLine(text=texts.get(_key(one, number, at), line.text)) for at, line in enumerate(slot.lines))}
        )
        for number, slot in enumerate(one.slots)
    )


def slot_key(one: CopySet, slot: int) -> str:
    return f"{one.label}.{slot}"


def _key(one: CopySet, slot: int, line: int) -> str:
    return f"{slot_key(one, slot)}.{line}"


def rooms(document: CopyDocument, channel: Channel | None) -> tuple[SlotRoom, ...]:
    """Every slot with what its channel takes there."""
    found = []
    for one in document.sets:
        for at, slot in enumerate(one.slots):
            place = channel.field(slot.name) if channel is not None else None
            several = place is not None and (place.most is None or place.most > 1)
            least, most = (place.least, place.most) if place is not None and several else (None, None)
            found.append(SlotRoom(key=slot_key(one, at), name=slot.name, set=one.label, least=least, most=most))
    return tuple(found)


def changes(before: Edited, after: Edited) -> Iterator[FieldChange]:
    """What differs, field by field. Alternatives of a slot are lined up by their words, so that one taken out is told as that."""
    old, new = _by_group(before), _by_group(after)
    for group in [*new, *(group for group in old if group not in new)]:
        was, became = old.get(group, []), new.get(group, [])
        matcher = SequenceMatcher(None, [text for _, text in was], [text for _, text in became], autojunk=False)
        for kind, i, j, m, n in matcher.get_opcodes():
            for one, other in zip_longest(was[i:j], became[m:n], fillvalue=("", "")) if kind != "equal" else ():
                yield FieldChange(name=other[0] or one[0], pieces=word_diff(one[1], other[1]))


def _by_group(document: Edited) -> dict[str, list[tuple[str, str]]]:
    """(name, text) of the texts by key; the alternatives of a slot together."""
    found: dict[str, list[tuple[str, str]]] = {}
    for key, name, text in texts_of(document):
        found.setdefault(key.rpartition(".")[0] if isinstance(document, CopyDocument) else key, []).append((name, text))
    return found


def copy_fields(document: CopyDocument) -> tuple[Field, ...]:
    return tuple(
        Field(
            key=_key(one, number, at),
            name=slot.name,
            set=one.label,
            number=at + 1,
            text=line.text,
            count=slot.length(line),
            counting=slot.counting,
            limit=slot.limit,
            hard=slot.hard_limit is not None or not document.channel,
            recommended=slot.recommended,
            truncation=slot.truncation,
            findings=line.findings,
        )
        for one in document.sets
        for number, slot in enumerate(one.slots)
        for at, line in enumerate(slot.lines)
    )


def article_fields(document: ArticleDocument) -> tuple[Field, ...]:
    """Chinese is counted in characters, other languages in words."""
    rule = CountingRule.CHARACTERS if document.language.split("-")[0] == "zh" else CountingRule.WORDS
    return tuple(
        Field(
            key=key,
            name=name,
            text=text,
            count=count(text, rule),
            counting=rule,
            findings=tuple(finding for finding in document.findings if finding.field == key),
        )
        for key, name, text in texts_of(document)
    )
