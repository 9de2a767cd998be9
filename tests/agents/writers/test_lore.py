from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from agents.checks.lore import lore, quest
from agents.writers.calls import Desk
from agents.writers.lore import write_lore
from agents.writers.render import render, render_file
from domain.chat import ChatRequest
from domain.context import StepContext
from domain.dialogue import Character
from domain.errors import InputError
from domain.lore import LORE_MEDIA_TYPE, WorldSheet
from domain.progress import Silent
from domain.specs import CopySpec, LoreSpec
from tests.agents.writers.desk_chat import Speaker

WORDS = re.findall(
    r"\w+", "amber bell coal dust ember fog gull hull iron jetty keel lamp moss north oar pearl quay reef salt tide vane wreck"
)
WORLD = WorldSheet(name="Eldermere", about="a drowned coast", facts=("the lamp went out",), names=("Brackwater",), absent=("gunpowder",))


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


def teller(request: ChatRequest) -> Any:
    """Fills every text of the schema with words of its own."""
    properties: dict[str, Any] = dict(request.json_schema or {})["properties"]
    if "characters" in properties:
        return {"characters": ["the ferryman"]}
    number = request.sampling.seed
    phrases = [" ".join(WORDS[(number // 7**k + k * 5 + at * 3) % len(WORDS)] for k in range(4)) for at in range(len(properties))]
    return {key: f"Find {phrase}." for key, phrase in zip(properties, phrases, strict=True)}


def context(form: str, **more: Any) -> StepContext:
    spec = LoreSpec.model_validate({"about": "a ferryman on a drowned coast", "form": form, "world": WORLD, **more})
    return StepContext(spec=spec, material="A ferryman on a drowned coast.")


def test_barks_are_written_for_every_character_and_situation_with_ids_that_do_not_come_from_words(desk: Desk) -> None:
    wanted = context("barks", characters=("Ferryman", "Gull"), situations=("sees the player", "is hurt"), count=2)
    one, other = (write_lore(wanted, Speaker(teller), seed, Silent(), desk) for seed in (1, 2))
    assert [(s.character, s.situation, len(s.barks)) for s in one.barks] == [
        ("Ferryman", "sees the player", 2),
        ("Ferryman", "is hurt", 2),
        ("Gull", "sees the player", 2),
        ("Gull", "is hurt", 2),
    ]
    ids = [bark.id for s in one.barks for bark in s.barks]
    assert len(set(ids)) == 8
    assert ids == [bark.id for s in other.barks for bark in s.barks]
    assert one.plain_text != other.plain_text
    assert lore(one) == ()


def test_without_characters_and_situations_the_brief_and_the_usual_ones_are_taken(desk: Desk) -> None:
    document = write_lore(context("barks", count=1), Speaker(teller), 1, Silent(), desk)
    assert {s.character for s in document.barks} == {"Ferryman"}
    assert len(document.barks) == 6


@pytest.mark.parametrize("count", [1, 3, 5])
def test_a_quest_has_its_stages_a_decision_and_two_outcomes_and_is_sound(desk: Desk, count: int) -> None:
    document = write_lore(context("quest", characters=("Orrin",), count=count), Speaker(teller), 1, Silent(), desk)
    assert document.quest is not None
    assert quest(document.quest) == ()
    assert [stage.outcome for stage in document.quest.stages] == [""] * max(2, count) + ["success", "at a price"]
    assert len(document.quest.stages[-3].ways) == 2
    assert document.quest.giver == "Orrin"
    assert document.quest.title in render(document)


@pytest.mark.parametrize(("form", "kind"), [("items", "item"), ("places", "place"), ("people", "person")])
def test_entries_have_names_and_texts(desk: Desk, form: str, kind: str) -> None:
    chat = Speaker(teller)
    document = write_lore(context(form, count=3), chat, 1, Silent(), desk)
    assert [(e.id, e.kind) for e in document.entries] == [("e1", kind), ("e2", kind), ("e3", kind)]
    assert all(e.name and e.text for e in document.entries)
    assert document.entries[0].name in chat.asked[-1]
    assert render_file(LORE_MEDIA_TYPE, document.model_dump_json().encode()) == render(document)


def test_the_world_is_told_and_what_breaks_it_is_asked_again_and_then_shown(desk: Desk) -> None:
    chat = Speaker(lambda request: teller(request) | {"text": "A keg of gunpowder from Brakwater."})
    document = write_lore(context("items", count=1), chat, 1, Silent(), desk)
    assert "Eldermere a drowned coast" in chat.asked[0]
    assert "gunpowder" in chat.asked[0]
    assert any("does not exist in this world" in asked for asked in chat.asked[1:])
    assert {(f.rule, f.field) for f in document.findings} == {("not_of_this_world", "e1"), ("misspelt_name", "e1")}


def test_lore_is_told_who_lives_there_and_holds_their_names(desk: Desk) -> None:
    cast = (Character(name="Orrin", voice="short, dry", goals=("light the lamp",)), Character(name="Wilmarta"))
    chat = Speaker(teller)
    barks = write_lore(context("barks", cast=cast, situations=("is hurt",), count=1), chat, 1, Silent(), desk)
    assert [one.character for one in barks.barks] == ["Orrin", "Wilmarta"]
    assert "Talks like this: short, dry." in chat.asked[0] and "Who else lives here, spelt exactly so: Wilmarta." in chat.asked[0]
    assert "short, dry" not in chat.asked[-1] and "spelt exactly so: Orrin." in chat.asked[-1]
    assert barks.cast == cast
    quest_ = write_lore(context("quest", cast=cast, count=2), Speaker(teller), 1, Silent(), desk).quest
    assert quest_ is not None and quest_.giver == "Orrin"
    chat = Speaker(lambda request: teller(request) | {"text": "Wilmarte keeps the amber bell of the reef."})
    items = write_lore(context("items", cast=cast, count=1), chat, 1, Silent(), desk)
    assert {(f.rule, f.field) for f in items.findings} == {("misspelt_name", "e1")}
    assert LoreSpec(about="x", form="barks", cast=cast, count=2).work_size == 24


def test_chinese_is_asked_for_in_chinese(desk: Desk) -> None:
    chat = Speaker(
        lambda request: {
            key: f"去{'灯塔海雾船桨'[n % 6]}{n}号{key}那里看看" for n, key in enumerate(dict(request.json_schema or {})["properties"])
        }
    )
    spec = LoreSpec(about="海边的摆渡人", language="zh", form="quest", count=2)
    document = write_lore(StepContext(spec=spec, material="海边的摆渡人"), chat, 1, Silent(), desk)
    assert "任务：海边的摆渡人" in chat.asked[0]
    assert document.quest is not None
    assert [s.outcome for s in document.quest.stages][-2:] == ["成功", "付出代价"]


def test_a_step_of_another_kind_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError):
        write_lore(StepContext(spec=CopySpec(about="x")), Speaker(teller), 1, Silent(), desk)
