"""Writes copy: for each field more candidates than needed, kept only when they pass every check, mended, else shown as failing.

Nothing is ever cut to fit. What still fails after the repair rounds is delivered with its findings, so that a person sees it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.checks import facts as truth
from agents.checks import limits
from agents.checks import text as wording
from agents.checks.brand import brand
from agents.checks.reading import reading_level
from agents.writers.calls import Assignment, Desk, errors, lines_schema, room, sampling_of
from agents.writers.copy_item import asks_for_act, calls, hardest, item_findings
from agents.writers.copy_prompt import Judged, Slot, bounds, candidates_wanted, field_data, tidy, turns
from agents.writers.likeness import Likeness
from domain.channel import Channel
from domain.chat import ChatModel, Embedder
from domain.context import StepContext
from domain.documents import CopyDocument, CopyLine, CopySet, CopySlot
from domain.errors import InputError, InvalidOutput
from domain.finding import Finding, Severity
from domain.progress import Progress
from domain.specs import CopyField, CopySpec

#: Raised when the same context, seed and model give other copy.
MAKER_VERSION = 4

_REPAIRS = 2
#: The fields of a step for which nobody chose any: a channel then gives its own.
_UNASKED: tuple[CopyField, ...] = CopySpec.model_fields["fields"].default


@dataclass(frozen=True)
class _Work:
    """What all fields of one step share. said: the lines of the sets before this one, by field."""

    run: Assignment
    spec: CopySpec
    channel: Channel | None
    material: truth.Material
    likeness: Likeness
    label: str = ""
    angle: str = ""
    said: tuple[CopySlot, ...] = ()

    def before(self, field: str) -> list[str]:
        return [line.text for slot in self.said if slot.name == field for line in slot.lines]


def write_copy(
    context: StepContext, chat: ChatModel, seed: int, progress: Progress, desk: Desk, embedder: Embedder | None = None
) -> CopyDocument:
    """All fields of a copy item, once per variant. Lines without findings passed every check; the others say what fails.

    embedder: tells lines that say the same in other words; None compares their letters.
    Raises InputError when the step is not a copy step or names a channel or framework there is none of, InvalidOutput when a field
    came back empty, Cancelled, and what the chat raises.
    """
    spec = context.spec
    if not isinstance(spec, CopySpec):
        raise InputError("A copy writer was given a {kind} step.", field="spec.kind", kind=spec.kind)
    require_copy(spec, desk)
    run = Assignment(context, chat, seed, progress, desk)
    channel = desk.channels.get(spec.channel) if spec.channel else None
    if channel is not None and spec.fields == _UNASKED:
        spec = spec.model_copy(update={"fields": channel.copy_fields})
    work = _Work(run, spec, channel, sources_of(run), Likeness(embedder, desk.crafts.likeness))
    angles = desk.crafts.angles(spec.variants, run.speaks, seed, spec.angle) if spec.variants > 1 else (spec.angle,)
    sets: list[CopySet] = []
    for number, angle in enumerate(angles):
        said = tuple(slot for one in sets for slot in one.slots)
        mine = replace(work, label="ABCDEF"[number] if number else "", angle=angle, said=said)
        sets.append(CopySet(label="ABCDEF"[number], angle=angle, slots=_set(mine, number / len(angles), 1 / len(angles))))
    progress.report(1.0, "copy written")
    return CopyDocument(
        language=spec.language,
        slots=sets[0].slots,
        channel=spec.channel,
        angle=sets[0].angle,
        variants=tuple(sets[1:]),
        findings=item_findings(run, spec, channel, sets),
    )


def require_copy(spec: CopySpec, desk: Desk) -> None:
    """Raises InputError at the field for a channel or framework that does not exist."""
    if spec.channel:
        desk.channels.get(spec.channel)
    if spec.framework:
        desk.crafts.get(spec.framework)


def sources_of(run: Assignment) -> truth.Material:
    """Everything a text of this step may state: what the person wrote and approved, nothing an earlier draft of the step said."""
    context, spec = run.context, run.context.spec
    wished = [str(getattr(spec, name, "")) for name in ("about", "angle", "tone")]
    kit = context.brand
    return truth.Material.of(
        context.material, *wished, context.note, *(given.text for given in context.inputs),
        kit.name, *kit.required_words, *kit.glossary.values(), *kit.lexicon,
    )  # fmt: skip


def _set(work: _Work, start: float, share: float) -> tuple[CopySlot, ...]:
    """One set: every field of the step, in order."""
    run, spec = work.run, work.spec
    slots = [_slot(work, field, ()) for field in spec.fields]
    carrier = max(slots, key=lambda slot: slot.chars)
    written = []
    for number, slot in enumerate(slots):
        run.progress.report(start + share * number / len(slots), f"writing {slot.field.name}")
        if slot is carrier:
            # Required words concern the item: the longest field carries them, a 20-character button cannot.
            slot = replace(slot, required=tuple(word for word in run.context.brand.required_words if len(word) < slot.chars))
        written.append(_written(work, slot))
    return tuple(written)


def _slot(work: _Work, field: CopyField, required: tuple[str, ...]) -> Slot:
    place = work.channel.field(field.name) if work.channel else None
    return Slot(field, field_data(work.run.desk, field.name), work.spec, work.material, required, place, work.angle)


def _written(work: _Work, slot: Slot) -> CopySlot:
    """1. ask  2. judge  3. mend what is short, a bounded number of times  4. fill with what fails, its findings shown."""
    field = slot.field
    passed: list[Judged] = []
    failed: list[Judged] = []
    latest: list[Judged] = []
    chosen: list[Judged] = []
    for attempt in range(1 + _REPAIRS):
        lines = _candidates(work, slot, max(1, field.count - len(chosen)), attempt, latest)
        judged = [(line, judge(work.run, slot, line)) for line in lines]
        passed += [pair for pair in judged if _passes(pair[1])]
        latest = [pair for pair in judged if not _passes(pair[1])]
        failed += latest
        chosen = _chosen(work, slot, passed)
        silent = asks_for_act(work.run, slot) and not any(calls(work.run, slot, line) for line, _ in chosen)
        if len(chosen) == field.count and not silent:
            break
        if silent:
            latest += [(line, wording.call_to_action([line], work.run.desk.words, field.name)) for line, _ in chosen]
    kept = [line for line, _ in chosen]
    # Lines that pass alone but say what a chosen one, or one of an earlier set, says.
    failed += [
        (line, (*findings, *work.likeness.repeats(line, [*kept, *work.before(field.name)], field.name)))
        for line, findings in passed
        if line not in kept
    ]
    delivered = [CopyLine(text=line, findings=findings) for line, findings in chosen]
    for line, findings in sorted(failed, key=lambda pair: (_overlong(pair[1]), errors(pair[1]))):
        if len(delivered) < field.count and not _passes(findings) and all(line != known.text for known in delivered):
            delivered.append(CopyLine(text=line, findings=findings))
    if not delivered:
        raise InvalidOutput(
            "The chat model gave no usable text for “{value}”.",
            hint="Try again, or use a larger model.",
            field=field.name,
            value=field.name,
        )
    place = slot.place
    return CopySlot(
        name=field.name,
        max_chars=field.max_chars,
        lines=tuple(delivered),
        counting=slot.counting,
        hard_limit=place.hard_limit if place else None,
        recommended=place.recommended if place else None,
        truncation=place.truncation if place else None,
    )


def _passes(findings: Sequence[Finding]) -> bool:
    """Nothing but notes."""
    return all(finding.severity is Severity.NOTE for finding in findings)


def _overlong(findings: Sequence[Finding]) -> bool:
    """Over the hard limit: the last that is delivered, as no place takes it."""
    return any(finding.rule == "length" for finding in findings)


def _chosen(work: _Work, slot: Slot, passed: Sequence[Judged]) -> list[Judged]:
    """`count` lines that differ from each other and from the sets before, those that have nothing of the subject in them last.

    Where one is to ask for an act, one that does comes first.
    """
    subject = f"{slot.spec.about} {work.run.context.brand.name} {work.run.context.note}"
    chosen: list[Judged] = []
    before = work.before(slot.field.name)
    ordered = sorted(passed, key=lambda pair: wording.kinship(pair[0], subject) == 0.0)
    asking = [pair for pair in ordered if calls(work.run, slot, pair[0])][:1] if asks_for_act(work.run, slot) else []
    for line, findings in [*asking, *(pair for pair in ordered if pair not in asking)]:
        known = [text for text, _ in chosen]
        if len(chosen) < slot.field.count and not work.likeness.repeats(line, [*known, *before]):
            chosen.append((line, findings))
    return chosen


def judge(run: Assignment, slot: Slot, line: str) -> tuple[Finding, ...]:
    """Every check a line of this field must pass."""
    field, lists, kit = slot.field.name, run.desk.words, run.context.brand
    long = slot.chars > 120 and not slot.data.get("tags") and not slot.data.get("fragments")
    place = slot.place
    findings = [
        *(limits.within(line, slot.field, place, field) if place else wording.length(line, slot.field.max_chars, field)),
        *wording.plain(line, lists, run.language, field, sentences=long),
        *wording.required(line, slot.required, field),
        *brand(line, kit, field),
        *wording.near_duplicate(line, run.context.avoid, field),
        *_echoes(run, slot, line),
    ]
    most = hardest(run, slot.spec)
    if most is not None and not slot.data.get("tags"):
        findings += reading_level(line, run.desk.words.reading, most, field)
    if not slot.data.get("fiction"):
        findings += truth.facts(line, slot.material, lists, field)
    if slot.data.get("tags") and not all(re.fullmatch(r"#[\w-]+", tag) for tag in line.split()):
        findings.append(Finding.of("hashtags", Severity.ERROR, "Not a row of #tags.", field, suggestion="#Like #This"))
    return tuple(findings)


def _echoes(run: Assignment, slot: Slot, line: str) -> tuple[Finding, ...]:
    """It repeats the brief, an example it was shown, or what it was told of how to build the text."""
    data = run.desk.prompts("copy")
    shown = [text for row in slot.data[run.speaks]["examples"] for text in row]
    shown += data[run.speaks]["fiction_subjects" if slot.data.get("fiction") else "subjects"]
    # Of a short line less of an example is enough: "Stone Oven" is no headline for coffee.
    most = min(4, max(2, math.ceil(0.6 * wording.words(line))))
    copied = not slot.material.holds(line) and any(wording.shared_run(line, text) >= most for text in shown)
    if copied or wording.near_duplicate(line, shown) or any(n in line and not slot.material.holds(n) for n in data["example_names"]):
        return (Finding.of("echo", Severity.ERROR, "It repeats an example.", slot.field.name, suggestion="Write it anew."),)
    span = run.desk.crafts.get(slot.spec.framework).leaked(line) if slot.spec.framework else None
    if span is not None:
        said, words = "“{words}” says how the text is built.", line[slice(*span)].strip()
        return (Finding.of("leakage", Severity.ERROR, said, slot.field.name, span, "Leave it out.", words=words),)
    if wording.similarity(line, slot.spec.about) > 0.7 and not slot.data.get("tags"):
        return (Finding.of("echo", Severity.WARNING, "It repeats the brief.", slot.field.name, suggestion="Say it anew."),)
    return ()


def _candidates(work: _Work, slot: Slot, missing: int, attempt: int, failed: Sequence[Judged]) -> list[str]:
    """One call."""
    run, field = work.run, slot.field
    count, (least, longest) = candidates_wanted(slot, missing), bounds(slot)
    reply = run.ask_json(
        f"{work.label + '/' if work.label else ''}{field.name}/{attempt}",
        turns(run, slot, count, attempt, failed),
        sampling_of(run.desk.prompts("copy"), run.speaks),
        room(count, longest),
        lines_schema(count, least, longest, run.script),
    )
    lines = (tidy(str(line)) for line in reply.get("lines", ()))
    # A line as long as the schema allows was cut by it.
    return [line for line in dict.fromkeys(lines) if line and len(line) < longest]
