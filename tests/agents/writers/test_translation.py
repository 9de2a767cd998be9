"""A translation keeps every placeholder, id, row and column; what fails keeps its source and says so."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from agents.checks.placeholders import Placeholders
from agents.writers.calls import Desk
from agents.writers.tables import read_table
from agents.writers.translation import write_translation
from domain.brand import BrandKit
from domain.capability import StepKind
from domain.chat import ChatRequest
from domain.context import AttachedText, InputText, Remembered, StepContext
from domain.documents import (
    Choice,
    CopyDocument,
    CopyLine,
    CopySlot,
    DialogueDocument,
    DialogueLine,
    DialogueNode,
    TranslationDocument,
)
from domain.errors import InputError, LimitError
from domain.progress import Silent
from domain.specs import TranslationSpec
from pipelines.devices import Devices
from pipelines.models.store import ModelStore
from pipelines.text.llamacpp import LlamaCppChat
from tests.agents.writers.desk_chat import Speaker

TABLE = """key,source,context,max_length
menu.start,Start game,button,20
menu.greet,"Welcome back, {player}!",home,
shop.price,"<b>{item}</b>, only %1$d coins",shop,
shop.left,"{n, plural, one {# sword left} other {# swords left}}",shop,
shop.sku,{sku},shop,
"""


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


def asked(request: ChatRequest) -> str:
    return request.messages[-1].content.split("\n")[-1]


def faithful(request: ChatRequest) -> dict[str, str]:
    """Chinese of about the right length, the markers where they were."""
    return {"text": re.sub(r"[A-Za-z][A-Za-z ,]*", lambda m: "译文" if len(m.group()) > 4 else "译", asked(request))}


def context(text: str = TABLE, **more: Any) -> StepContext:
    spec = {"language": "zh", "text": text} | more.pop("spec", {})
    return StepContext(spec=TranslationSpec(**spec), **more)


def translated(desk: Desk, chat: Speaker, wanted: StepContext) -> TranslationDocument:
    return write_translation(wanted, chat, 3, Silent(), desk)


def test_a_table_comes_back_with_every_row_column_id_and_placeholder(desk: Desk) -> None:
    document = translated(desk, Speaker(faithful), context())
    rows = list(csv.DictReader(io.StringIO(document.result)))
    assert [row["key"] for row in rows] == ["menu.start", "menu.greet", "shop.price", "shop.left", "shop.sku"]
    assert [row["source"] for row in rows] == [row["source"] for row in csv.DictReader(io.StringIO(TABLE))]
    assert [row["context"] for row in rows] == ["button", "home", "shop", "shop", "shop"]
    assert all(not desk.placeholders.intact(row["source"], row["zh"]) for row in rows)
    assert rows[3]["zh"] == "{n, plural, one {# 译文} other {# 译文}}"
    assert [line.state for line in document.lines] == ["translated", "translated", "translated", "translated", "same"]


def test_a_line_whose_placeholders_the_model_loses_keeps_its_source_and_says_so(desk: Desk) -> None:
    careless = Speaker(lambda request: {"text": "你好" if "[1]" in asked(request) else "译文"})
    document = translated(desk, careless, context())
    failed = {line.id: line for line in document.lines if line.state == "failed"}
    assert set(failed) == {"menu.greet", "shop.price", "shop.left"}
    assert all(line.target == line.source and line.findings for line in failed.values())
    assert {f.field for f in document.findings} >= set(failed)
    assert document.lines[0].state == "translated"


def test_the_schema_leaves_the_model_no_way_to_lose_a_marker(desk: Desk) -> None:
    chat = Speaker(faithful)
    translated(desk, chat, context())
    patterns = {asked(r): r.json_schema["properties"]["text"]["pattern"] for r in chat.requests}  # type: ignore[index]
    greeting = next(pattern for text, pattern in patterns.items() if "Welcome" in text)
    assert re.fullmatch(greeting, "欢迎，[1]！")
    assert not re.fullmatch(greeting, "欢迎！")
    assert not re.fullmatch(greeting, "[1][1]")
    price = next(pattern for text, pattern in patterns.items() if "coins" in text)
    assert re.fullmatch(price, "[1][2][3]，只要[4]枚")
    assert not re.fullmatch(price, "[3][2][1]，只要[4]枚")


def test_a_broken_source_is_named_and_nothing_is_lost(desk: Desk) -> None:
    text = "key,source\na,Hello {name\nb,Good morning friends\n"
    document = translated(desk, Speaker(faithful), context(text))
    assert document.lines[0].state == "failed"
    assert document.lines[0].findings[0].rule == "broken_placeholder"
    assert document.result == "key,source,zh\na,Hello {name,Hello {name\nb,Good morning friends,译文\n"


@pytest.mark.parametrize(
    ("wanted", "error", "field"),
    [
        (context(spec={"language": "xx"}), InputError, "language"),
        (context("你好，世界"), InputError, "language"),
        (context(""), InputError, "text"),
        (context('{"a": "x", "a": "y"}'), InputError, "text"),
        (context('{"a": '), InputError, "text"),
        (context('key,source\na,"open'), InputError, "text"),
        (context("key,remark\na,b\n"), InputError, "text"),
        (context("", spec={"file": "b.csv"}, attached=(AttachedText(name="a.csv", text=TABLE),)), InputError, "file"),
        (context("", attached=(AttachedText(name="a.csv", text="word " * 400_000),)), LimitError, "text"),
    ],
)
def test_bad_input_is_refused_at_its_field(desk: Desk, wanted: StepContext, error: type[InputError], field: str) -> None:
    with pytest.raises(error) as caught:
        translated(desk, Speaker(faithful), wanted)
    assert caught.value.field == field
    assert caught.value.hint


def test_two_megabytes_are_refused_where_they_are_typed() -> None:
    with pytest.raises(ValueError, match="200000"):
        TranslationSpec(text="x" * 2_000_000)


def test_an_attached_table_is_found_and_json_keeps_its_shape(desk: Desk) -> None:
    table = {
        "menu": {"start": "Start the game", "count": 3, "on": True},
        "@menu": {"description": "not a text"},
        "list": ["One more thing"],
    }
    attached = (AttachedText(name="notes.txt", text="Not this."), AttachedText(name="en.json", text=json.dumps(table)))
    document = translated(desk, Speaker(faithful), context("", attached=attached))
    result = json.loads(document.result)
    assert result == {"menu": {"start": "译文", "count": 3, "on": True}, "@menu": {"description": "not a text"}, "list": ["译文"]}
    assert [line.id for line in document.lines] == ["menu.start", "list.0"]


def test_a_list_of_records_translates_only_its_texts(desk: Desk) -> None:
    records = [{"id": "a1", "speaker": "Mira", "text": "Who goes there"}, {"id": "a2", "speaker": "Tom", "text": "It is only me"}]
    document = translated(desk, Speaker(faithful), context(json.dumps(records)))
    assert [line.id for line in document.lines] == ["a1", "a2"]
    assert [row["speaker"] for row in json.loads(document.result)] == ["Mira", "Tom"]


def test_a_dialogue_keeps_its_graph_and_line_ids(desk: Desk) -> None:
    node = DialogueNode(
        id="n1",
        lines=(DialogueLine(id="n1.1", speaker="Mira", text="Who goes there?"),),
        choices=(Choice(id="n1.c1", text="Only a friend, {player}.", goto="n2"),),
    )
    last = DialogueNode(id="n2", lines=(DialogueLine(id="n2.1", speaker="Mira", text="Then come in quickly."),))
    source = DialogueDocument(language="en", characters=("Mira",), nodes=(node, last))
    given = InputText(
        role="source", step="dialogue-1", kind=StepKind.DIALOGUE, text=source.plain_text, document=source.model_dump(mode="json")
    )
    document = translated(desk, Speaker(faithful), context("", inputs=(given,)))
    result = DialogueDocument.model_validate_json(document.result)
    assert result.language == "zh"
    assert [line.id for line in document.lines] == ["n1.1", "n2.1", "n1.c1"]
    assert (result.nodes[0].choices[0].goto, result.nodes[0].choices[0].id) == ("n2", "n1.c1")
    assert "{player}" in result.nodes[0].choices[0].text
    assert result.nodes[0].lines[0].speaker == "Mira"


def test_copy_over_its_limit_is_a_finding(desk: Desk) -> None:
    slot = CopySlot(name="cta", max_chars=3, lines=(CopyLine(text="Order yours now"),))
    source = CopyDocument(language="en", slots=(slot,))
    given = InputText(role="source", step="copy-1", kind=StepKind.COPY, text=source.plain_text, document=source.model_dump(mode="json"))
    document = translated(desk, Speaker(lambda r: {"text": "现在就来订购"}), context("", inputs=(given,)))
    assert [f.rule for f in document.lines[0].findings] == ["length"]
    assert CopyDocument.model_validate_json(document.result).slots[0].lines[0].text == "现在就来订购"


def test_a_translation_that_grows_too_wide_is_a_finding(desk: Desk) -> None:
    wide = "现在就从头开始这一场新的冒险游戏吧各位玩家"
    document = translated(desk, Speaker(lambda r: {"text": wide}), context("key,source\na,Start game\n"))
    assert [f.rule for f in document.lines[0].findings] == ["expansion"]
    assert document.lines[0].target == wide


def test_the_glossary_and_the_brand_name_are_held_to(desk: Desk) -> None:
    kit = BrandKit(name="Northwind", glossary={"cold brew": "冷萃"})
    chat = Speaker(faithful)
    document = translated(desk, chat, context("key,source\na,Northwind cold brew is here today\n", brand=kit))
    assert "冷萃" in document.lines[0].target
    assert "Northwind" in document.lines[0].target
    back = translated(
        desk, Speaker(lambda r: {"text": "Today [1] is here"}), context("key,source\na,冷萃今天到货\n", spec={"language": "en"}, brand=kit)
    )
    assert back.lines[0].target == "Today cold brew is here"


MEMORY = (Remembered(source="Start game", target="开始游戏", approved=True), Remembered(source="Quit game", target="退出游戏"))
PAIR = "key,source\nmenu.start,Start game\nmenu.quit,Quit game\n"


def states(document: TranslationDocument) -> list[str]:
    return [line.state for line in document.lines]


def test_unchanged_lines_keep_their_translation_when_another_changed(desk: Desk) -> None:
    chat = Speaker(faithful)
    document = translated(desk, chat, context(PAIR + "menu.new,Options and sound\n", memory=MEMORY))
    assert states(document) == ["kept", "kept", "translated"]
    assert [line.target for line in document.lines[:2]] == ["开始游戏", "退出游戏"]
    assert len(chat.requests) == 1


def test_a_second_take_keeps_what_was_approved_and_draws_the_rest(desk: Desk) -> None:
    assert states(translated(desk, Speaker(faithful), context(PAIR, memory=MEMORY))) == ["kept", "translated"]


@pytest.mark.parametrize("note", ["menu.quit: shorter", "line 2 shorter please", "第2行短一点"])
def test_one_line_is_done_again_and_the_others_stay(desk: Desk, note: str) -> None:
    document = translated(desk, Speaker(faithful), context(PAIR, memory=MEMORY, note=note))
    assert states(document) == ["kept", "translated"]


def test_what_stands_in_the_table_already_stays(desk: Desk) -> None:
    text = "key,en,zh\nmenu.start,Start game,启程\nmenu.quit,Quit game,\n"
    document = translated(desk, Speaker(faithful), context(text))
    assert states(document) == ["kept", "translated"]
    assert document.result == "key,en,zh\nmenu.start,Start game,启程\nmenu.quit,Quit game,译文\n"
    again = translated(desk, Speaker(faithful), context(text, note="menu.start: shorter"))
    assert again.lines[0].state == "translated"


def test_a_remembered_line_that_lost_a_placeholder_is_not_taken(desk: Desk) -> None:
    memory = (Remembered(source="Hello there, {name}", target="你好", approved=True),)
    document = translated(desk, Speaker(faithful), context('key,source\na,"Hello there, {name}"\n', memory=memory))
    assert states(document) == ["translated"]
    assert "{name}" in document.lines[0].target


def test_a_long_paragraph_is_asked_in_stretches(desk: Desk) -> None:
    chat = Speaker(faithful)
    text = " ".join(f"Sentence {n} says something of its own to the reader." for n in range(40))
    document = translated(desk, chat, context(text))
    assert len(chat.requests) > 3
    assert all(len(asked(request)) <= 560 for request in chat.requests)
    assert len(document.lines) == 1


def test_a_language_that_was_not_measured_is_said(desk: Desk) -> None:
    document = translated(
        desk, Speaker(lambda r: {"text": "Commencer la partie"}), context("key,source\na,Start the game\n", spec={"language": "fr"})
    )
    assert "unmeasured_language" in {f.rule for f in document.findings}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_of_any_delimiter_come_back(desk: Desk, delimiter: str) -> None:
    text = (
        f"id{delimiter}text\na{delimiter}One; two, three\n"
        if delimiter == "\t"
        else f'id{delimiter}text\na{delimiter}"One{delimiter} two"\n'
    )
    table = read_table(text, desk.localisation["columns"], "en", "zh")
    assert table.with_texts([line.text for line in table.lines]).splitlines()[0] == f"id{delimiter}text{delimiter}zh"
    assert len(table.lines) == 1


def test_plain_text_keeps_its_empty_lines(desk: Desk, assets: Path) -> None:
    table = read_table("First line\n\nSecond, line", desk.localisation["columns"], "en", "zh")
    assert table.with_texts(["一", "二"]) == "一\n\n二"
    assert Placeholders.load(assets / "localisation").pattern == desk.placeholders.pattern


@pytest.mark.models
def test_the_embedded_model_loses_no_placeholder(desk: Desk, store: ModelStore) -> None:
    model = "qwen2.5-coder-1.5b-instruct-q4"
    devices = Devices(6 << 30)
    chat = LlamaCppChat(next(store.folder(model).glob("*.gguf")), store.ref(model), devices, slots=1, context_tokens=2048)
    document = write_translation(context(), chat, 3, Silent(), desk)
    devices.release_idle()
    assert all(not desk.placeholders.intact(line.source, line.target) for line in document.lines)
    assert sum(line.state == "translated" for line in document.lines) >= 3
