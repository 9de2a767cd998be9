"""Does a text keep the limits of the place it is for: hard limit, recommended limit, where it is cut off, hashtags, emoji. Pure.

Counts as the place counts. A finding's severity tells the limits apart: only the hard limit is an error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agents.checks.brand import contradictions as kit_contradictions
from domain.brand import BrandKit
from domain.channel import Channel, ChannelField
from domain.counting import CountingRule, characters_within, count, emojis, overflow, sms
from domain.finding import Finding, Severity
from domain.said import Said, Words
from domain.specs import CopyField, CopySpec

HASHTAG = re.compile(r"(?<![\w&])#[^\W_][\w]*", re.UNICODE)

#: What a finding calls the units of a rule.
_UNITS = {
    CountingRule.CHARACTERS: "characters",
    CountingRule.GRAPHEMES: "characters",
    CountingRule.UTF16: "characters",
    CountingRule.WEIGHTED: "characters as X counts",
    CountingRule.SMS: "septets",
    CountingRule.WIDTH: "characters, a wide one as two",
    CountingRule.WORDS: "words",
    CountingRule.LINES: "lines",
    CountingRule.BYTES: "bytes",
    CountingRule.GBK_BYTES: "bytes, a Chinese character as two",
}

#: What is said of a text over each kind of limit.
_SAID = {
    "length": "{used} {units}; the limit is {limit}.",
    "asked_length": "{used} {units}; this step asks for at most {limit}.",
    "recommended_length": "{used} {units}; recommended are {limit}.",
    "truncation": "{used} {units}; what is shown ends after {limit}.",
}


def within(text: str, asked: CopyField, place: ChannelField, name: str = "") -> tuple[Finding, ...]:
    """Everything a text of this field breaks. `asked` is the field of the step, `place` the one of the channel."""
    if not text.strip():
        return (_found("empty", Severity.ERROR, "There is no text.", name),)
    used = count(text, place.counting)
    findings = [
        *_over(text, used, place.hard_limit, place, "length", Severity.ERROR, name),
        *tags(text, place.max_hashtags, name),
        *signs(text, place.max_emoji, name),
    ]
    if findings and findings[0].rule == "length":
        return tuple(findings)
    tightest = asked.max_chars if asked.max_chars != place.target else None
    findings += _over(text, used, tightest, place, "asked_length", Severity.WARNING, name)
    findings += _over(text, used, place.recommended, place, "recommended_length", Severity.WARNING, name)
    findings += _over(text, used, place.truncation, place, "truncation", Severity.NOTE, name)
    return tuple(findings)


def holds(text: str, place: ChannelField | None, max_chars: int) -> bool:
    """Whether a text keeps the hard limit of its field; without a channel, what the step asks for."""
    if place is None:
        return bool(text.strip()) and len(text) <= max_chars
    return bool(text.strip()) and (place.hard_limit is None or count(text, place.counting) <= place.hard_limit)


def lines(many: int, place: ChannelField, channel: str) -> tuple[Finding, ...]:
    """More or fewer alternatives than the channel takes together. Where it takes one, the others are there to choose from."""
    values: dict[str, Words] = {"count": many, "channel": channel}
    if place.most is not None and 1 < place.most < many:
        said = "There are {count}; {channel} takes at most {most}."
        values |= {"most": place.most, "over": many - place.most}
        return (_found("line_count", Severity.ERROR, said, place.name, None, "Take {over} out.", **values),)
    if many < place.least and (place.most is None or place.most > 1):
        said = "There are {count}; {channel} needs at least {least}."
        values |= {"least": place.least, "under": place.least - many}
        return (_found("line_count", Severity.WARNING, said, place.name, None, "Add {under}.", **values),)
    return ()


def tags(text: str, most: int | None, name: str = "") -> tuple[Finding, ...]:
    """More hashtags than the place takes; the span is the first one too many."""
    found = [match.span() for match in HASHTAG.finditer(text)]
    if most is None or len(found) <= most:
        return ()
    said = "{used} hashtags; at most {most} are allowed."
    return (_found("hashtag_count", Severity.ERROR, said, name, (found[most][0], len(text)), "Keep {most}.", used=len(found), most=most),)


def signs(text: str, most: int | None, name: str = "") -> tuple[Finding, ...]:
    """More emoji than the place takes; the span is the first one too many."""
    found = emojis(text)
    if most is None or len(found) <= most:
        return ()
    said = "{used} emoji; at most {most} are allowed." if most else "Emoji are not allowed here."
    return (_found("emoji_count", Severity.ERROR, said, name, found[most], "Leave it out.", used=len(found), most=most),)


def contradictions(spec: CopySpec, channel: Channel | None, kit: BrandKit) -> tuple[Finding, ...]:
    """What no text could obey at once: the step against its channel, the brand kit against itself and against the room there is."""
    findings = list(kit_contradictions(kit))
    if channel is not None:
        if not channel.serves(spec.language):
            said = "{channel} is for {languages}; this copy is written in {language}."
            values: dict[str, Words] = {"channel": channel.name.en, "languages": ", ".join(channel.languages), "language": spec.language}
            mend = "Change the language or the channel."
            findings.append(_found("channel_language", Severity.WARNING, said, "language", None, mend, **values))
        findings += [finding for asked in spec.fields for finding in _field(asked, channel)]
    rooms = [_room(asked, channel, spec.language) for asked in spec.fields]
    for word in kit.required_words:
        if len(word) > max(rooms):
            said, mend = "The required “{word}” is longer than any field of this step.", "Add a longer field, or drop the word."
            findings.append(_found("required_word", Severity.ERROR, said, "required_words", None, mend, word=word))
    return (*findings, *_together(spec, kit, rooms))


def _together(spec: CopySpec, kit: BrandKit, rooms: Sequence[int]) -> tuple[Finding, ...]:
    """The longest field carries the required words that fit into it at all: they must fit with a space between them."""
    most = max(rooms)
    fitting = [word for word in kit.required_words if len(word) <= most]
    needed = sum(len(word) for word in fitting) + len(fitting) - 1
    if len(fitting) < 2 or needed <= most:
        return ()
    said = "The required words {words} do not fit into “{name}” together: they need {needed} characters, and it holds {room}."
    values: dict[str, Words] = {"words": ", ".join(f"“{word}”" for word in fitting), "needed": needed, "room": most}
    mend = "Require fewer words, or add a longer field."
    return (
        _found("required_word", Severity.ERROR, said, "required_words", None, mend, name=spec.fields[rooms.index(most)].name, **values),
    )


def _field(asked: CopyField, channel: Channel) -> list[Finding]:
    place = channel.field(asked.name)
    if place is None:
        known = ", ".join(field.name for field in channel.fields)
        values: dict[str, Words] = {"channel": channel.name.en, "name": asked.name, "known": known}
        # Another step may need it (a headline for a banner): it is held to what the step asks.
        said = "{channel} has no field called “{name}”."
        return [_found("channel_field", Severity.NOTE, said, asked.name, None, "It has: {known}.", **values)]
    findings = []
    if place.hard_limit is not None and asked.max_chars > place.hard_limit:
        said = "The step allows {asked}, {channel} takes {most} {units}; that limit holds."
        allowed: dict[str, Words] = {"asked": asked.max_chars, "most": place.hard_limit, "units": _units(place)}
        mend = "Ask for at most {most}."
        findings.append(_found("limit_conflict", Severity.WARNING, said, asked.name, None, mend, channel=channel.name.en, **allowed))
    if place.most is not None and 1 < place.most < asked.count:
        said = "The step asks for {asked}, {channel} takes {most}."
        counted: dict[str, Words] = {"asked": asked.count, "channel": channel.name.en, "most": place.most}
        findings.append(_found("count_conflict", Severity.WARNING, said, asked.name, None, "Ask for at most {most}.", **counted))
    return findings


def _room(asked: CopyField, channel: Channel | None, language: str) -> int:
    """Characters a field can hold."""
    place = channel.field(asked.name) if channel else None
    if place is None:
        return asked.max_chars
    limit = place.hard_limit or max(asked.max_chars, place.target)
    return characters_within(place.counting, limit, language.startswith("zh"))


def _over(text: str, used: int, limit: int | None, place: ChannelField, rule: str, severity: Severity, name: str) -> tuple[Finding, ...]:
    if limit is None or used <= limit:
        return ()
    values: dict[str, Words] = {"used": used, "units": _units(place), "limit": limit, "over": used - limit}
    message = _SAID[rule]
    if place.counting is CountingRule.SMS and rule == "length":
        sent = sms(text)
        message = "{segments} messages in {encoding} ({used} septets); the limit is one of {limit}."
        values |= {"segments": sent.segments, "encoding": sent.encoding}
    span = (overflow(text, place.counting, limit), len(text))
    return (_found(rule, severity, message, name, span, "Make it {over} shorter.", **values),)


def _units(place: ChannelField) -> Said:
    return Said(message_id=_UNITS[place.counting])


def _found(
    rule: str, severity: Severity, message: str, field: str, span: tuple[int, int] | None = None, suggestion: str = "", **values: Words
) -> Finding:
    return Finding.of(rule, severity, message, field, span, suggestion, given=values)
