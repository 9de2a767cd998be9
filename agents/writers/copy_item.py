"""What is asked of a copy item as a whole: limits that agree, as many lines as the channel takes, a call to action, the reading level.

A single line is judged in agents/writers/copy.py. Asks no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agents.checks import limits
from agents.checks import text as wording
from agents.checks.reading import reading_level
from agents.writers.calls import Assignment
from agents.writers.copy_prompt import Slot, field_data
from domain.channel import Channel, ChannelField
from domain.documents import CopySet, CopySlot
from domain.finding import Finding
from domain.specs import CopySpec

#: Languages whose imperatives are known.
_KNOWN = ("en", "zh")


def item_findings(run: Assignment, spec: CopySpec, channel: Channel | None, sets: Sequence[CopySet]) -> tuple[Finding, ...]:
    """Each once, however many sets say the same of a field."""
    found = list(limits.contradictions(spec, channel, run.context.brand))
    for one in sets:
        for slot in one.slots:
            place = channel.field(slot.name) if channel else None
            found += limits.lines(len(slot.lines), place, channel.name.en) if channel and place else ()
            found += _uncalled(run, channel, slot)
        found += _too_hard(run, spec, one)
    return tuple({(f.rule, f.field, f.message): f for f in found}.values())


def asks_for_act(run: Assignment, slot: Slot) -> bool:
    """One of the field's texts at least is to ask the reader to do something."""
    return _expected(run, slot.data, slot.place)


def calls(run: Assignment, slot: Slot, line: str) -> bool:
    return wording.calls(line, run.desk.words.calls, bool(slot.data.get("button")))


def hardest(run: Assignment, spec: CopySpec) -> float | None:
    """The most that a text of this step may read, None where nothing was asked or nothing is measured in its language."""
    level = run.desk.crafts.reading_level.get(spec.reading_level)
    return level.most.get(run.script) if level is not None else None


def _uncalled(run: Assignment, channel: Channel | None, slot: CopySlot) -> tuple[Finding, ...]:
    place, data = channel.field(slot.name) if channel else None, field_data(run.desk, slot.name)
    if not slot.lines or not _expected(run, data, place):
        return ()
    return wording.call_to_action([line.text for line in slot.lines], run.desk.words, slot.name, bool(data.get("button")))


def _expected(run: Assignment, data: Mapping[str, Any], place: ChannelField | None) -> bool:
    """By the field's row of copy.toml, or by its channel."""
    return run.script in _KNOWN and (bool(data.get("button")) or (place is not None and place.call))


def _too_hard(run: Assignment, spec: CopySpec, one: CopySet) -> tuple[Finding, ...]:
    """The first texts of all fields together: most of them are too short to be measured alone."""
    most = hardest(run, spec)
    if most is None:
        return ()
    firsts = [slot.lines[0].text for slot in one.slots if slot.lines and not field_data(run.desk, slot.name).get("tags")]
    whole = "\n".join(text if text.rstrip().endswith(tuple(wording.SENTENCE_END)) else f"{text}." for text in firsts)
    return tuple(finding.model_copy(update={"span": None}) for finding in reading_level(whole, run.desk.words.reading, most))
