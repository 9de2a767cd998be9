"""What a game's world is made of: the sheet that holds it together, barks by situation, quests with stages and outcomes, entries."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from domain.dialogue import Character
from domain.finding import Finding
from domain.value import Value, content_hash

LoreForm = Literal["barks", "quest", "items", "places", "people"]
EntryKind = Literal["item", "place", "person"]


class WorldSheet(Value):
    """What all texts of a world must agree with. facts: what is so. names: places, people and things, as they are spelt.

    absent: what this world does not have ("firearms"), so that no text speaks of it.
    """

    name: str = Field(default="", max_length=80)
    about: str = Field(default="", max_length=400)
    facts: tuple[str, ...] = Field(default=(), max_length=20)
    names: tuple[str, ...] = Field(default=(), max_length=40)
    absent: tuple[str, ...] = Field(default=(), max_length=20)

    @property
    def empty(self) -> bool:
        return not (self.name or self.about or self.facts or self.names or self.absent)


class Bark(Value):
    """A short line a character says by itself. id is stable across edits."""

    id: str
    text: str


class BarkSet(Value):
    """What one character says in one situation ("sees an enemy"); the game picks one."""

    character: str
    situation: str
    barks: tuple[Bark, ...] = ()


class QuestWay(Value):
    """How a stage goes on: to another stage or to an outcome, by id. text: what the player does to take it."""

    text: str
    goto: str


class QuestStage(Value):
    """objective: what the journal tells the player to do. text: what is told when the stage begins. outcome: "" while it goes on."""

    id: str
    title: str = ""
    objective: str = ""
    text: str = ""
    ways: tuple[QuestWay, ...] = ()
    outcome: str = ""


class Quest(Value):
    """stages[0] begins it. A stage with an outcome ends it."""

    title: str
    giver: str = ""
    stages: tuple[QuestStage, ...] = ()


class LoreEntry(Value):
    id: str
    kind: EntryKind
    name: str
    text: str


class LoreDocument(Value):
    """media type application/vnd.maquette.lore+json. Of barks, quest and entries a writer fills the one its form names; a person
    may add to the others. cast: who lives in this world."""

    language: str
    form: LoreForm
    world: WorldSheet = WorldSheet()
    cast: tuple[Character, ...] = ()
    barks: tuple[BarkSet, ...] = ()
    quest: Quest | None = None
    entries: tuple[LoreEntry, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def plain_text(self) -> str:
        rows = [f"{one.character} ({one.situation}): {bark.text}" for one in self.barks for bark in one.barks]
        if self.quest:
            rows.append(self.quest.title)
            rows += [part for stage in self.quest.stages for part in (stage.title, stage.objective, stage.text) if part]
        rows += [f"{entry.name}: {entry.text}" for entry in self.entries]
        rows += [f"{one.name}: {'; '.join(about)}" for one in self.cast if (about := told_of(one))]
        return "\n".join(rows)


def told_of(one: Character) -> tuple[str, ...]:
    """How a character talks, what they want and know, in this order; without what is empty."""
    return tuple(part for part in (one.voice, *one.goals, *one.knowledge) if part)


def with_lore_ids(edited: LoreDocument, before: LoreDocument | None = None) -> LoreDocument:
    """An edited document in which every bark and entry has an id: those that have one keep it, those without get a new one.

    before: the document that was edited; an id of it whose text is gone is not given to another.
    """
    taken = {id_ for one in (edited, before) if one is not None for id_ in _ids_of(one)}

    def fresh(letter: str, said: str) -> str:
        for number in range(1 << 20):
            id_ = f"{letter}_{content_hash(f'new/{said}/{number}')[:8]}"
            if id_ not in taken:
                taken.add(id_)
                return id_
        raise OverflowError("no id is left")

    barks = tuple(
        one.model_copy(
            update={"barks": tuple(b if b.id else b.model_copy(update={"id": fresh("b", f"{one.character}/{b.text}")}) for b in one.barks)}
        )
        for one in edited.barks
    )
    entries = tuple(e if e.id else e.model_copy(update={"id": fresh("e", f"{e.kind}/{e.name}")}) for e in edited.entries)
    return edited.model_copy(update={"barks": barks, "entries": entries})


def _ids_of(document: LoreDocument) -> tuple[str, ...]:
    return (*(bark.id for one in document.barks for bark in one.barks), *(entry.id for entry in document.entries))


def bark_id(world: str, character: str, situation: str, index: int) -> str:
    """ "b_3fa2c1d0": from where it stands, not from its words."""
    return "b_" + content_hash(f"bark/{world}/{character}/{situation}/{index}")[:8]


LORE_MEDIA_TYPE = "application/vnd.maquette.lore+json"
