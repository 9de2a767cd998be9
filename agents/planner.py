"""From a brief to a plan that can run.

Weak models: word lists and the model vote on recipe and counts, then short calls fill subjects; code builds the steps. Strong models
write the graph themselves (agents/draft.py), checked the same way. Does not know how anything is made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agents.abouts import with_subjects
from agents.assembly import Assembler, Fills, Outline
from agents.channels import Channels
from agents.draft import Drafter
from agents.frameworks import Crafts
from agents.lexicon import Lexicon, Phrases
from agents.localising import pasted
from agents.placing import with_channels
from agents.prompts import as_data, load_prompts
from agents.recipes import PlanRecipe, RecipeBook
from agents.request import KindRequest, RequestReader, RequestReading, addresses_the_machine
from agents.safety import SafetyRules
from agents.sounding import effects_in, mixed, told_apart
from agents.styling import Styling
from agents.subject import subject_of
from agents.writers.effect import read_names
from domain.brand import BrandKit
from domain.brief import Brief
from domain.capability import Capability, StepKind
from domain.chat import ChatModel, ChatRequest, Message, Sampling
from domain.errors import InvalidOutput, LimitError, PlanError
from domain.music import Mood
from domain.plan import PLAN_MAX_STEPS, Plan, Step, Unavailable
from domain.progress import CancelToken
from domain.specs import SPECS
from domain.value import JsonValue

#: What a model is asked to count. Scripts, translations, enlargements, cut-outs, effects and mixes are only made where words name them.
_NAMED = (StepKind.SCRIPT, StepKind.TRANSLATION, StepKind.UPSCALE, StepKind.CUTOUT, StepKind.SOUND, StepKind.MIX)
_COUNTED = tuple(kind for kind in SPECS if kind not in _NAMED)
#: What the model sees of a long brief: enough for a reading, short enough for a plan in seconds.
_BRIEF_SHOWN = 1200
_MATERIAL_SHOWN = 600
_PICTURE_MAX = 90
_UNIT_MAX = 28


@dataclass
class _Thread:
    """One plan's conversation with the model. Every call extends the same messages, so an engine evaluates each token once."""

    chat: ChatModel
    messages: list[Message]
    seed: int
    cancel: CancelToken | None
    count: int = 0
    failures: list[str] = field(default_factory=list)

    def ask(self, text: str, schema: dict[str, JsonValue], max_tokens: int) -> dict[str, JsonValue]:
        """The reply as an object; {} when it was cut off before it closed. Raises Cancelled, ModelError."""
        if self.cancel is not None:
            self.cancel.check()
        messages = [*self.messages, Message(role="user", content=text)]
        request = ChatRequest(messages=tuple(messages), json_schema=schema, sampling=Sampling(seed=self.seed), max_tokens=max_tokens)
        try:
            reply = self.chat.complete(request, self.cancel)
        except InvalidOutput:  # cut off before the JSON closed: what it would have filled keeps its default
            return {}
        self.count += 1
        try:
            value = json.loads(reply.text)
        except json.JSONDecodeError:
            return {}
        if not isinstance(value, dict):
            return {}
        self.messages = [*messages, Message(role="assistant", content=json.dumps(value, ensure_ascii=False, separators=(",", ":")))]
        return value


