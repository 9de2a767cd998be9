"""What a person can do with a text that was made: edit its fields, see counts and findings as they type, save a new version, compare.

    studio.writing.sheet(asset_id)                       -> Sheet: every field with its count, limits and findings, and the score
    studio.writing.check(asset_id, texts)                -> the Sheet of edited texts; nothing is stored
    studio.writing.save(asset_id, texts, person)         -> Asset, a new version; the old one stays
    studio.writing.save_dialogue(asset_id, document, person), .save_lore(asset_id, document, person)
    studio.writing.versions(asset_id), .difference(asset_id, before)
    studio.writing.options(language)                     -> channels and frameworks that a copy step may name

Texts are by key of a field, as the sheet gives them. Counting and checks are the writers' own, so that a page never disagrees
with them. Knows no page; a dialogue's graph and play are in studio/dialogues.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from pydantic import ValidationError

from agents.writers.calls import Desk
from agents.writers.recheck import rechecked_article, rechecked_copy
from domain.asset import Asset
from domain.channel import ChannelName
from domain.context import StepContext
from domain.counting import CountingRule, count
from domain.dialogue import DIALOGUE_MEDIA_TYPE, DialogueDocument
from domain.documents import ARTICLE_MEDIA_TYPE, COPY_MEDIA_TYPE, ArticleDocument, CopyDocument, CopyLine, CopySet, CopySlot
from domain.errors import AssetDamaged, Conflict, InputError, LimitError, NotFound
from domain.events import EventKind
from domain.finding import Finding
from domain.job import Job, JobState
from domain.lore import LORE_MEDIA_TYPE, LoreDocument
from domain.recipe import InputRef, Output, Recipe, Trace
from domain.score import Score
from domain.specs import ArticleSpec, CopyField, CopySpec
from domain.take import Take
from domain.value import Value
from library.library import AssetQuery, Library
from studio.copy_options import CopyOptions, copy_options
from studio.dialogues import Dialogues, dialogue_texts
from studio.difference import Change, word_diff
from studio.lore import Lore, lore_texts
from studio.plans import Plans
from studio.word_makers import Print, output_of, scored

#: The maker of a version that a person wrote.
PERSON = "person"
PERSON_VERSION = 1
TEXT_MAX = 20_000
VERSIONS_MAX = 100

Text = CopyDocument | ArticleDocument
Edited = Text | DialogueDocument | LoreDocument


class Field(Value):
    """One text. key names it in calls; set: "A", "B" of an A/B test; number: which alternative, from 1.

    count, limit, recommended, truncation: in units of `counting`; None where none is known. hard: the channel refuses what is
    longer, else the step only asked for it.
    """

    key: str
    name: str
    set: str = ""
    number: int = 1
    text: str
    count: int
    counting: CountingRule
    limit: int | None = None
    hard: bool = False
    recommended: int | None = None
    truncation: int | None = None
    findings: tuple[Finding, ...] = ()


class Sheet(Value):
    """findings: of the whole. angles: what each set is about, by label. channel_name: None without a channel, or an unknown one."""

    asset_id: str
    language: str
    channel: str = ""
    channel_name: ChannelName | None = None
    fields: tuple[Field, ...]
    angles: dict[str, str] = {}
    findings: tuple[Finding, ...] = ()
    score: Score


class FieldChange(Value):
    """A field that differs between two versions, in pieces that stayed, went or came."""

    name: str
    pieces: tuple[Change, ...]


class Writing:
    """printed: an edited text as further files (Word, PDF), as its writer gives them."""

    def __init__(
        self, library: Library, plans: Plans, desk: Desk, now: Callable[[], datetime], printed: Print = lambda document: ((), ())
    ) -> None:
        self._library = library
        self._plans = plans
        self._desk = desk
        self._now = now
        self._printed = printed

    @property
    def dialogues(self) -> Dialogues:
        return Dialogues(self._library, self._desk.placeholders)

    def sheet(self, asset_id: str) -> Sheet:
        """Raises NotFound for an asset that is no copy and no article, AssetDamaged for one that cannot be read."""
        return self.check(asset_id, {})

    def check(self, asset_id: str, texts: Mapping[str, str]) -> Sheet:
        """texts: those that were changed. Raises InputError for a key the asset has not, LimitError for a text over 20,000 characters."""
        asset = self._library.asset(asset_id)
        return self._sheet(asset, self._checked(asset, with_texts(self._text(asset), texts)))

    def save(self, asset_id: str, texts: Mapping[str, str], person: str) -> Asset:
        """A new version. Findings do not stop it: they are kept with it. Raises InputError when nothing differs, Conflict."""
        asset = self._library.asset(asset_id)
        before = self._text(asset)
        edited = with_texts(before, texts)
        if [text for _, _, text in texts_of(edited)] == [text for _, _, text in texts_of(before)]:
            raise InputError("Nothing was changed.", hint="Edit a text before you save.", field="texts")
        return self._stored(asset, self._checked(asset, edited), person)

    def save_dialogue(self, asset_id: str, edited: DialogueDocument, person: str) -> Asset:
        """A new version of a dialogue, its findings with it: lines keep their ids, new ones get new ids."""
        dialogues = self.dialogues
        asset, before = self._library.asset(asset_id), dialogues.document(asset_id)
        whole, findings = dialogues.revised(asset_id, edited)
        if whole.model_copy(update={"findings": before.findings}) == before:
            raise InputError("Nothing was changed.", hint="Edit a line before you save.", field="nodes")
        return self._stored(asset, whole.model_copy(update={"findings": findings}), person)

    def save_lore(self, asset_id: str, edited: LoreDocument, person: str) -> Asset:
        """A new version of a lore document: texts keep their ids, new ones get new ids; what the checks find is kept with it."""
        lore = Lore(self._library)
        asset, before = self._library.asset(asset_id), lore.document(asset_id)
        whole, findings = lore.revised(asset_id, edited)
        if whole.model_copy(update={"findings": before.findings}) == before:
            raise InputError("Nothing was changed.", hint="Edit a text before you save.", field="entries")
        return self._stored(asset, whole.model_copy(update={"findings": findings}), person)

    def versions(self, asset_id: str) -> tuple[Asset, ...]:
        """All versions of a text, this one among them, the newest first."""
        asset = self._library.asset(asset_id)
        if asset.plan_id and asset.step_id:
            query = AssetQuery(project_id=asset.project_id, plan_id=asset.plan_id, step_id=asset.step_id, limit=VERSIONS_MAX)
            found = self._library.assets(query)
        else:
            lineage = self._library.lineage(asset_id)
            found = (*lineage.ancestors, asset, *lineage.descendants)
        same = [one for one in found if one.main.media_type == asset.main.media_type]
        return tuple(sorted(same, key=lambda one: (one.version, one.created), reverse=True))

    def difference(self, asset_id: str, before_id: str) -> tuple[FieldChange, ...]:
        """What changed from the version `before_id` to this one, field by field. Raises NotFound when it is no version of it."""
        if before_id not in {one.id for one in self.versions(asset_id)}:
            raise NotFound("That is no version of this text.", hint="Choose one of its versions.", field="before")
        old = {key: (name, text) for key, name, text in texts_of(self._document(self._library.asset(before_id)))}
        new = {key: (name, text) for key, name, text in texts_of(self._document(self._library.asset(asset_id)))}
        found = []
        for key in [*new, *(key for key in old if key not in new)]:
            was, became = old.get(key, ("", ""))[1], new.get(key, ("", ""))[1]
            if was != became:
                found.append(FieldChange(name=(new.get(key) or old[key])[0], pieces=word_diff(was, became)))
        return tuple(found)

    def options(self, language: str) -> CopyOptions:
        """What a copy step can be asked for, named in a page's language."""
        return copy_options(self._desk, language)

    # Reading

    def _text(self, asset: Asset) -> Text:
        document = self._document(asset)
        if isinstance(document, DialogueDocument):
            raise NotFound("{asset} is a dialogue.", hint="Edit its lines in the dialogue view.", asset=asset.title)
        if isinstance(document, LoreDocument):
            raise NotFound("{asset} is lore.", hint="Edit it in the lore view.", asset=asset.title)
        return document

    def _document(self, asset: Asset) -> Edited:
        kinds: dict[str, type[Edited]] = {
            COPY_MEDIA_TYPE: CopyDocument,
            ARTICLE_MEDIA_TYPE: ArticleDocument,
            DIALOGUE_MEDIA_TYPE: DialogueDocument,
            LORE_MEDIA_TYPE: LoreDocument,
        }
        kind = kinds.get(asset.main.media_type)
        if kind is None:
            raise NotFound(
                "{asset} is no text that can be edited here.", hint="Choose copy, an article, a dialogue or lore.", asset=asset.title
            )
        try:
            return kind.model_validate_json(b"".join(self._library.file_chunks(asset.main.sha256)))
        except ValidationError as error:
            raise AssetDamaged("{asset} cannot be read.", hint="Run `python app.py check`, or make it again.", asset=asset.title) from error

    def _checked(self, asset: Asset, document: Text) -> Text:
        context = _context(asset, document)
        if isinstance(document, CopyDocument):
            return rechecked_copy(document, context, self._desk)
        return rechecked_article(document, context, self._desk)

    def _sheet(self, asset: Asset, document: Text) -> Sheet:
        output = scored(output_of(document, asset.recipe.kind, asset.main.media_type, Trace()), self._desk.words.score)
        fields = _copy_fields(document) if isinstance(document, CopyDocument) else _article_fields(document)
        known = {field.name for field in fields}
        channel = document.channel if isinstance(document, CopyDocument) else ""
        return Sheet(
            asset_id=asset.id,
            language=document.language,
            channel=channel,
            channel_name=next((one.name for one in self._desk.channels.all if one.id == channel), None),
            fields=fields,
            angles={one.label: one.angle for one in document.sets} if isinstance(document, CopyDocument) else {},
            findings=tuple(f for f in document.findings if isinstance(document, CopyDocument) or f.field not in known),
            score=Score.model_validate(output.facts["check_score"]),
        )

    # Storing

    def _stored(self, asset: Asset, document: Edited, person: str) -> Asset:
        output = output_of(document, asset.recipe.kind, asset.main.media_type, Trace(notes=("edited by a person",)), self._printed)
        output = scored(output, self._desk.words.score)
        recipe = _recipe(asset, document)
        if not self._has_step(asset):
            # No plan made it, or the plan has dropped its step: the versions follow each other all the same.
            stored = self._add(asset, recipe, output, person, self.versions(asset.id)[0].id, None)
            self._library.add_event(asset.project_id, EventKind.ASSET, stored.id, {"person": person})
            return stored
        with self._plans.by_hand(asset.plan_id, asset.step_id, person) as take:
            stored = self._add(asset, recipe, output, person, take.previous or asset.id, take)
            self._told_as_made(stored, take)
        return stored

    def _has_step(self, asset: Asset) -> bool:
        return bool(asset.plan_id) and any(step.id == asset.step_id for step in self._plans.get(asset.plan_id).steps)

    def _told_as_made(self, stored: Asset, take: Take) -> None:
        """The step stands at this version, and the next take gets a number of its own."""
        now = self._now()
        job = Job(
            plan_id=take.plan_id,
            step_id=take.step.id,
            take=take.take,
            state=JobState.DONE,
            progress=1.0,
            asset_id=stored.id,
            person=take.person,
            created=now,
            started=now,
            ended=now,
        )
        done = take.model_copy(update={"maker": PERSON, "prompt": stored.recipe.prompt, "parameters": stored.recipe.parameters})
        kept = {(job.plan_id, job.step_id, job.take): done.model_dump(mode="json")}
        self._library.queue_jobs([job], kept, stored.project_id, [(EventKind.ASSET, stored.id, {"person": take.person})])

    def _add(self, asset: Asset, recipe: Recipe, output: Output, person: str, previous: str, take: Take | None) -> Asset:
        findings = output.facts.get("findings")
        draft = asset.model_copy(
            update={
                "id": "",
                "plan_id": take.plan_id if take else "",
                "step_id": take.step.id if take else "",
                "take": take.take if take else 0,
                "files": (),
                "recipe": recipe,
                "trace": output.trace,
                "facts": dict(output.facts),
                "findings": tuple(Finding.model_validate(one) for one in findings) if isinstance(findings, list) else (),
                "text": str(output.facts.get("text", "")),
                "previous": previous,
                "parents": (),
                "version": self._library.asset(previous).version + 1,
                "person": person,
                "created": self._now(),
            }
        )
        stored = self._library.add_asset(draft, output.files)
        if stored.recipe != recipe:
            raise Conflict("{asset} was made again meanwhile.", hint="Open the newest version, and edit that.", asset=asset.title)
        return stored


