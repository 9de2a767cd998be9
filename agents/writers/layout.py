"""Prepares a layout step: the words, colours and fonts a banner is made of. Pure; it calls no chat model and draws nothing."""

from __future__ import annotations

from domain.capability import StepKind
from domain.context import StepContext
from domain.documents import CopyDocument
from domain.errors import InputError
from domain.specs import LayoutSpec
from domain.value import JsonValue

#: Slot names that writers and recipes use for the same place on a banner, in order of preference.
_SLOTS = {
    "headline": ("headline", "title", "hook", "tagline"),
    "body": ("body", "subhead", "subheading", "description", "text", "tagline"),
    "cta": ("cta", "call_to_action", "button", "action"),
}


def prepare_layout(context: StepContext) -> dict[str, JsonValue]:
    """The parameters of docs/architecture.md for a banner: words from the spec, else from the copy step; brand colours and fonts.

    Raises InputError when no headline can be had, naming the copy input, and when the step is not a layout.
    """
    spec = context.spec
    if not isinstance(spec, LayoutSpec):
        raise InputError("A layout was to be prepared from a {kind} step.", field="spec.kind", kind=spec.kind)
    documents = _copies(context)
    words = {field: getattr(spec, field) or _from_copy(documents, _SLOTS[field]) for field in _SLOTS}
    if not words["headline"]:
        raise _no_headline(context)
    if words["body"] == words["headline"]:
        words["body"] = ""
    brand = context.brand
    return {
        "headline": words["headline"],
        "body": words["body"],
        "cta": words["cta"],
        "width": spec.size.width,
        "height": spec.size.height,
        "template": spec.template,
        "palette": list(brand.palette or context.reference_palette),
        "heading_font": brand.heading_font,
        "body_font": brand.body_font,
        "language": spec.language,
        "brand": brand.name,
    }


def _copies(context: StepContext) -> list[tuple[str, CopyDocument]]:
    """The copy inputs by step, in the order they were given."""
    copies = [item for item in context.inputs if item.role == "copy" and item.kind is StepKind.COPY and item.document]
    return [(item.step, CopyDocument.model_validate(item.document)) for item in copies]


def _from_copy(documents: list[tuple[str, CopyDocument]], names: tuple[str, ...]) -> str:
    for _, document in documents:
        by_name = {slot.name.strip().casefold().replace(" ", "_"): slot.name for slot in document.slots}
        for name in names:
            if name in by_name and (text := document.first(by_name[name]).strip()):
                return text
    return ""


def _no_headline(context: StepContext) -> InputError:
    steps = [item.step for item in context.inputs if item.role == "copy"]
    where = f"its copy input {', '.join(steps)} has none" if steps else "it has no copy input"
    return InputError(
        "The layout {context} has no headline: {where}.",
        hint="Write a headline in the step, or give it a copy step with a headline.",
        field=f"inputs.copy.{steps[0]}" if steps else "inputs.copy",
        context=repr(context.title),
        where=where,
    )
