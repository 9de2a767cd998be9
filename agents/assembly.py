"""From a recipe and a reading to the steps of a plan: which slots, how often, wired how. Pure code, no LLM.

Knows counts, restrictions, sizes, lengths, languages and what this machine can make. Does not know how subjects are found:
agents/planner.py fills them in between `outline` and `assemble`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from agents.channels import Channels
from agents.lexicon import Lexicon, Phrases, side
from agents.localising import content_language, targets_of, translations
from agents.placing import Placing, merged, with_counts
from agents.recipes import Item, PlanRecipe, Slot, Wire
from agents.request import KindRequest, RequestReading
from domain.capability import Capability, StepKind
from domain.plan import Step, StepInput, Unavailable
from domain.specs import CopyField, CopySpec, LayoutSize, LayoutSpec, Spec
from domain.value import JsonValue, Value

_SPEC: TypeAdapter[Spec] = TypeAdapter(Spec)
ABOUT_MAX = 2000
WORDLESS = (StepKind.PICTURE, StepKind.UPSCALE, StepKind.CUTOUT, StepKind.MUSIC, StepKind.SOUND)  # one serves all languages
#: Speaking rates behind the length of a script: English about 145 words a minute, Mandarin about 250 characters a minute.
_WORDS_PER_SECOND = {"en": 2.4, "zh": 4.2}
_CHARACTERS_PER_SECOND = {"en": 14.0, "zh": 4.2}


@dataclass(frozen=True)
class Place:
    """One step to be: the item of a slot it takes, and its number within the slot (and within the units, if it is per unit)."""

    slot: Slot
    item: Item
    index: int

    @property
    def per_unit(self) -> bool:
        return self.slot.per == "unit"


@dataclass
class Outline:
    """What the plan will hold, before its subjects are known. units: how many names the unit slots need.

    targets: languages its texts are translated into. pasted: a text of the brief itself that is translated where no step writes one.
    """

    recipe: PlanRecipe
    reading: RequestReading
    language: str
    places: list[Place] = field(default_factory=list)
    units: int = 0
    targets: tuple[str, ...] = ()
    pasted: str = ""
    notes: list[str] = field(default_factory=list)
    unavailable: list[Unavailable] = field(default_factory=list)

    def of(self, kind: StepKind) -> list[Place]:
        return [place for place in self.places if place.slot.kind is kind]


class Fills(Value):
    """The few words a model adds. pictures: one per picture place that is not per unit; units: names of the units."""

    subject: str
    pictures: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    mood: str = ""


class Assembler:
    """Turns readings into outlines and outlines into steps."""

    def __init__(self, lexicon: Lexicon, phrases: Phrases, custom: PlanRecipe, channels: Channels) -> None:
        self.placing = Placing(channels)
        self._lexicon = lexicon
        self._phrases = phrases
        self._custom = custom

    # -- outline: how many of what ---------------------------------------------------------------------------------------------

    def outline(self, recipe: PlanRecipe, reading: RequestReading, capabilities: Sequence[Capability]) -> Outline:
        """Counts per slot after the brief's own numbers, restrictions and this machine's makers. Never raises: may be empty."""
        targets = targets_of(reading)
        if targets:  # the languages named are what is translated into, not what is written in
            reading = reading.model_copy(update={"languages": (content_language(reading, targets),)})
        language = reading.languages[0] if reading.languages else reading.language
        outline = Outline(recipe, reading, language, targets=targets)
        units = self._units(recipe, reading)
        counts: dict[str, int] = {s.id: s.count * (units if s.per == "unit" else 1) for s in recipe.slots}
        slots = list(recipe.slots)
        forms: dict[str, str] = {}
        # 1. The brief's own numbers and named kinds override the recipe's.
        for request in self._requests(recipe, reading):
            self._apply(request, reading, slots, counts, forms)
        if recipe is self._custom:
            self.placing.spread(slots, counts, forms, reading)
        # 2. Restrictions.
        for slot in slots:
            if slot.kind in reading.excluded:
                counts[slot.id] = 0
        if reading.only:
            _keep_only(reading.only, slots, counts)
        # 3. What this machine cannot make is named, not dropped silently.
        self._remove_unmakeable(outline, slots, counts, capabilities)
        # 4. What a kept step cannot do without.
        self._support(outline, slots, counts, capabilities)
        outline.units = units if any(s.per == "unit" and counts[s.id] for s in slots) else 0
        for slot in slots:
            items = [i for i in slot.items if i.form == forms.get(slot.id)] or [i for i in slot.items if not i.form] or list(slot.items)
            if slot in recipe.slots and recipe is not self._custom:
                items = list(slot.items)
            outline.places += [Place(slot, items[n % len(items)], n) for n in range(counts[slot.id])]
        return outline

    @staticmethod
    def _units(recipe: PlanRecipe, reading: RequestReading) -> int:
        if recipe.units is None:
            return 1
        if reading.unit == recipe.units.word and reading.units is not None:
            return reading.units
        return recipe.units.count

    def _requests(self, recipe: PlanRecipe, reading: RequestReading) -> list[KindRequest]:
        requests = list(reading.requests)
        if reading.unit == "post" and (recipe.units is None or recipe.units.word != "post"):
            # "a campaign with three posts": posts are copy items there, not units.
            requests.append(KindRequest(kind=StepKind.COPY, form="post", count=reading.units, plural=True, said="post"))
        return merged(requests)

    def _apply(
        self, request: KindRequest, reading: RequestReading, slots: list[Slot], counts: dict[str, int], forms: dict[str, str]
    ) -> None:
        form = "" if request.form == "fields" else request.form
        own = [s for s in slots if s.kind is request.kind and s.id not in forms]
        match = next((s for s in own if form and any(i.form == form for i in s.items)), None)
        if match is None and not form:
            match = next((s for s in own if not s.support), None)
        if match is None:
            base = next(s for s in self._custom.slots if s.kind is request.kind)
            match = base.model_copy(update={"id": _free_id(slots, base.id), "inputs": _rewired(base.inputs, slots)})
            # Sources come before what uses them; layouts and speech stay last.
            slots.insert(_position(slots, match.kind), match)
            counts[match.id] = 0
        if request.form and match.kind is not StepKind.LAYOUT and any(i.form == request.form for i in match.items):
            forms[match.id] = request.form
        default = counts[match.id]
        if request.form == "fields" and default:
            return
        sizes = len(reading.sizes) if match.kind is StepKind.LAYOUT else 0
        if request.count is not None:
            counts[match.id] = request.count
        elif sizes:
            counts[match.id] = sizes
        elif request.plural:
            counts[match.id] = max(default, 3 if match.kind is StepKind.LAYOUT else 2)
        else:
            counts[match.id] = max(default, 1)

    def _remove_unmakeable(self, outline: Outline, slots: list[Slot], counts: dict[str, int], capabilities: Sequence[Capability]) -> None:
        said: set[StepKind] = set()
        told = outline.reading.language
        for slot in slots:
            if not counts[slot.id]:
                continue
            makers = [c for c in capabilities if c.kind is slot.kind]
            if makers and slot.kind is StepKind.TRANSLATION:
                self._drop_targets(outline, makers)
                counts[slot.id] = counts[slot.id] if outline.targets else 0
                continue
            speaking = [c for c in makers if not c.languages or outline.language.split("-")[0] in c.languages]
            if speaking or (makers and slot.kind in WORDLESS):
                continue
            counts[slot.id] = 0
            if slot.kind in said:
                continue
            said.add(slot.kind)
            if makers:
                outline.unavailable.append(self._no_language(slot.kind, outline.language, makers, told))
            else:
                kind = self._phrases.say(f"kind_{slot.kind.value}", told)
                outline.unavailable.append(Unavailable(asked=kind, nearest=self._phrases.say(f"instead_of_{slot.kind.value}", told)))

    def _drop_targets(self, outline: Outline, makers: Sequence[Capability]) -> None:
        """A language nobody translates into is named; the others stay."""
        kept = [code for code in outline.targets if any(not c.languages or code.split("-")[0] in c.languages for c in makers)]
        lost = [code for code in outline.targets if code not in kept]
        outline.unavailable += [self._no_language(StepKind.TRANSLATION, code, makers, outline.reading.language) for code in lost]
        outline.targets = tuple(kept)

    def _no_language(self, kind: StepKind, language: str, makers: Sequence[Capability], told: str) -> Unavailable:
        known = sorted({code for c in makers for code in c.languages})
        names = ", ".join(self._lexicon.languages.name(code, told) for code in known)
        named = self._lexicon.languages.name(language, told)
        asked = self._phrases.say("kind_in_language", told, kind=self._phrases.say(f"kind_{kind.value}", told), language=named)
        return Unavailable(asked=asked, nearest=self._phrases.say("other_languages", told, names=names))

    def _support(self, outline: Outline, slots: list[Slot], counts: dict[str, int], capabilities: Sequence[Capability]) -> None:
        offered = {c.kind for c in capabilities if not c.languages or outline.language.split("-")[0] in c.languages}
        excluded = outline.reading.excluded
        for slot in list(slots):
            if not counts[slot.id]:
                continue
            if slot.kind is StepKind.SPEECH and not any(counts.get(w.slot) for w in slot.inputs if w.role == "text"):
                self._add_words(slot, slots, counts, offered)
            if slot.kind is StepKind.LAYOUT:
                for role, kind in (("copy", StepKind.COPY), ("picture", StepKind.PICTURE)):
                    if any(counts.get(w.slot) for w in slot.inputs if w.role == role) or kind in excluded or kind not in offered:
                        continue
                    self._add_source(slot, role, kind, slots, counts)
        # A support slot that feeds nothing any more goes too, unless the brief names it.
        for slot in slots:
            named = any(r.kind is slot.kind and any(i.form == r.form for i in slot.items) for r in outline.reading.requests)
            feeds = any(counts[other.id] and any(w.slot == slot.id for w in other.inputs) for other in slots)
            if slot.support and not named and not feeds:
                counts[slot.id] = 0

    def _add_words(self, speech: Slot, slots: list[Slot], counts: dict[str, int], offered: set[StepKind]) -> None:
        """Speech needs words: a script where one can be written, else a copy item with a voice-over field."""
        if StepKind.ARTICLE in offered:
            base = next(s for s in self._custom.slots if s.kind is StepKind.ARTICLE)
            items = tuple(i for i in base.items if i.form == "script")
            script = Slot(id=_free_id(slots, "script"), kind=StepKind.ARTICLE, count=0, support=True, items=items, per=speech.per)
            wire = Wire(role="text", slot=script.id, pick="same")
            counts[script.id] = counts[speech.id] if speech.per == "unit" else 1
        elif StepKind.COPY in offered:
            base = next(s for s in self._custom.slots if s.kind is StepKind.COPY)
            script = base.model_copy(update={"id": _free_id(slots, "words"), "items": base.items[:1], "support": True})
            wire = Wire(role="text", slot=script.id, pick="same", field=CopyField(name="voice_over", max_chars=200))
            counts[script.id] = 1
        else:
            return
        at = slots.index(speech)
        slots.insert(at, script)
        slots[at + 1] = speech.model_copy(update={"inputs": (wire,)})

    def _add_source(self, layout: Slot, role: str, kind: StepKind, slots: list[Slot], counts: dict[str, int]) -> None:
        base = next(s for s in self._custom.slots if s.kind is kind)
        existing = next((s for s in slots if s.kind is kind and counts[s.id]), None)
        if existing is None:
            existing = next((s for s in slots if s.kind is kind and not s.support), None)
            if existing is None:
                existing = base.model_copy(update={"id": _free_id(slots, base.id)})
                slots.insert(0, existing)
            counts[existing.id] = 1
        at = next(n for n, s in enumerate(slots) if s.id == layout.id)
        wires = tuple(w for w in slots[at].inputs if w.role != role)
        slots[at] = slots[at].model_copy(update={"inputs": (*wires, Wire(role=role, slot=existing.id, pick="cycle"))})

    # -- assemble: steps -------------------------------------------------------------------------------------------------------

    def assemble(self, outline: Outline, fills: Fills, about: str, capabilities: Sequence[Capability]) -> tuple[Step, ...]:
        """The steps of an outline, in order, wired, within the limits of `capabilities` (what was lowered is noted in the outline)."""
        languages = _makeable_languages(outline, capabilities)
        steps: list[Step] = []
        used: dict[StepKind, int] = {}
        shared: dict[tuple[str, int], str] = {}
        for number, language in enumerate(languages):
            ids: dict[tuple[str, int], str] = dict(shared)
            pictures = iter(fills.pictures)
            for place in outline.places:
                if place.slot.kind is StepKind.TRANSLATION:  # added below, one for each text and language
                    continue
                wordless = place.slot.kind in WORDLESS
                if number and wordless:  # pictures and music serve every language
                    continue
                used[place.slot.kind] = used.get(place.slot.kind, 0) + 1
                step_id = f"{place.slot.kind.value}-{used[place.slot.kind]}"
                ids[(place.slot.id, place.index)] = step_id
                if wordless:
                    shared[(place.slot.id, place.index)] = step_id
                unit = fills.units[place.index % len(fills.units)] if place.per_unit and fills.units else ""
                picture = next(pictures, "") if place.slot.kind is StepKind.PICTURE and not place.per_unit else unit
                spec = self._spec(outline, place, fills, about, unit, picture, language, capabilities)
                inputs = tuple(_inputs(place, outline, ids))
                title = place.item.title.of(outline.reading.language).format(unit=unit or str(place.index + 1))
                if isinstance(spec, LayoutSpec):
                    title = self._layout_title(spec, outline, place)
                    if not any(i.role == "copy" for i in inputs):
                        spec = spec.model_copy(update={"headline": fills.subject[:200]})
                if len(languages) > 1 and not wordless:
                    title = f"{title} ({self._lexicon.languages.name(language, outline.reading.language)})"
                steps.append(Step(id=step_id, title=title[:200], spec=spec, inputs=inputs))
        steps = _with_fields(steps, outline)
        told = outline.reading.language
        for place in outline.of(StepKind.TRANSLATION)[:1]:
            names = [self._lexicon.languages.name(code, told) for code in outline.targets]
            steps += translations(_numbered(steps), outline.targets, place.item.title.of(told), names, outline.pasted)
        return _numbered(steps)

    def _spec(
        self,
        outline: Outline,
        place: Place,
        fills: Fills,
        about: str,
        unit: str,
        picture: str,
        language: str,
        capabilities: Sequence[Capability],
    ) -> Spec:
        reading = outline.reading
        kind = place.slot.kind
        own = f"{unit}. {about}" if unit else about
        values: dict[str, JsonValue] = {"kind": kind.value, **place.item.spec}
        match kind:
            case StepKind.PICTURE:
                values["about"] = (picture or fills.subject)[:ABOUT_MAX]
                if reading.sizes and not outline.of(StepKind.LAYOUT):
                    size = reading.sizes[place.index % len(reading.sizes)]
                    values |= {"width": size.width, "height": size.height}
            case StepKind.MUSIC:
                values |= {"about": fills.subject[:ABOUT_MAX], "mood": fills.mood}
            case StepKind.LAYOUT:
                values["about"] = fills.subject[:ABOUT_MAX]
                if reading.sizes:
                    values["size"] = reading.sizes[place.index % len(reading.sizes)].model_dump()
            case StepKind.SPEECH:
                values["about"] = (unit or fills.subject)[:ABOUT_MAX]
            case _:
                values["about"] = own[:ABOUT_MAX]
        if kind is StepKind.COPY and place.item.angle.of(language):
            values["angle"] = place.item.angle.of(language)
        if kind is StepKind.COPY:
            open_recipe = outline.recipe is self._custom or (outline.recipe.units is not None and outline.recipe.units.word == "post")
            banners = bool(outline.of(StepKind.LAYOUT))
            values |= self.placing.values(reading, place.item, place.index, banners=banners, follows=open_recipe)
        if kind is StepKind.DIALOGUE and unit:
            values["characters"] = [unit[:60]]
        if kind not in WORDLESS:
            values["language"] = language
        if kind in (StepKind.COPY, StepKind.ARTICLE, StepKind.SCRIPT, StepKind.SPEECH, StepKind.DIALOGUE) and reading.tones:
            values["tone"] = ("、" if reading.language == "zh" else ", ").join(reading.tones)[:120]
        values |= _lengths(outline, place, language)
        return self._within(_SPEC.validate_python(values), outline, capabilities)

    def _within(self, spec: Spec, outline: Outline, capabilities: Sequence[Capability]) -> Spec:
        """Lower every numeric field to what the machine can do, and say so once per field and value."""
        language = getattr(spec, "language", "").split("-")[0]
        makers = [c for c in capabilities if c.kind is spec.kind and (not c.languages or not language or language in c.languages)]
        update: dict[str, float | int] = {}
        for name in {name for c in makers for name in c.limits}:
            value = getattr(spec, name, None)
            limit = max(c.limits.get(name, float("inf")) for c in makers)
            if isinstance(value, int | float) and value > limit:
                update[name] = int(limit) if isinstance(value, int) else limit
                kind = self._phrases.say(f"kind_{spec.kind.value}", outline.reading.language)
                note = self._phrases.say("lowered", outline.reading.language, kind=kind, field=name, asked=f"{value:g}", limit=f"{limit:g}")
                if note not in outline.notes:
                    outline.notes.append(note)
        return spec.model_copy(update=update) if update else spec

    def _layout_title(self, spec: LayoutSpec, outline: Outline, place: Place) -> str:
        if not outline.reading.sizes and not place.per_unit:
            return place.item.title.of(outline.reading.language)
        size: LayoutSize = spec.size
        return self._phrases.say(
            "layout_title", outline.reading.language, name=size.name.capitalize(), width=size.width, height=size.height
        )


# -- small steps --------------------------------------------------------------------------------------------------------------


def _taken(slots: Iterable[Slot], slot_id: str) -> bool:
    return any(slot.id == slot_id for slot in slots)


def _free_id(slots: Iterable[Slot], base: str) -> str:
    slot_id = base
    while _taken(slots, slot_id):
        slot_id += "_more"
    return slot_id


def _position(slots: Sequence[Slot], kind: StepKind) -> int:
    if kind in (StepKind.SPEECH, StepKind.LAYOUT):
        return len(slots)
    return next((n for n, s in enumerate(slots) if s.kind in (StepKind.SPEECH, StepKind.LAYOUT)), len(slots))


def _rewired(wires: Iterable[Wire], slots: Sequence[Slot]) -> tuple[Wire, ...]:
    return tuple(wire for wire in wires if _taken(slots, wire.slot))


def _keep_only(only: frozenset[StepKind], slots: Sequence[Slot], counts: dict[str, int]) -> None:
    """Only these kinds, and one of each source they are wired to (a banner's copy and picture, a voice-over's words)."""
    needed = {wire.slot for slot in slots if slot.kind in only and counts[slot.id] for wire in slot.inputs if wire.role != "source"}
    for slot in slots:
        if slot.kind in only:
            continue
        counts[slot.id] = (min(1, counts[slot.id]) if slot.per == "plan" else counts[slot.id]) if slot.id in needed else 0


def _inputs(place: Place, outline: Outline, ids: dict[tuple[str, int], str]) -> list[StepInput]:
    inputs: list[StepInput] = []
    for wire in place.slot.inputs:
        sources = [p for p in outline.places if p.slot.id == wire.slot]
        if not sources:
            continue
        index = {"same": min(place.index, len(sources) - 1), "cycle": place.index % len(sources), "first": 0, "last": len(sources) - 1}[
            wire.pick
        ]
        inputs.append(StepInput(role=wire.role, step=ids[(wire.slot, sources[index].index)]))
    return inputs


def _makeable_languages(outline: Outline, capabilities: Sequence[Capability]) -> tuple[str, ...]:
    wanted = outline.reading.languages or (outline.language,)
    kinds = {p.slot.kind for p in outline.places if p.slot.kind not in WORDLESS}

    def makeable(language: str) -> bool:
        code = language.split("-")[0]
        return all(any(c.kind is kind and (not c.languages or code in c.languages) for c in capabilities) for kind in kinds)

    return tuple(language for language in wanted if makeable(language)) or (outline.language,)


def words_for(seconds: float, language: str) -> int:
    """Words (Chinese: characters) that are spoken in about `seconds`, within an article's bounds."""
    return max(20, min(1500, round(seconds * _WORDS_PER_SECOND[side(language)])))


