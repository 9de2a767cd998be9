"""What the model is asked when copy is written: worked examples of the field, the question, and what failed the last time.

Knows assets/prompts/copy.toml. Does not judge a line; agents/writers/copy.py does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import Template
from typing import Any

from agents.checks import facts as truth
from agents.checks import text as wording
from agents.writers.calls import Assignment, Desk, message
from domain.channel import ChannelField
from domain.chat import Message
from domain.counting import CountingRule, characters_within
from domain.finding import Finding
from domain.specs import CopyField, CopySpec

Judged = tuple[str, tuple[Finding, ...]]

#: The longest text one call is asked for, in characters.
LONGEST = 700
#: Average characters of an English word with its space, in advertising copy.
_ENGLISH_WORD = 6.3
#: A text with this much room can follow a framework from end to end.
_ROOMY = 80
#: Each attempt after the first asks for this much less, where the last was too long.
_TIGHTER = 0.8


@dataclass(frozen=True)
class Slot:
    """One field being written: its prompt data and what its lines are held against. place: the field of the channel, if any."""

    field: CopyField
    data: dict[str, Any]
    spec: CopySpec
    material: truth.Material
    required: tuple[str, ...]
    place: ChannelField | None = None
    angle: str = ""

    @property
    def chars(self) -> int:
        """About how many characters the field is written to."""
        limit = self.field.max_chars
        if self.place is None:
            return limit
        if self.place.hard_limit is not None:
            limit = min(limit, self.place.hard_limit)
        return characters_within(self.place.counting, limit, self.spec.language.split("-")[0] == "zh")

    @property
    def counting(self) -> CountingRule:
        return self.place.counting if self.place else CountingRule.CHARACTERS


def candidates_wanted(slot: Slot, missing: int) -> int:
    """How many lines one call is asked for: more than needed where lines are short and often fail."""
    return min(12, missing + (3 if slot.chars <= 60 else 1 if slot.chars <= 160 else 0))


def bounds(slot: Slot) -> tuple[int, int]:
    """(least, longest) characters the schema lets a line have. Looser than the limit, so that a long line shows and is not cut."""
    longest = min(LONGEST, math.ceil(slot.chars * 1.5) + 16) if slot.chars < LONGEST else LONGEST
    # A spoken text that is far too short leaves its seconds empty; only such fields ask for a least length.
    return min(LONGEST // 2, int(slot.chars * slot.data.get("fill", 0))), longest


def turns(run: Assignment, slot: Slot, count: int, attempt: int, failed: Sequence[Judged]) -> list[Message]:
    """The second attempt names what failed and why; the third starts fresh, as a small model may be stuck."""
    question = _question(run, slot, count, tighter=attempt > 0 and any(_too_long(findings) for _, findings in failed))
    if attempt == 1 and failed:
        said = run.desk.prompts("copy")[run.speaks]
        rows = [Template(said["fault"]).substitute(text=text, why=_why(text, findings, said)) for text, findings in failed[:4]]
        question += "\n" + Template(said["repair"]).substitute(faults="\n".join(rows), count=count)
    return [*_examples(run, slot), message("user", question)]


def field_data(desk: Desk, name: str) -> dict[str, Any]:
    """The row of copy.toml that a field's name asks for; the last one fits all."""
    wanted = name.casefold()
    found: dict[str, Any] = next(data for data in desk.prompts("copy")["field"] if any(part in wanted for part in data["names"]))
    return found


def tidy(line: str) -> str:
    """Without the wrapping a model puts around a line: quotation marks, numbering, doubled spaces. No word is touched."""
    line = re.sub(r"\s+", " ", line).strip()
    line = re.sub(r"^(?:\d{1,2}[.)]\s+|[-•]\s+)", "", line)
    if len(line) > 2 and (line[0], line[-1]) in {('"', '"'), ("“", "”"), ("'", "'"), ("「", "」"), ("‘", "’")}:
        line = line[1:-1].strip()
    return line


def _too_long(findings: Sequence[Finding]) -> bool:
    return any(finding.rule in ("length", "recommended_length", "asked_length") for finding in findings)


def _why(text: str, findings: Sequence[Finding], said: dict[str, str]) -> str:
    """What was wrong, with the words that are at fault."""
    parts = []
    for finding in findings:
        part = finding.message
        if finding.span and finding.rule in ("length", "recommended_length", "asked_length"):
            part += " " + Template(said["too_much"]).substitute(text=text[slice(*finding.span)].strip())
        parts.append(part)
    return " ".join(parts)


def _examples(run: Assignment, slot: Slot) -> list[Message]:
    said, mine = run.desk.prompts("copy")[run.speaks], slot.data[run.speaks]
    subjects = said["fiction_subjects" if slot.data.get("fiction") else "subjects"]
    shown: list[Message] = []
    for subject, lines in zip(subjects, mine["examples"], strict=True):
        longest = max(wording.words(line) for line in lines)
        limit = Template(said["limit_short"]).substitute(words=longest)
        shown.append(message("user", Template(said["ask"]).substitute(what=mine["what"], limit=limit, about=subject)))
        shown.append(message("assistant", '{"lines": [' + ", ".join(f'"{line}"' for line in lines) + "]}"))
    return shown


def _question(run: Assignment, slot: Slot, count: int, *, tighter: bool) -> str:
    data, chars = run.desk.prompts("copy"), slot.chars
    said, spec = data[run.speaks], slot.spec
    if tighter:
        chars = max(2, int(chars * _TIGHTER))
    per_word = 1.0 if run.speaks == "zh" else _ENGLISH_WORD
    most = max(1, int(chars / per_word))
    limit = Template(said["limit_short"] if chars <= 160 else said["limit_long"]).substitute(
        words=most if chars <= 160 else int(most * 0.75), chars=chars
    )
    generic = slot.data["names"] == [""] and slot.field.name not in ("body", "description", "text", "正文")
    what = f"{slot.field.name.replace('_', ' ')}: {slot.data[run.speaks]['what']}" if generic else slot.data[run.speaks]["what"]
    rows = [Template(said["ask"]).substitute(what=what, limit=limit, about=spec.about)]
    wishes = {"angle": slot.angle or spec.angle, "structure": _structure(run, slot), "tone": spec.tone, "note": run.context.note}
    rows += [Template(said[key]).substitute({key: value}) for key, value in wishes.items() if value]
    if spec.reading_level:
        rows.append(run.desk.crafts.reading_level[spec.reading_level].of(run.speaks))
    if slot.place is not None and slot.place.call and not slot.data.get("button"):
        rows.append(said["call"])
    if slot.place is not None and slot.place.max_hashtags and slot.data.get("tags"):
        rows.append(Template(said["tags"]).substitute(most=slot.place.max_hashtags))
    if run.language.split("-")[0] in data["languages"]:
        rows.append(Template(said["language"]).substitute(language=data["languages"][run.language.split("-")[0]]))
    return " ".join([*rows, Template(said["count"]).substitute(count=count)])


def _structure(run: Assignment, slot: Slot) -> str:
    """What the framework asks of this field: all of it where there is room, its opening where there is not, nothing of hashtags."""
    if not slot.spec.framework or slot.data.get("tags") or slot.data.get("fiction"):
        return ""
    framework = run.desk.crafts.get(slot.spec.framework)
    return (framework.long if slot.chars >= _ROOMY else framework.short).of(run.speaks)
