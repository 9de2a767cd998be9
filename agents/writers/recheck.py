"""A text that a person edited, held against every check its writer held it against. Asks no model; knows no page and no library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from agents.checks import facts as truth
from agents.checks import text as wording
from agents.checks.brand import brand
from agents.checks.forms import Written, form_findings
from agents.writers.calls import Assignment, Desk
from agents.writers.copy import judge, sources_of
from agents.writers.copy_item import item_findings
from agents.writers.copy_prompt import Slot, field_data
from agents.writers.sources import dateline
from domain.channel import Channel, ChannelField
from domain.chat import ChatModel
from domain.context import StepContext
from domain.documents import ArticleDocument, CopyDocument, CopyLine, CopySlot
from domain.errors import InputError
from domain.finding import Finding, Severity
from domain.progress import Silent
from domain.specs import ArticleSpec, CopyField, CopySpec

_NO_CHAT = cast(ChatModel, None)  # no check asks a model


def rechecked_copy(document: CopyDocument, context: StepContext, desk: Desk) -> CopyDocument:
    """The same texts with the findings they have now. Raises InputError when the context is not of a copy step."""
    spec = context.spec
    if not isinstance(spec, CopySpec):
        raise InputError("Copy was checked as {kind}.", field="spec.kind", kind=spec.kind)
    run = _run(context, desk)
    channel = desk.channels.get(spec.channel) if spec.channel else None
    sets = [_set(run, spec, channel, one.slots, one.angle) for one in document.sets]
    variants = tuple(one.model_copy(update={"slots": slots}) for one, slots in zip(document.variants, sets[1:], strict=True))
    checked = document.model_copy(update={"slots": sets[0], "variants": variants})
    return checked.model_copy(update={"findings": item_findings(run, spec, channel, checked.sets)})


def rechecked_article(document: ArticleDocument, context: StepContext, desk: Desk) -> ArticleDocument:
    """The findings' field is "headline" or "paragraph N", N from 1. Raises InputError when the context is not of an article step."""
    spec = context.spec
    if not isinstance(spec, ArticleSpec):
        raise InputError("An article was checked as {kind}.", field="spec.kind", kind=spec.kind)
    run = _run(context, desk)
    form = desk.forms[spec.form]
    material = None if form.get("fiction") else sources_of(run)
    blocks = [("headline", document.headline, False)] if document.headline else []
    for number, paragraph in enumerate(document.paragraphs, 1):
        blocks.append((f"paragraph {number}", paragraph, not (paragraph.startswith("## ") or form.get("fiction"))))
    findings: list[Finding] = []
    for name, text, sentences in blocks:
        if not text.strip():
            findings.append(Finding.of("empty", Severity.ERROR, "There is no text.", name))
            continue
        findings += wording.plain(text, desk.words, run.language, name, sentences=sentences)
        findings += brand(text, context.brand, name)
        if material is not None:
            findings += truth.facts(text, material, desk.words, name, strict=bool(form.get("strict")))
    findings += _of_form(document, context, spec, desk)
    return document.model_copy(update={"findings": tuple(findings)})


def _of_form(document: ArticleDocument, context: StepContext, spec: ArticleSpec, desk: Desk) -> list[Finding]:
    """What the checks of the form say. They count paragraphs without headings, the document with them."""
    form = desk.forms[spec.form]
    places = [number for number, paragraph in enumerate(document.paragraphs, 1) if not paragraph.startswith("## ")]
    shown = tuple(document.paragraphs[number - 1] for number in places)
    place = dateline(context.material) if form.get("strict") else ""
    found = form_findings(Written(shown, f"{context.material}\n{spec.about}", form, document.language, place, desk.signs, desk.calls))
    renamed = {f"paragraph {number}": f"paragraph {there}" for number, there in enumerate(places, 1)}
    return [finding.model_copy(update={"field": renamed.get(finding.field, finding.field)}) for finding in found]


def _run(context: StepContext, desk: Desk) -> Assignment:
    """Without the earlier takes: a new version may well say what the one before said."""
    return Assignment(context.model_copy(update={"avoid": ()}), _NO_CHAT, 0, Silent(), desk)


def _set(run: Assignment, spec: CopySpec, channel: Channel | None, given: Sequence[CopySlot], angle: str) -> tuple[CopySlot, ...]:
    material = sources_of(run)
    slots = []
    for one in given:
        asked = next((field for field in spec.fields if field.name == one.name), None)
        field = asked or CopyField(name=one.name, max_chars=one.max_chars)
        place = channel.field(one.name) if channel else None
        slots.append(Slot(field, field_data(run.desk, one.name), spec, material, (), place, angle))
    required = _required(run, slots, given)
    return tuple(
        one.model_copy(update={**_limits(slot.place), "lines": _lines(run, slot, one.lines, required if number == _carrier(slots) else ())})
        for number, (one, slot) in enumerate(zip(given, slots, strict=True))
    )


def _limits(place: ChannelField | None) -> dict[str, object]:
    """What the channel says now, so that the count that is shown is the one that is checked."""
    if place is None:
        return {}
    limits_of = {"hard_limit": place.hard_limit, "recommended": place.recommended, "truncation": place.truncation}
    return {"counting": place.counting, **limits_of}


def _carrier(slots: Sequence[Slot]) -> int:
    """The longest field carries the required words, as when it was written."""
    return max(range(len(slots)), key=lambda number: slots[number].chars, default=0)


def _required(run: Assignment, slots: Sequence[Slot], given: Sequence[CopySlot]) -> tuple[str, ...]:
    if not given:
        return ()
    room = slots[_carrier(slots)].chars
    return tuple(word for word in run.context.brand.required_words if len(word) < room)


def _lines(run: Assignment, slot: Slot, lines: Sequence[CopyLine], required: tuple[str, ...]) -> tuple[CopyLine, ...]:
    checked: list[CopyLine] = []
    held = Slot(slot.field, slot.data, slot.spec, slot.material, required, slot.place, slot.angle)
    for line in lines:
        findings = judge(run, held, line.text)
        if line.text.strip():
            findings += wording.near_duplicate(line.text, [one.text for one in checked], slot.field.name)
        checked.append(CopyLine(text=line.text, findings=findings))
    return tuple(checked)