def characters_for(seconds: float, language: str) -> int:
    """Characters of copy that are spoken in about `seconds`, within a copy field's bounds."""
    return max(20, min(3000, round(seconds * _CHARACTERS_PER_SECOND[side(language)])))


def seconds_for(outline: Outline, kind: StepKind) -> float | None:
    """The length asked for this kind, if any. In a spot, voice and bed have one length, whichever was named."""
    reading = outline.reading
    known = reading.seconds.get(kind) or reading.seconds_any
    if known is None and outline.recipe.id == "radio":
        known = next(iter(reading.seconds.values()), None)
    return known


def _lengths(outline: Outline, place: Place, language: str) -> dict[str, JsonValue]:
    kind = place.slot.kind
    if kind is StepKind.SPEECH:
        seconds = seconds_for(outline, kind)
        return {"seconds": min(600.0, seconds)} if seconds else {}
    if kind in (StepKind.MUSIC, StepKind.MIX):
        seconds = seconds_for(outline, kind)
        return {"seconds": min(300.0, max(2.0, seconds))} if seconds else {}
    if kind is StepKind.SCRIPT:
        seconds = seconds_for(outline, kind)
        return {"seconds": int(min(1800.0, max(5.0, seconds)))} if seconds else {}
    if kind is StepKind.ARTICLE:
        seconds = seconds_for(outline, StepKind.SPEECH)
        spoken = place.item.form == "script"
        if spoken and seconds:
            return {"words": words_for(seconds, language)}
        if outline.reading.words and not place.slot.support:
            return {"words": max(20, min(1500, outline.reading.words))}
    return {}


