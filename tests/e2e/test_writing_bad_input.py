"""What nobody could write well is said at its field, with the way out, and nothing is lost. The real studio and routes throughout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import app
from agents.writers.game.data import string_table
from domain.asset import Asset
from domain.brand import BrandKit
from domain.brief import ATTACHMENT_MAX_CHARACTERS, ATTACHMENT_MAX_COUNT, BRIEF_MAX_CHARACTERS
from domain.capability import StepKind
from domain.dialogue import DIALOGUE_MEDIA_TYPE, DialogueDocument
from domain.documents import COPY_MEDIA_TYPE
from domain.errors import LimitError
from domain.plan import Plan, Step
from domain.recipe import OutputFile, Recipe
from domain.specs import CopySpec
from studio.plans import new_id
from studio.studio import Studio
from tests.agents.writers.game.scenes import RICH
from tests.e2e.test_bad_input import settings
from tests.web.test_board import app_of_ada
from tests.web.test_writing import CONTEXT, copy_document
from web.api.board import board_router
from web.api.desk import projects_router
from web.api.dialogues import dialogues_router
from web.api.writing import writing_router

pytestmark = pytest.mark.models  # the writers are offered where a chat model is installed; only the chat loads it


@dataclass
class House:
    studio: Studio
    client: TestClient
    project: str

    def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        response = self.client.request(method, f"/api/{path}", json=body)
        assert response.status_code == status, response.text
        return response.json()

    def plan(self, **spec: Any) -> Plan:
        brief = self.studio.plans.draft(self.project, "Copy for a cold-brew coffee called Northwind")
        step = Step(id="copy-1", title="Copy", spec=CopySpec.model_validate({"about": "a cold-brew coffee called Northwind", **spec}))
        return self.studio.plans.keep(brief, Plan(id=new_id(), project_id=self.project, brief_id=brief.id, title="Copy", steps=(step,)))

    def change(self, plan: Plan, values: dict[str, Any], status: int = 200) -> Any:
        return self.call("PATCH", f"plans/{plan.id}/steps/copy-1", {"values": values, "title": ""}, status)

    def remarks(self) -> dict[tuple[str, str], str]:
        """What the board says of the steps: (rule, field) -> what to do."""
        steps = self.call("GET", f"projects/{self.project}/board")["steps"]
        return {(f["rule"], f["field"]): f["suggestion"] for step in steps for f in step["remarks"]}

    def dialogue(self, document: DialogueDocument) -> str:
        data = document.model_dump_json().encode()
        recipe = Recipe(kind=StepKind.DIALOGUE, maker="writer", maker_version=2)
        kept = {"id": "", "project_id": self.project, "title": "The Lamp", "files": (), "recipe": recipe, "created": datetime.now(UTC)}
        return self.studio.library.add_asset(Asset.model_validate(kept), [OutputFile("dialogue.json", DIALOGUE_MEDIA_TYPE, data)]).id


@pytest.fixture(scope="module")
def opened(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    studio = app.open_studio(settings(tmp_path_factory.mktemp("home"), cache))
    pages = app_of_ada()
    for router in (board_router(studio), projects_router(studio), dialogues_router(studio), writing_router(studio)):
        pages.include_router(router)
    with TestClient(pages) as client:
        yield House(studio, client, "")
    assert studio.shelf.check().sound
    studio.close()


@pytest.fixture
def house(opened: House) -> House:
    """A project of its own for each test, in one studio."""
    return replace(opened, project=opened.studio.projects.create("Bad input").id)


class TestContradictoryLimits:
    def test_a_step_that_allows_more_than_its_channel_is_told_at_the_field(self, house: House) -> None:
        plan = house.plan(channel="google_search_ads", fields=[{"name": "headline", "max_chars": 30}])
        assert house.remarks() == {}
        house.change(plan, {"fields": [{"name": "headline", "max_chars": 200, "count": 3}]})
        assert house.remarks() == {("limit_conflict", "headline"): "Ask for at most 30."}

    def test_required_words_that_fit_nowhere_are_told_at_the_brand_kit(self, house: House) -> None:
        kit = BrandKit(required_words=("slow mornings", "twelve hours", "a word of forty letters that fits nowhere"))
        house.studio.projects.save_brand(house.project, kit)
        house.plan(fields=[{"name": "headline", "max_chars": 20}])
        assert ("required_word", "required_words") in house.remarks()

    @pytest.mark.parametrize("limit", [0, 1, 99_999])
    def test_a_limit_no_text_can_keep_is_refused_at_the_field(self, house: House, limit: int) -> None:
        plan = house.plan()
        told = house.change(plan, {"fields": [{"name": "headline", "max_chars": limit, "count": 1}]}, 400)
        assert told["field"] == "copy-1.fields.0.max_chars"
        assert told["hint"]
        assert house.studio.plans.get(plan.id) == plan


class TestUnknownPlacesAndLanguages:
    def test_an_unknown_channel_is_refused_with_the_nearest(self, house: House) -> None:
        plan = house.plan()
        told = house.change(plan, {"channel": "instagramm_post"}, 400)
        assert (told["field"], "instagram_post" in told["hint"]) == ("channel", True)
        assert house.studio.plans.get(plan.id) == plan

    def test_a_language_nobody_writes_is_refused_at_the_field_with_those_that_are_known(self, house: House) -> None:
        plan = house.plan()
        told = house.change(plan, {"language": "tlh"}, 422)
        assert (told["field"], "en, zh" in told["hint"]) == ("copy-1.language", True)
        assert house.studio.plans.get(plan.id) == plan

    def test_what_is_no_language_at_all_is_refused_at_the_field(self, house: House) -> None:
        told = house.change(house.plan(), {"language": "the language of love"}, 400)
        assert told["field"] == "copy-1.language"

    def test_a_channel_for_another_language_is_a_remark(self, house: House) -> None:
        house.plan(channel="weibo_post", fields=[{"name": "post", "max_chars": 140}], language="en")
        assert ("channel_language", "language") in house.remarks()


class TestBrandKitsThatForbidThemselves:
    KIT = BrandKit(name="Cheap Thrills", forbidden_words=("cheap",), required_words=("cheap seats",), glossary={"low cost": "cheap"})

    def test_it_is_saved_and_told_at_its_fields(self, house: House) -> None:
        told = house.call("PUT", f"projects/{house.project}/brand", self.KIT.model_dump(mode="json"))
        assert {(f["rule"], f["field"]) for f in told["findings"]} == {("brand_kit", "forbidden_words"), ("brand_kit", "glossary")}
        assert any(f["message"] == "The kit forbids “cheap”, which is in its own name." for f in told["findings"])
        assert all(f["suggestion"] and f["message_id"] for f in told["findings"])
        shown = house.call("GET", f"projects/{house.project}/brand")
        assert shown["findings"] == told["findings"]
        assert BrandKit.model_validate(shown["brand"]) == self.KIT

    def test_the_step_that_would_have_to_obey_says_it_too(self, house: House) -> None:
        house.studio.projects.save_brand(house.project, self.KIT)
        house.plan()
        assert {("brand_kit", "forbidden_words"), ("brand_kit", "glossary")} <= set(house.remarks())

    @pytest.mark.parametrize(
        ("brief", "said"),
        [
            ("Just a slogan for a theatre", "The kit forbids “cheap”, which is in its own name."),
            ("为一家剧院写一句标语", "品牌规范禁用“cheap”，而品牌名称里就有它。"),
        ],
    )
    def test_the_chat_says_it_with_the_plan_in_the_language_of_the_brief(self, house: House, brief: str, said: str) -> None:
        house.studio.projects.save_brand(house.project, self.KIT)
        *_, answer = house.studio.chat.say(house.project, brief)
        assert house.studio.plans.current(house.project) is not None
        assert said in answer
        assert answer.count(said) == 1


class TestGraphsWithoutAnExit:
    def test_a_circle_that_never_ends_is_found_at_every_node_of_it_and_the_edit_can_still_be_kept(self, house: House) -> None:
        asset = house.dialogue(RICH)
        document = RICH.model_dump(mode="json")
        document["nodes"][3]["goto"] = document["nodes"][3]["id"]
        told = house.call("POST", f"assets/{asset}/dialogue/check", document)
        found = {(f["rule"], f["field"]) for f in told["findings"]}
        assert ("no_exit", document["nodes"][3]["id"]) in found
        assert all(f["message_id"] for f in told["findings"])
        saved = house.call("POST", f"assets/{asset}/writing/dialogue", document)
        assert saved["version"] == 2
        kept = house.studio.library.asset(saved["id"])
        assert ("no_exit", document["nodes"][3]["id"]) in {(f.rule, f.field) for f in kept.findings}
        assert house.studio.dialogues.document(asset) == RICH


class TestBrokenStringTables:
    def test_every_broken_placeholder_is_found_at_its_line(self, house: House) -> None:
        lines = RICH.nodes[0].lines
        first = lines[0].model_copy(update={"text": "Hello {player}, you have %d coins and <b>one</b> lamp."})
        node = RICH.nodes[0].model_copy(update={"lines": (first, *lines[1:])})
        scene = RICH.model_copy(update={"nodes": (node, *RICH.nodes[1:])})
        asset, table = house.dialogue(scene), string_table(scene)
        assert house.call("POST", f"assets/{asset}/dialogue/strings", {"csv": table})["findings"] == []
        for broken, rule in (
            ("Hallo {player, du hast %d Münzen und <b>eine</b> Lampe.", "placeholder_broken"),
            ("Hallo {spieler}, du hast %d Münzen und <b>eine</b> Lampe.", "placeholder_added"),
            ("Hallo {player}, du hast %d Münzen und eine Lampe.", "placeholder_lost"),
            ("你好｛player｝，%d 枚金币，<b>一</b>盏灯", "placeholder_broken"),
        ):
            found = house.call("POST", f"assets/{asset}/dialogue/strings", {"csv": table.replace(first.text, broken)})["findings"]
            assert rule in {f["rule"] for f in found}, broken
            assert {f["field"] for f in found} == {first.id}
            assert all(f["suggestion"] for f in found)
        assert house.studio.dialogues.document(asset) == scene


class TestTooMuchText:
    PASTED = "Northwind steeps for twelve hours. " * 60_000  # 2.1 MB

    def test_two_megabytes_in_the_chat_are_refused_with_limit_and_way_out_and_no_turn_is_made(self, house: House) -> None:
        assert len(self.PASTED) > 2_000_000
        with pytest.raises(LimitError) as refused:
            list(house.studio.chat.say(house.project, self.PASTED))
        assert f"{BRIEF_MAX_CHARACTERS:,}" in refused.value.message
        assert "attach" in refused.value.hint
        assert house.studio.chat.turns(house.project) == ()
        assert house.studio.chat.pending(house.project) is None

    @pytest.mark.parametrize("name", ["about", "tone", "angle"])
    def test_two_megabytes_in_a_field_of_a_step_are_refused_and_the_step_stays(self, house: House, name: str) -> None:
        plan = house.plan()
        told = house.change(plan, {name: self.PASTED}, 413)
        assert "1 MB" in told["message"]
        assert told["hint"]
        told = house.change(plan, {name: self.PASTED[:30_000]}, 413)
        assert told["field"] == f"copy-1.{name}"
        assert "30,000" in told["message"]
        assert house.studio.plans.get(plan.id) == plan

    def test_an_attached_text_over_the_limit_says_into_how_many_files_it_goes(self, house: House) -> None:
        with pytest.raises(LimitError) as refused:
            house.studio.attachments.add("notes.txt", ("字" * (3 * ATTACHMENT_MAX_CHARACTERS + 1)).encode())
        assert f"{ATTACHMENT_MAX_CHARACTERS:,}" in refused.value.message
        assert "4 files" in refused.value.hint
        with pytest.raises(LimitError) as refused:
            house.studio.attachments.add("notes.txt", (self.PASTED * 2).encode())
        assert f"{ATTACHMENT_MAX_COUNT} fit one message" in refused.value.hint
        for part in range(3):
            text = "字" * ATTACHMENT_MAX_CHARACTERS
            assert house.studio.attachments.add(f"part {part}.txt", text.encode()).text == text

    def test_a_text_that_is_edited_beyond_what_a_field_holds_is_refused_at_the_field(self, house: House) -> None:
        context = {"context": CONTEXT.model_dump(mode="json")}
        recipe = Recipe(kind=StepKind.COPY, maker="writer", maker_version=3, parameters=context)
        kept = {"id": "", "project_id": house.project, "title": "Ad", "files": (), "recipe": recipe, "created": datetime.now(UTC)}
        data = copy_document().model_dump_json().encode()
        copy = house.studio.library.add_asset(Asset.model_validate(kept), [OutputFile("copy.json", COPY_MEDIA_TYPE, data)]).id
        key = house.studio.writing.sheet(copy).fields[0].key
        told = house.call("POST", f"assets/{copy}/writing/check", {"texts": {key: "x" * 20_001}}, 413)
        assert (told["field"], "20,000" in told["message"], bool(told["hint"])) == (key, True, True)