def texts_of(document: Edited) -> list[tuple[str, str, str]]:
    """(key, name, text) of everything that can be edited, in reading order."""
    if isinstance(document, DialogueDocument):
        return dialogue_texts(document)
    if isinstance(document, LoreDocument):
        return lore_texts(document)
    if isinstance(document, ArticleDocument):
        head = [("headline", "headline", document.headline)] if document.headline else []
        return [*head, *((f"paragraph {n}", f"paragraph {n}", text) for n, text in enumerate(document.paragraphs, 1))]
    return [
        (_key(one, number, at), f"{one.label + ' ' if document.variants else ''}{slot.name} {at + 1}", line.text)
        for one in document.sets
        for number, slot in enumerate(one.slots)
        for at, line in enumerate(slot.lines)
    ]


def with_texts(document: Text, texts: Mapping[str, str]) -> Text:
    """The document with some of its texts replaced. Raises InputError for a key it has not, LimitError for a text that is too long."""
    known = {key for key, _, _ in texts_of(document)}
    for key, text in texts.items():
        if key not in known:
            raise InputError("This text has no field {key}.", hint="Open it again.", field="texts", key=repr(key[:60]))
        if len(text) > TEXT_MAX:
            raise LimitError(
                "{name} has {count} characters; {most} are the most.",
                hint="Shorten it, or spread it over several texts. What was stored is as it was.",
                field=key,
                name=key,
                count=f"{len(text):,}",
                most=f"{TEXT_MAX:,}",
            )
    if isinstance(document, ArticleDocument):
        paragraphs = tuple(texts.get(f"paragraph {n}", text) for n, text in enumerate(document.paragraphs, 1))
        return document.model_copy(update={"headline": texts.get("headline", document.headline), "paragraphs": paragraphs})
    sets = [one.model_copy(update={"slots": _slots(one, texts)}) for one in document.sets]
    return document.model_copy(update={"slots": sets[0].slots, "variants": tuple(sets[1:])})