def _with_fields(steps: list[Step], outline: Outline) -> list[Step]:
    """Copy fields that the brief counts ("six headlines") and that others need (the words of a voice-over)."""
    by_id = {step.id: step for step in steps}
    named = dict(outline.reading.fields)
    exact = any(r.form == "fields" for r in outline.reading.requests) and outline.recipe.id == "custom"
    for step in steps:
        if isinstance(step.spec, CopySpec) and named and step.spec.channel:
            by_id[step.id] = step.model_copy(update={"spec": with_counts(step.spec, named)})
        elif isinstance(step.spec, CopySpec) and named:
            fields = [f.model_copy(update={"count": named[f.name]}) if f.name in named else f for f in step.spec.fields]
            missing = [n for n in named if all(f.name != n for f in fields)]
            if exact:
                fields = [f for f in fields if f.name in named]
            fields += [CopyField(name=name, max_chars=40 if name != "cta" else 20, count=named[name]) for name in missing]
            by_id[step.id] = step.model_copy(update={"spec": step.spec.model_copy(update={"fields": tuple(fields[:12])})})
    wires = {(p.slot.kind, w.role): w.field for p in outline.places for w in p.slot.inputs if w.field}
    for step in steps:
        for given in step.inputs:
            needed = wires.get((step.kind, given.role))
            source = by_id[given.step]
            if needed and isinstance(source.spec, CopySpec) and all(f.name != needed.name for f in source.spec.fields):
                seconds = getattr(step.spec, "seconds", 0.0)
                limit = characters_for(seconds, source.spec.language) if seconds else needed.max_chars
                grown = (*source.spec.fields[:11], needed.model_copy(update={"max_chars": limit}))
                by_id[source.id] = source.model_copy(update={"spec": source.spec.model_copy(update={"fields": grown})})
    return [by_id[step.id] for step in steps]


def _numbered(steps: list[Step]) -> tuple[Step, ...]:
    """Equal titles get numbers: Picture 1, Picture 2."""
    titles = [step.title for step in steps]
    seen: dict[str, int] = {}
    result: list[Step] = []
    for step in steps:
        seen[step.title] = seen.get(step.title, 0) + 1
        result.append(step.model_copy(update={"title": f"{step.title} {seen[step.title]}"}) if titles.count(step.title) > 1 else step)
    return tuple(result)
