"""Where copy is for: what a brief's channels do to the copy steps of a plan. Pure code.

Knows channels and readings. Does not know how many steps there are; agents/assembly.py counts them.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.channels import Channels
from agents.lexicon import Named
from agents.recipes import Item, RecipeBook, Slot
from agents.request import CHANNEL_FORM, KindRequest, RequestReading
from domain.capability import StepKind
from domain.channel import Channel
from domain.plan import Step
from domain.specs import CopyField, CopySpec
from domain.value import JsonValue

#: Fields a banner takes its headline from; a channel without one of them gets a headline beside its own fields.
_HEADLINES = ("headline", "title", "hook", "tagline")
#: Forms of copy that are for no place of their own and so follow the place the brief names.
_FREE = ("", "post", "fields", "description")


def with_channels(book: RecipeBook, channels: Channels) -> RecipeBook:
    """The recipes, with one item for every channel in the copy slot of the recipe that holds what a brief names outright."""
    items = tuple(
        Item(
            title=Named(en=channel.name.en, zh=channel.name.zh),
            form=CHANNEL_FORM + channel.id,
            spec={"channel": channel.id, "fields": [field.model_dump() for field in channel.copy_fields]},
        )
        for channel in channels.all
    )
    custom = book.get("custom")
    slots = tuple(slot.model_copy(update={"items": (*slot.items, *items)}) if slot.kind is StepKind.COPY else slot for slot in custom.slots)
    grown = custom.model_copy(update={"slots": slots})
    return RecipeBook(grown if recipe is custom else recipe for recipe in book.recipes)


def merged(requests: Sequence[KindRequest]) -> list[KindRequest]:
    """Requests where the copy for a channel and the copy as such are one wish: "three pieces of copy for Google Ads"."""
    placed = [r for r in requests if r.form.startswith(CHANNEL_FORM)]
    if not placed:
        return list(requests)
    plain = next((r for r in requests if r.kind is StepKind.COPY and not r.form), None)
    kept = [r for r in requests if r is not plain and not (r.kind is StepKind.COPY and r.form == "fields")]
    if plain is not None and plain.count is not None and placed[0].count is None:
        kept = [r.model_copy(update={"count": plain.count, "plural": plain.plural}) if r is placed[0] else r for r in kept]
    return kept


def with_counts(spec: CopySpec, named: dict[str, int]) -> CopySpec:
    """A channel's copy with as many alternatives as the brief counts ("six headlines"); the channel says what fields there are."""
    fields = tuple(f.model_copy(update={"count": min(12, named[f.name])}) if f.name in named else f for f in spec.fields)
    return spec.model_copy(update={"fields": fields})


class Placing:
    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def spread(self, slots: Sequence[Slot], counts: dict[str, int], forms: dict[str, str], reading: RequestReading) -> None:
        """One copy step per channel where the brief names several and no number ("copy for Instagram and TikTok")."""
        counted = any(r.kind is StepKind.COPY and r.count is not None and r.form != "fields" for r in reading.requests)
        for slot in slots:
            free = slot.kind is StepKind.COPY and forms.get(slot.id, "") in _FREE
            if free and counts[slot.id] == 1 and not counted:
                counts[slot.id] = min(12, max(1, len(_open(reading))))

    def values(self, reading: RequestReading, item: Item, index: int, *, banners: bool, follows: bool) -> dict[str, JsonValue]:
        """What the brief says of a copy step's channel, framework, reading level and variants.

        follows: its item may take the named channel.
        """
        values: dict[str, JsonValue] = {}
        named = _open(reading)
        if follows and named and "channel" not in item.spec and item.form in _FREE:
            channel = self._channels.get(named[index % len(named)])
            fields = [field.model_dump() for field in _fields(channel, banners)]
            values |= {"channel": channel.id, "fields": list(fields)}
        if reading.framework:
            values["framework"] = reading.framework
        if reading.reading_level:
            values["reading_level"] = reading.reading_level
        if reading.variants > 1:
            values["variants"] = reading.variants
        return values

    def drafted(self, steps: Sequence[Step], reading: RequestReading) -> tuple[Step, ...]:
        """Steps a model drafted, the n-th copy step for the n-th channel the brief names where that leaves no doubt."""
        copies = [step for step in steps if isinstance(step.spec, CopySpec)]
        if not reading.channels or len(reading.channels) not in (1, len(copies)):
            return tuple(steps)
        banners = any(step.kind is StepKind.LAYOUT for step in steps)
        placed: dict[str, Step] = {}
        for number, step in enumerate(copies):
            channel = self._channels.get(reading.channels[number % len(reading.channels)])
            update = {"channel": channel.id, "fields": _fields(channel, banners)}
            placed[step.id] = step.model_copy(update={"spec": step.spec.model_copy(update=update)})
        return tuple(placed.get(step.id, step) for step in steps)


def _open(reading: RequestReading) -> tuple[str, ...]:
    """The channels that no request has a step of its own for."""
    own = {request.form.removeprefix(CHANNEL_FORM) for request in reading.requests if request.form.startswith(CHANNEL_FORM)}
    return tuple(name for name in reading.channels if name not in own)


def _fields(channel: Channel, banners: bool) -> tuple[CopyField, ...]:
    fields = channel.copy_fields
    if banners and not any(field.name in _HEADLINES for field in fields):
        fields = (*fields[:11], CopyField(name="headline", max_chars=40, count=2))
    return fields
