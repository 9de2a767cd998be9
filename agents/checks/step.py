"""What is wrong with a step before anything of it is made: limits that contradict each other, and people reduced to a group. Pure.

It stops nothing: what cannot be made at all is refused by the planner, by Plan.check and by the preparations.
"""

from __future__ import annotations

from collections.abc import Iterator

from agents.channels import Channels
from agents.checks import limits
from agents.checks.manners import stereotypes
from agents.checks.words import WordLists
from domain.brand import BrandKit
from domain.capability import StepKind
from domain.finding import Finding
from domain.specs import CopySpec, Spec
from domain.value import JsonValue

#: Kinds whose words go into what is made as they stand, or say who is to be seen or heard in it. What a writer makes of a brief is
#: checked when it is written.
_SHOWN = frozenset(
    {StepKind.PICTURE, StepKind.SCRIPT, StepKind.DIALOGUE, StepKind.LORE, StepKind.SPEECH, StepKind.LAYOUT},
)


def step_findings(spec: Spec, kit: BrandKit, channels: Channels, lists: WordLists) -> tuple[Finding, ...]:
    """field: that of the spec ("about", "scene.subjects.0.what"), of the copy, or of the brand kit ("required_words")."""
    found: list[Finding] = []
    if isinstance(spec, CopySpec):
        channel = channels.get(spec.channel) if spec.channel in channels.ids else None
        found += limits.contradictions(spec, channel, kit)
    if spec.kind in _SHOWN:
        for field, text in _texts(spec.model_dump(mode="json", exclude={"negative", "kind"})):
            found += stereotypes(text, lists, field)
    return tuple(found)


def _texts(value: JsonValue | dict[str, JsonValue], where: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(part, f"{where}.{name}" if where else str(name))