def _slots(one: CopySet, texts: Mapping[str, str]) -> tuple[CopySlot, ...]:
    return tuple(
        slot.model_copy(
            update={"lines": tuple(CopyLine(text=texts.get(_key(one, number, at), line.text)) for at, line in enumerate(slot.lines))}
        )
        for number, slot in enumerate(one.slots)
    )


def _key(one: CopySet, slot: int, line: int) -> str:
    return f"{one.label}.{slot}.{line}"


def _copy_fields(document: CopyDocument) -> tuple[Field, ...]:
    return tuple(
        Field(
            key=_key(one, number, at),
            name=slot.name,
            set=one.label,
            number=at + 1,
            text=line.text,
            count=slot.length(line),
            counting=slot.counting,
            limit=slot.limit,
            hard=slot.hard_limit is not None or not document.channel,
            recommended=slot.recommended,
            truncation=slot.truncation,
            findings=line.findings,
        )
        for one in document.sets
        for number, slot in enumerate(one.slots)
        for at, line in enumerate(slot.lines)
    )


def _article_fields(document: ArticleDocument) -> tuple[Field, ...]:
    """Chinese is counted in characters, other languages in words."""
    rule = CountingRule.CHARACTERS if document.language.split("-")[0] == "zh" else CountingRule.WORDS
    return tuple(
        Field(
            key=key,
            name=name,
            text=text,
            count=count(text, rule),
            counting=rule,
            findings=tuple(finding for finding in document.findings if finding.field == key),
        )
        for key, name, text in texts_of(document)
    )


