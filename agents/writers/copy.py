"""Writes copy: for each field more candidates than needed, kept only when they pass every check, mended, else shown as failing.

Nothing is ever cut to fit. What still fails after the repair rounds is delivered with its findings, so that a person sees it.
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
from agents.checks.brand import brand
from agents.writers.calls import Assignment, Desk, errors, fault_list, lines_schema, message, room, sampling_of
from domain.chat import ChatModel, Message
from domain.context import StepContext
from domain.documents import CopyDocument, CopyLine, CopySlot
from domain.errors import InputError, InvalidOutput
from domain.finding import Finding, Severity
from domain.progress import Progress
from domain.specs import CopyField, CopySpec

#: Raised when the same context, seed and model give other copy.
MAKER_VERSION = 1

_REPAIRS = 2
_LONGEST = 700
#: Average characters of an English word with its space, in advertising copy.
_ENGLISH_WORD = 6.3

Judged = tuple[str, tuple[Finding, ...]]


@dataclass(frozen=True)
class _Slot:
    """One field being written: its prompt data and what its lines are held against."""

    field: CopyField
    data: dict[str, Any]
    spec: CopySpec
    material: truth.Material
    required: tuple[str, ...]


def write_copy(context: StepContext, chat: ChatModel, seed: int, progress: Progress, desk: Desk) -> CopyDocument:
    """All fields of a copy item. Lines without findings passed every check; the others say what fails.

    Raises InputError when the step is not a copy step, InvalidOutput when a field came back empty, Cancelled, and what the chat raises.
    """
    spec = context.spec
    if not isinstance(spec, CopySpec):
        raise InputError(f"A copy writer was given a {spec.kind} step.", field="spec.kind")
    run = Assignment(context, chat, seed, progress, desk)
    material = sources_of(run)
    carrier = max(spec.fields, key=lambda field: field.max_chars)
    slots = []
    for number, field in enumerate(spec.fields):
        progress.report(number / len(spec.fields), f"writing {field.name}")
        # Required words concern the item: the longest field carries them, a 20-character button cannot.
        required = tuple(w for w in context.brand.required_words if len(w) < field.max_chars) if field is carrier else ()
        slots.append(_written(run, _Slot(field, _field_data(desk, field.name), spec, material, required)))
    progress.report(1.0, "copy written")
    return CopyDocument(language=spec.language, slots=tuple(slots))


def sources_of(run: Assignment) -> truth.Material:
    """Everything a text of this step may state: what the person wrote and approved, nothing an earlier draft of the step said."""
    context, spec = run.context, run.context.spec
    wished = [str(getattr(spec, name, "")) for name in ("about", "angle", "tone")]
    kit = context.brand
    return truth.Material.of(
        context.material, *wished, context.note, *(given.text for given in context.inputs),
        kit.name, *kit.required_words, *kit.glossary.values(), *kit.lexicon,
    )  # fmt: skip


def _written(run: Assignment, slot: _Slot) -> CopySlot:
    """1. ask  2. judge  3. mend what is short, a bounded number of times  4. fill with what fails, its findings shown."""
    field = slot.field
    passed: list[str] = []
    failed: list[Judged] = []
    latest: list[Judged] = []
    chosen: list[str] = []
    for attempt in range(1 + _REPAIRS):
        candidates = _candidates(run, slot, field.count - len(chosen), attempt, latest)
        latest = [(line, judge(run, slot, line)) for line in candidates]
        passed += [line for line, findings in latest if not findings]
        latest = [pair for pair in latest if pair[1]]
        failed += latest
        chosen = _chosen(run, slot, passed)
        if len(chosen) == field.count:
            break
    # Lines that pass alone but say what a chosen one says.
    failed += [(line, wording.near_duplicate(line, chosen, field.name)) for line in passed if line not in chosen]
    lines = [CopyLine(text=line) for line in chosen]
    for line, findings in sorted(failed, key=lambda pair: errors(pair[1])):
        if len(lines) < field.count and findings and all(line != known.text for known in lines):
            lines.append(CopyLine(text=line, findings=findings))
    if not lines:
        raise InvalidOutput(
            f"The chat model gave no usable text for “{field.name}”.", hint="Try again, or use a larger model.", field=field.name
        )
    return CopySlot(name=field.name, max_chars=field.max_chars, lines=tuple(lines))


def _chosen(run: Assignment, slot: _Slot, passed: Sequence[str]) -> list[str]:
    """`count` lines that differ from each other, in the order written, those that have nothing of the subject in them last."""
    subject = f"{slot.spec.about} {run.context.brand.name} {run.context.note}"
    chosen: list[str] = []
    for line in sorted(passed, key=lambda line: wording.kinship(line, subject) == 0.0):
        if len(chosen) < slot.field.count and not wording.near_duplicate(line, chosen):
            chosen.append(line)
    return chosen


def judge(run: Assignment, slot: _Slot, line: str) -> tuple[Finding, ...]:
    """Every check a line of this field must pass."""
    field, lists, kit = slot.field.name, run.desk.words, run.context.brand
    long = slot.field.max_chars > 120 and not slot.data.get("tags")
    findings = [
        *wording.length(line, slot.field.max_chars, field),
        *wording.plain(line, lists, run.language, field, sentences=long),
        *wording.required(line, slot.required, field),
        *brand(line, kit, field),
        *wording.near_duplicate(line, run.context.avoid, field),
        *_echoes(run, slot, line),
    ]
    if not slot.data.get("fiction"):
        findings += truth.facts(line, slot.material, lists, field)
    if slot.data.get("tags") and not all(re.fullmatch(r"#[\w-]+", tag) for tag in line.split()):
        findings.append(
            Finding(rule="hashtags", severity=Severity.ERROR, message="Not a row of #tags.", field=field, suggestion="#Like #This")
        )
    return tuple(findings)


def _echoes(run: Assignment, slot: _Slot, line: str) -> tuple[Finding, ...]:
    """It repeats the brief, or an example it was shown."""
    data = run.desk.prompts("copy")
    shown = [text for row in slot.data[run.speaks]["examples"] for text in row]
    shown += data[run.speaks]["fiction_subjects" if slot.data.get("fiction") else "subjects"]
    copied = any(wording.shared_run(line, text) >= 4 for text in shown)
    if copied or wording.near_duplicate(line, shown) or any(n in line and not slot.material.holds(n) for n in data["example_names"]):
        return (
            Finding(
                rule="echo", severity=Severity.ERROR, message="It repeats an example.", field=slot.field.name, suggestion="Write it anew."
            ),
        )
    if wording.similarity(line, slot.spec.about) > 0.7 and not slot.data.get("tags"):
        return (
            Finding(
                rule="echo", severity=Severity.WARNING, message="It repeats the brief.", field=slot.field.name, suggestion="Say it anew."
            ),
        )
    return ()


def _candidates(run: Assignment, slot: _Slot, missing: int, attempt: int, failed: Sequence[Judged]) -> list[str]:
    """One call. The second attempt names what failed and why; the third starts fresh with another seed, as a small model may be stuck."""
    data, field = run.desk.prompts("copy"), slot.field
    count = min(12, missing + (3 if field.max_chars <= 60 else 1 if field.max_chars <= 160 else 0))
    longest = min(_LONGEST, math.ceil(field.max_chars * 1.5) + 16) if field.max_chars < _LONGEST else _LONGEST
    # A spoken text that is far too short leaves its seconds empty; only such fields ask for a least length.
    least = min(_LONGEST // 2, int(field.max_chars * slot.data.get("fill", 0)))
    turns = [*_examples(run, slot), message("user", _question(run, slot, count))]
    if attempt == 1 and failed:
        said = data[run.speaks]
        faults = fault_list(failed[:4], said["fault"])
        turns[-1] = message("user", turns[-1].content + "\n" + Template(said["repair"]).substitute(faults=faults, count=count))
    reply = run.ask_json(
        f"{field.name}/{attempt}",
        turns,
        sampling_of(data, run.speaks),
        room(count, longest),
        lines_schema(count, least, longest, run.script),
    )
    lines = (_tidy(str(line)) for line in reply.get("lines", ()))
    # A line as long as the schema allows was cut by it.
    return [line for line in dict.fromkeys(lines) if line and len(line) < longest]


def _examples(run: Assignment, slot: _Slot) -> list[Message]:
    said, mine = run.desk.prompts("copy")[run.speaks], slot.data[run.speaks]
    subjects = said["fiction_subjects" if slot.data.get("fiction") else "subjects"]
    turns: list[Message] = []
    for subject, lines in zip(subjects, mine["examples"], strict=True):
        longest = max(wording.words(line) for line in lines)
        limit = Template(said["limit_short"]).substitute(words=longest)
        turns.append(message("user", Template(said["ask"]).substitute(what=mine["what"], limit=limit, about=subject)))
        turns.append(message("assistant", '{"lines": [' + ", ".join(f'"{line}"' for line in lines) + "]}"))
    return turns


def _question(run: Assignment, slot: _Slot, count: int) -> str:
    data = run.desk.prompts("copy")
    said, spec, chars = data[run.speaks], slot.spec, slot.field.max_chars
    per_word = 1.0 if run.speaks == "zh" else _ENGLISH_WORD
    most = max(1, int(chars / per_word))
    limit = Template(said["limit_short"] if chars <= 160 else said["limit_long"]).substitute(
        words=most if chars <= 160 else int(most * 0.75), chars=chars
    )
    generic = slot.data["names"] == [""] and slot.field.name not in ("body", "description", "text", "正文")
    what = f"{slot.field.name}: {slot.data[run.speaks]['what']}" if generic else slot.data[run.speaks]["what"]
    rows = [Template(said["ask"]).substitute(what=what, limit=limit, about=spec.about)]
    wishes = {"angle": spec.angle, "tone": spec.tone, "note": run.context.note}
    rows += [Template(said[key]).substitute({key: value}) for key, value in wishes.items() if value]
    if run.language.split("-")[0] in data["languages"]:
        rows.append(Template(said["language"]).substitute(language=data["languages"][run.language.split("-")[0]]))
    return " ".join([*rows, Template(said["count"]).substitute(count=count)])


def _field_data(desk: Desk, name: str) -> dict[str, Any]:
    wanted = name.casefold()
    found: dict[str, Any] = next(data for data in desk.prompts("copy")["field"] if any(part in wanted for part in data["names"]))
    return found


def _tidy(line: str) -> str:
    """Without the wrapping a model puts around a line: quotation marks, numbering, doubled spaces. No word is touched."""
    line = re.sub(r"\s+", " ", line).strip()
    line = re.sub(r"^(?:\d{1,2}[.)]\s+|[-•]\s+)", "", line)
    if len(line) > 2 and (line[0], line[-1]) in {('"', '"'), ("“", "”"), ("'", "'"), ("「", "」"), ("‘", "’")}:
        line = line[1:-1].strip()
    return line