class Planner:
    """Plans with one set of shipped data. Thread-safe: holds no state between plans."""

    def __init__(self, assets: Path) -> None:
        self.lexicon = Lexicon.load(assets)
        self.phrases = Phrases(assets)
        self.channels = Channels.load(assets)
        self.book = with_channels(RecipeBook.load(assets), self.channels)
        self.reader = RequestReader(self.lexicon, self.channels, Crafts.load(assets))
        self.safety = SafetyRules.load(assets)
        self.prompts = load_prompts(assets, "planner")
        self.assembler = Assembler(self.lexicon, self.phrases, self.book.get("custom"), self.channels)
        self._drafter = Drafter(self.prompts["draft"])
        self.effects = read_names(assets)
        self.styling = Styling.load(assets)

    def prefix(self) -> tuple[Message, ...]:
        """The messages every plan starts with; evaluate them once to make the first plan fast."""
        return self.prompts["read"].prefix

    def plan(
        self,
        brief: Brief,
        capabilities: Sequence[Capability],
        chat: ChatModel,
        brand: BrandKit,
        *,
        plan_id: str,
        seed: int,
        cancel: CancelToken | None = None,
    ) -> Plan:
        """A plan that passes `Plan.check(capabilities)`.

        Raises ContentRefused for an unsafe wish, PlanError when nothing of it can be made or it says nothing to make,
        LimitError over 60 steps, Cancelled, ModelError.
        """
        # 1. Refuse before any model call.
        self.safety.require(brief.text, material="\n".join(a.text for a in brief.attachments), screening=brief.screening)
        reading = self.reader.read(brief.text, brief.language)
        prompt = self.prompts["read"]
        shown = reading.described[:_BRIEF_SHOWN] or brief.text[:_BRIEF_SHOWN]
        self._refuse_giant(reading)
        # 2. A strong model writes the graph; when it cannot, the recipe path follows, and the plan says so.
        notes: list[str] = self._material_notes(brief, reading)
        if chat.strong:
            drafted = self._drafter.draft(brief, reading, capabilities, chat, brand, seed=seed, cancel=cancel)
            if drafted.steps:
                steps = self.assembler.placing.drafted(drafted.steps, reading)
                return self._finish(brief, reading, drafted.title, drafted.language, "draft", steps, (), notes, capabilities, plan_id, seed)
        else:
            drafted = None
        # 3. Which recipe, how many of what: word lists and model vote.
        thread = _Thread(chat, list(prompt.prefix), seed, cancel)
        votes = thread.ask(prompt.frame(reading.language, text=shown), self._count_schema(), prompt.max_tokens)
        recipe, recipe_note = self._recipe(reading, votes)
        if drafted is not None:
            notes.append(self.phrases.say("strong_failed", reading.language, why=drafted.why, name=recipe.name.of(reading.language)))
        reading = self._with_votes(reading, recipe, votes)
        outline = self.assembler.outline(recipe, reading, capabilities)
        if not any(attached.text for attached in brief.attachments):
            outline.pasted = pasted(reading)
        self._require_something(outline)
        # 4. Fill the few words that only a model can.
        fills = self._fill(thread, outline, brief, brand)
        about = about_of(brief, reading)
        steps = mixed(told_apart(self.assembler.assemble(outline, fills, about, capabilities), self.effects))
        if recipe is self.book.get("custom"):  # the brief lists what it wants: each step takes its own part of the list
            steps = with_subjects(steps, about, self.reader)
        notes += [*recipe_note, *self._vote_notes(outline, votes), *outline.notes]
        title = recipe.title.of(reading.language).format(subject=fills.subject)
        return self._finish(
            brief, reading, title, outline.language, recipe.id, steps, outline.unavailable, notes, capabilities, plan_id, seed
        )

    def _finish(
        self,
        brief: Brief,
        reading: RequestReading,
        title: str,
        language: str,
        recipe: str,
        steps: Sequence[Step],
        unavailable: Sequence[Unavailable],
        notes: Sequence[str],
        capabilities: Sequence[Capability],
        plan_id: str,
        seed: int,
    ) -> Plan:
        steps = self.styling.styled(steps, reading.described or reading.own, sized=recipe == "custom")
        named = {u.asked for u in unavailable}
        missing = [u for u in self._wishes(reading) if u.asked not in named]
        plan = Plan.model_validate(
            {
                "id": plan_id,
                "project_id": brief.project_id,
                "brief_id": brief.id,
                "title": title[:200],
                "language": language,
                "recipe": recipe,
                "seed": seed,
                "steps": tuple(steps),
                "unavailable": (*missing, *unavailable),
                "notes": tuple(dict.fromkeys(notes)),
            }
        )
        plan.require(capabilities)
        return plan

    # -- voting ----------------------------------------------------------------------------------------------------------------

    def _count_schema(self) -> dict[str, JsonValue]:
        properties: dict[str, JsonValue] = {"recipe": {"enum": list(self.book.ids)}}
        properties |= {kind.value: {"type": "integer", "minimum": 0, "maximum": 20} for kind in _COUNTED}
        return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}

    def _recipe(self, reading: RequestReading, votes: dict[str, JsonValue]) -> tuple[PlanRecipe, list[str]]:
        """The recipe the words name; what the brief lists outright; else the model's choice, and then a note says so."""
        kinds = [(start, end) for start, end, _, _ in self.reader.kind_mentions(reading.own.lower())]
        matched = self.book.match(reading.own, context=bool(reading.requests), kinds=kinds, listed=len(reading.asked) > 1)
        if matched is None and reading.units is not None:
            matched = self.book.for_unit(reading.unit)
        if matched is not None:
            return matched, []
        if reading.requests:
            return self.book.get("custom"), []
        if reading.unit and (by_unit := self.book.for_unit(reading.unit)):
            return by_unit, []
        voted = self.book.get(str(votes.get("recipe") or "campaign"))
        if voted.id == "custom" and not any(_int(votes, kind) for kind in _COUNTED):
            voted = self.book.get("campaign")
        return voted, [self.phrases.say("vote_recipe", reading.language, name=voted.name.of(reading.language))]

    def _with_votes(self, reading: RequestReading, recipe: PlanRecipe, votes: dict[str, JsonValue]) -> RequestReading:
        """Where the words are silent or without a number, the effects they name or the model's count stand; never against a number."""
        requests = [self._voted(request, reading, votes) for request in reading.requests]
        if recipe.id == "custom" and not requests:
            from_votes = [kind for kind in _COUNTED if _int(votes, kind) and kind not in reading.excluded]
            requests = [KindRequest(kind=kind, count=min(6, _int(votes, kind)), said=kind.value) for kind in from_votes]
        return reading.model_copy(update={"requests": tuple(requests)})

    def _voted(self, request: KindRequest, reading: RequestReading, votes: dict[str, JsonValue]) -> KindRequest:
        if request.count is not None or not request.plural or request.form:
            return request
        if request.kind is StepKind.SOUND:
            return request.model_copy(update={"count": min(6, max(1, len(effects_in(reading.own, self.effects))))})
        theirs = _int(votes, request.kind)
        return request.model_copy(update={"count": theirs}) if 1 < theirs <= 6 else request

    def _vote_notes(self, outline: Outline, votes: dict[str, JsonValue]) -> list[str]:
        reading = outline.reading
        notes: list[str] = []
        for request in reading.requests:
            theirs = _int(votes, request.kind)
            if request.vague and request.count:
                notes.append(
                    self.phrases.say("vote_vague", reading.language, mine=self.counted(request.kind, request.count, reading.language))
                )
            elif request.count and not request.form and theirs and theirs != request.count:
                mine = self.counted(request.kind, request.count, reading.language)
                other = self.counted(request.kind, theirs, reading.language)
                notes.append(self.phrases.say("vote_differs", reading.language, mine=mine, theirs=other))
        scripts = [p for p in outline.of(StepKind.ARTICLE) if p.slot.id == "script" and p.slot not in outline.recipe.slots]
        if scripts:
            notes.append(self.phrases.say("words_added", reading.language))
        return notes

    def counted(self, kind: StepKind, n: int, language: str) -> str:
        return self.phrases.say(f"count_{kind.value}", language, n=n, s="" if n == 1 else "s")

    # -- filling ---------------------------------------------------------------------------------------------------------------

    def _fill(self, thread: _Thread, outline: Outline, brief: Brief, brand: BrandKit) -> Fills:
        reading = outline.reading
        subject = (
            subject_of(reading.described)
            or brand.name
            or re.split(r"[,，。.!?！？]", " ".join(reading.own.split()))[0][:60]
            or outline.recipe.name.of(reading.language)
        )
        prompts = self.prompts
        material = "\n".join(
            [
                *(m for m in reading.material if m.strip('"“”「」『』《》 ') not in reading.described),
                *(a.text for a in brief.attachments if a.text),
            ]
        )[:_MATERIAL_SHOWN]
        aside = prompts["material"].frame(reading.language, text=as_data(material, _MATERIAL_SHOWN)) + "\n" if material else ""
        units = self._names(thread, outline, aside) if outline.units else ()
        places = [p for p in outline.of(StepKind.PICTURE) if not p.per_unit]
        pictures = self._pictures(thread, outline, subject, aside) if places else ()
        mood = reading.mood
        if outline.of(StepKind.MUSIC) and not mood:
            schema: dict[str, JsonValue] = _object({"mood": {"enum": [m.value for m in Mood]}})
            answer = thread.ask(prompts["mood"].frame(reading.language), schema, prompts["mood"].max_tokens)
            mood = str(answer.get("mood") or Mood.WARM.value)
        return Fills(subject=subject, pictures=pictures, units=units, mood=mood)

    def _pictures(self, thread: _Thread, outline: Outline, subject: str, aside: str) -> tuple[str, ...]:
        prompt, language = self.prompts["pictures"], outline.reading.language
        places = [p for p in outline.of(StepKind.PICTURE) if not p.per_unit]
        rows: list[str] = []
        for number, place in enumerate(places, 1):
            hint = place.item.angle.of(language)
            rows.append(f"{number}. {place.item.title.of(language)}" + (f" ({hint})" if hint else f" {number}"))
        schema = _object({"pictures": _strings(len(places), _PICTURE_MAX)})
        answer = thread.ask(aside + prompt.frame(language, list="\n".join(rows)), schema, 12 + prompt.max_tokens * len(places))
        said = [_clean(text, _PICTURE_MAX) for text in _list(answer, "pictures")]
        undrawable = self.lexicon.undrawable.pattern()
        shown: list[str] = []
        for number, place in enumerate(places):
            text = said[number] if number < len(said) else ""
            if not text or text.casefold() in {s.casefold() for s in shown} or undrawable.search(text.lower()):
                hint = place.item.angle.of(language)
                text = f"{subject}: {hint}" if hint and subject in shown else subject
            shown.append(text)
        return tuple(shown)

    def _names(self, thread: _Thread, outline: Outline, aside: str) -> tuple[str, ...]:
        """Different names for the units. Asked again once for what is missing; then numbered."""
        units, language = outline.recipe.units, outline.reading.language
        if units is None:
            return ()
        prompt = self.prompts["units"]
        names: list[str] = []
        for _ in range(2):
            missing = outline.units - len(names)
            if missing <= 0:
                break
            text = aside + prompt.frame(language, n=missing, ask=units.ask.of(language))
            if names:
                text += (" 不要：" if language == "zh" else " Not: ") + ", ".join(names)
            answer = thread.ask(text, _object({"names": _strings(missing, 40)}), 12 + prompt.max_tokens * missing)
            for name in (_clean(n, _UNIT_MAX) for n in _list(answer, "names")):
                if name and name.casefold() not in {n.casefold() for n in names}:
                    names.append(name)
        word = outline.recipe.name.of(language)
        names += [f"{word} {number}" for number in range(len(names) + 1, outline.units + 1)]
        return tuple(names[: outline.units])

    # -- what is refused or named ----------------------------------------------------------------------------------------------

    def _refuse_giant(self, reading: RequestReading) -> None:
        total = sum(reading.counts.values()) + (reading.units or 0)
        if total > PLAN_MAX_STEPS:
            raise LimitError(
                "The brief asks for {total} items; a plan has at most {plan_max_steps} steps.",
                hint="Split it into several briefs.",
                field="brief",
                total=total,
                plan_max_steps=PLAN_MAX_STEPS,
            )

    def _material_notes(self, brief: Brief, reading: RequestReading) -> list[str]:
        foreign = [*reading.material, *(a.text for a in brief.attachments)]
        if any(addresses_the_machine(text) for text in foreign):
            return [self.phrases.say("material_aside", reading.language)]
        return []

    def _wishes(self, reading: RequestReading) -> list[Unavailable]:
        wishes = [self.reader.wish(wish_id) for wish_id in reading.unsupported]
        language = reading.language
        return [
            Unavailable(asked=w.name.of(language), nearest=w.nearest.of(language)) for w in wishes if w.kind is None or w.kind not in SPECS
        ]

    def _require_something(self, outline: Outline) -> None:
        if outline.places:
            return
        language = outline.reading.language
        missing = [*self._wishes(outline.reading), *outline.unavailable]
        if not missing:
            raise PlanError(
                self.phrases.say("brief_too_thin", language), hint=self.phrases.say("brief_too_thin_hint", language), field="brief"
            )
        raise PlanError(
            self.phrases.say("nothing_makeable", language, what=", ".join(u.asked for u in missing)),
            hint=self.phrases.say("nothing_makeable_hint", language, nearest="; ".join(u.nearest for u in missing if u.nearest)),
            field="brief",
        )


def about_of(brief: Brief, reading: RequestReading) -> str:
    """What a step is about: the person's own words with quotes kept, commands to the machine left out, at most 2000 characters."""
    text = "\n".join(line for line in brief.text.splitlines() if not addresses_the_machine(line)) or reading.own or brief.text
    return text.strip()[:2000] or reading.own[:2000]


def _int(votes: dict[str, JsonValue], kind: StepKind) -> int:
    value = votes.get(kind.value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _object(properties: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _strings(count: int, longest: int) -> JsonValue:
    return {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": longest}, "minItems": count, "maxItems": count}


def _list(answer: dict[str, JsonValue], key: str) -> list[str]:
    value = answer.get(key)
    return [str(item) for item in value] if isinstance(value, list) else []


def _clean(text: str, limit: int) -> str:
    """One line without quotes or list marks; a text that met the schema's limit is cut back to its last whole word."""
    text = re.sub(r"^\s*(?:\d+[.)、]\s*|[-*•]\s*)", "", " ".join(text.split())).strip(" \"'“”.,;:。，；")
    if len(text) >= limit and " " in text[:limit]:
        text = text[:limit].rsplit(" ", 1)[0]
    return text[:limit]
