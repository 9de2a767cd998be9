"""What a game's world is made of: the sheet that holds it together, barks by situation, quests with stages and outcomes, entries."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

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
    """media type application/vnd.maquette.lore+json. Of barks, quest and entries the one its form names is filled."""

    language: str
    form: LoreForm
    world: WorldSheet = WorldSheet()
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
        return "\n".join(rows)


def bark_id(world: str, character: str, situation: str, index: int) -> str:
    """ "b_3fa2c1d0": from where it stands, not from its words."""
    return "b_" + content_hash(f"bark/{world}/{character}/{situation}/{index}")[:8]


LORE_MEDIA_TYPE = "application/vnd.maquette.lore+json"
