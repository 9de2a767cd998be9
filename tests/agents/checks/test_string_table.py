from __future__ import annotations

from pathlib import Path

import pytest

from agents.checks.placeholders import Placeholders
from agents.checks.string_table import string_table, texts_of, translated
from agents.writers.game.data import string_table as exported
from domain.dialogue import DialogueDocument, DialogueLine, DialogueNode
from tests.agents.writers.game.scenes import RICH, hostile

LINES = (
    DialogueLine(id="l_1", speaker="A", text="Hello {player}, you have %d coins."),
    DialogueLine(id="l_2", speaker="A", text="Take the <b>red</b> door."),
)
SCENE = DialogueDocument(language="en", characters=("A",), nodes=(DialogueNode(id="n1", lines=LINES),))


PLACEHOLDERS = Placeholders.load(Path(__file__).resolve().parents[3] / "assets" / "localisation")


def rules(table: str, document: DialogueDocument = SCENE) -> set[tuple[str, str]]:
    return {(f.rule, f.field) for f in string_table(table, document, PLACEHOLDERS)}


@pytest.mark.parametrize("document", [RICH, hostile(), SCENE])
def test_an_exported_table_comes_back_whole(document: DialogueDocument) -> None:
    assert string_table(exported(document), document, PLACEHOLDERS) == ()
    assert string_table("\ufeff" + exported(document), document, PLACEHOLDERS) == ()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("你好，你有 %d 枚金币。", "placeholder_lost"),
        ("你好 {玩家}，你有 %d 枚金币。", "placeholder_lost"),
        ("你好 {player}，你有 %d 枚 {coin}。", "placeholder_added"),
        ("你好 {player，你有 %d 枚金币。", "placeholder_broken"),
        ("你好 player}，你有 %d 枚金币。", "placeholder_broken"),
        ("你好 ｛player｝，你有 %d 枚金币。", "placeholder_broken"),
        ("  ", "empty_line"),
    ],
)
def test_a_broken_placeholder_is_found_at_its_line(text: str, rule: str) -> None:
    found = string_table(f'id,text\r\nl_1,"{text}"\r\nl_2,<b>红</b>门\r\n', SCENE, PLACEHOLDERS)
    assert rule in {f.rule for f in found}
    assert {f.field for f in found} == {"l_1"}
    assert all(f.suggestion for f in found)


def test_a_placeholder_that_moved_is_fine_and_one_used_twice_is_not() -> None:
    assert PLACEHOLDERS.intact("{a} and {b}", "{b}和{a}") == ()
    assert [f.rule for f in PLACEHOLDERS.intact("{a}", "{a}{a}")] == ["placeholder_added"]
    (fault,) = PLACEHOLDERS.intact("Go.", "去 {x}。")
    assert fault.span == (2, 5)


def test_rows_lost_doubled_unknown_and_without_an_id_are_found() -> None:
    table = 'id,text\r\nl_1,"Hello {player}, you have %d coins."\r\nl_1,"Hello {player}, you have %d coins."\r\nl_9,x\r\n,y\r\n'
    assert rules(table) == {("duplicate_line", "l_1"), ("unknown_line", "l_9"), ("no_line_id", "row 5"), ("missing_line", "l_2")}


def test_what_is_no_table_is_said_to_be_none() -> None:
    assert rules("key,words\r\n1,2\r\n") == {("missing_column", "table")}
    assert rules('id,text\r\nl_1,"never closed') == {("broken_table", "table")}
    assert rules("") == {("missing_column", "table")}
    assert rules("id,text\r\n" + "l_1,xxxxxxxxxxxxxxx\r\n" * 500_000) == {("too_large", "table")}


def test_a_translated_scene_keeps_graph_and_ids() -> None:
    words = {id_: f"译 {text}" for id_, text in texts_of(RICH).items()}
    other = translated(RICH, words, "zh")
    assert texts_of(other) == words
    assert [n.goto for n in other.nodes] == [n.goto for n in RICH.nodes]
    assert other.language == "zh"