def _context(asset: Asset, document: Text) -> StepContext:
    """What its writer was handed. Where that is not kept, what the text itself said counts as given."""
    kept = asset.recipe.parameters.get("context")
    if kept is not None:
        return StepContext.model_validate(kept)
    about = (asset.recipe.prompt or asset.title)[:2000]
    if isinstance(document, ArticleDocument):
        return StepContext(
            spec=ArticleSpec.model_validate({"about": about, "language": document.language, "form": document.form}), material=asset.text
        )
    fields = tuple(CopyField(name=slot.name, max_chars=slot.max_chars, count=max(1, len(slot.lines))) for slot in document.slots)
    return StepContext(spec=CopySpec(about=about, language=document.language, channel=document.channel, fields=fields), material=asset.text)


def _recipe(asset: Asset, document: Edited) -> Recipe:
    """Edited by a person: the document itself is what makes it again. The context stays, for the checks of the next edit."""
    kept = {key: value for key, value in asset.recipe.parameters.items() if key == "context"}
    edited = InputRef(role="edited", sha256=asset.main.sha256, media_type=asset.main.media_type, asset_id=asset.id)
    return Recipe(
        kind=asset.recipe.kind,
        maker=PERSON,
        maker_version=PERSON_VERSION,
        prompt=asset.recipe.prompt,
        parameters={**kept, "document": document.model_dump(mode="json")},
        inputs=(edited,),
    )
