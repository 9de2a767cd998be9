"""What a person can do with a text that was made: edit its fields, see counts and findings as they type, save a new version, compare.

    studio.writing.sheet(asset_id)                       -> Sheet: every field with its count, limits and findings, and the score
    studio.writing.check(asset_id, texts, lines)         -> the Sheet of edited texts; nothing is stored
    studio.writing.save(asset_id, texts, person, lines)  -> Asset, a new version; the old one stays
    studio.writing.save_dialogue(asset_id, document, person), .save_lore(asset_id, document, person)
    studio.writing.versions(asset_id), .difference(asset_id, before)
    studio.writing.options(language)                     -> channels and frameworks that a copy step may name

Texts are by key of a field, as the sheet gives them (studio/fields.py). Counting and checks are the writers' own, so that a page never
disagrees with them. Knows no page; a dialogue's graph and play are in studio/dialogues.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from pydantic import ValidationError

from agents.writers.calls import Desk
from agents.writers.recheck import rechecked_article, rechecked_copy
from domain.asset import Asset
from domain.channel import ChannelName
from domain.context import StepContext
from domain.dialogue import DIALOGUE_MEDIA_TYPE, DialogueDocument
from domain.documents import ARTICLE_MEDIA_TYPE, COPY_MEDIA_TYPE, ArticleDocument, CopyDocument
from domain.errors import AssetDamaged, Conflict, InputError, NotFound
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
from studio.dialogues import Dialogues
from studio.fields import (
    Edited,
    Field,
    FieldChange,
    SlotRoom,
    Text,
    article_fields,
    changes,
    copy_fields,
    rooms,
    texts_of,
    with_lines,
    with_texts,
)
from studio.lore import Lore
from studio.plans import Plans
from studio.preferences import Preferences
from studio.word_makers import Print, output_of, scored

#: The maker of a version that a person wrote.
PERSON = "person"
PERSON_VERSION = 1
VERSIONS_MAX = 100


class Sheet(Value):
    """findings: of the whole. angles: what each set is about, by label. channel_name: None without a channel, or an unknown one.
    slots: of copy, where alternatives can be added and taken out."""

    asset_id: str
    language: str
    channel: str = ""
    channel_name: ChannelName | None = None
    fields: tuple[Field, ...]
    slots: tuple[SlotRoom, ...] = ()
    angles: dict[str, str] = {}
    findings: tuple[Finding, ...] = ()
    score: Score


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

    def check(self, asset_id: str, texts: Mapping[str, str], lines: Mapping[str, Sequence[str]] | None = None) -> Sheet:
        """texts: those that were changed. lines: all alternatives of slots that were changed, by key of the slot.

        Raises InputError for a key the asset has not and a slot without a line, LimitError for a text over 20,000 characters.
        """
        asset = self._library.asset(asset_id)
        return self._sheet(asset, self._checked(asset, with_lines(with_texts(self._text(asset), texts), lines or {})))

    def save(self, asset_id: str, texts: Mapping[str, str], person: str, lines: Mapping[str, Sequence[str]] | None = None) -> Asset:
        """A new version. Findings do not stop it: they are kept with it. Raises InputError when nothing differs, Conflict."""
        asset = self._library.asset(asset_id)
        before = self._text(asset)
        edited = with_lines(with_texts(before, texts), lines or {})
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
        before, after = (self._document(self._library.asset(one)) for one in (before_id, asset_id))
        return tuple(changes(before, after))

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
        copy = document if isinstance(document, CopyDocument) else None
        fields = copy_fields(document) if isinstance(document, CopyDocument) else article_fields(document)
        known = {field.name for field in fields}
        channel = next((one for one in self._desk.channels.all if copy is not None and one.id == copy.channel), None)
        return Sheet(
            asset_id=asset.id,
            language=document.language,
            channel=copy.channel if copy else "",
            channel_name=channel.name if channel else None,
            fields=fields,
            slots=rooms(copy, channel) if copy else (),
            angles={one.label: one.angle for one in copy.sets} if copy else {},
            findings=tuple(f for f in document.findings if copy or f.field not in known),
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
            Preferences(self._library, self._now).edited(stored, person)
            return stored
        with self._plans.by_hand(asset.plan_id, asset.step_id, person) as take:
            stored = self._add(asset, recipe, output, person, take.previous or asset.id, take)
            self._told_as_made(stored, take)
        Preferences(self._library, self._now).edited(stored, person)
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
