"""Yarn, Twee and Ren'Py read back by small grammars; JSON by its schema; the table of strings by a CSV reader."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from agents.writers.game.data import COLUMNS, dialogue_json, string_table
from agents.writers.game.files import game_files
from agents.writers.game.names import Names, amount, flat, speaker
from agents.writers.game.renpy import RESERVED, renpy
from agents.writers.game.renpy import literal as renpy_literal
from agents.writers.game.twee import literal as twee_literal
from agents.writers.game.twee import twee
from agents.writers.game.yarn import literal as yarn_literal
from agents.writers.game.yarn import yarn
from domain.dialogue import Condition, DialogueDocument, DialogueLine, DialogueNode, Effect, Variable, VariableValue
from tests.agents.writers.game import grammars
from tests.agents.writers.game.scenes import HOSTILE, RICH, hostile, scenes


@dataclass(frozen=True)
class Engine:
    """How an export is written and read back, and how its expressions look."""

    render: Callable[[DialogueDocument], str]
    read: Callable[[str], dict[str, grammars.Passage]]
    literal: Callable[[VariableValue], str]
    reserved: frozenset[str] = frozenset()
    sigil: str = "$"
    joiner: str = " && "
    signs: dict[str, str] = field(default_factory=dict)

    def when(self, when: tuple[Condition, ...], names: Names) -> str:
        signs = [self.signs.get(c.comparison, c.comparison) for c in when]
        return self.joiner.join(
            f"{self.sigil}{names.variable(c.variable)} {s} {self.literal(c.value)}" for c, s in zip(when, signs, strict=True)
        )

    def changes(self, effects: tuple[Effect, ...], names: Names) -> tuple[str, ...]:
        named = [(self.sigil + names.variable(e.variable), e) for e in effects]
        return tuple(
            f"{n} to {self.literal(e.value)}" if e.change == "set" else "{0} to {0} {1} {2}".format(n, *amount(e)) for n, e in named
        )


SIGNS = {"==": "is", "!=": "isnot", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
ENGINES = {
    "yarn": Engine(yarn, grammars.yarn, yarn_literal),
    "twee": Engine(twee, grammars.twee, twee_literal, frozenset({"StoryTitle", "StoryData", "StoryInit"}), "$", " and ", SIGNS),
    "renpy": Engine(renpy, grammars.renpy, renpy_literal, RESERVED, "", " and "),
}


def reads_back(document: DialogueDocument, engine: Engine) -> None:
    """Every word, id, condition, change and way of the document is in the export, in its place, and nothing else."""
    found = engine.read(engine.render(document))
    names = Names(document, "scene", engine.reserved)
    for node in document.nodes:
        here = found[names.node(node.id)]
        assert here.lines == [(n.id, speaker(n.speaker), flat(n.text), engine.when(n.when, names)) for n in node.lines]
        assert here.choices == [
            (c.id, flat(c.text), engine.when(c.when, names), engine.changes(c.effects, names), names.node(c.goto)) for c in node.choices
        ]
        ways = [(engine.when(j.when, names), names.node(j.goto)) for j in node.jumps]
        assert here.ways == ways + ([("", names.node(node.goto))] if node.goto else [])
        assert here.changes == list(engine.changes(node.effects, names))
    assert len([name for name in found if name.startswith("scene_")]) == len(document.nodes)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_scene_reads_back_as_it_was(engine: str) -> None:
    reads_back(RICH, ENGINES[engine])


@pytest.mark.parametrize("engine", ENGINES)
def test_words_that_look_like_the_syntax_read_back_as_words(engine: str) -> None:
    reads_back(hostile(), ENGINES[engine])


@pytest.mark.parametrize("engine", ENGINES)
@given(scenes())
@settings(max_examples=60, deadline=None)
def test_any_scene_reads_back_as_it_was(engine: str, document: DialogueDocument) -> None:
    reads_back(document, ENGINES[engine])


def test_start_values_are_declared() -> None:
    start = {"trust": 0, "has_oil": False, "outcome": "open"}
    assert grammars.yarn(yarn(RICH))["scene_n1"].declared == {f"${name}": value for name, value in start.items()}
    assert grammars.renpy(renpy(RICH))[""].declared == start
    assert grammars.twee(twee(RICH))["StoryInit"].changes == ["$trust to 0", "$has_oil to false", '$outcome to "open"']
    assert grammars.twee(twee(RICH))["StoryData"].declared["start"] == "scene_n1"


@pytest.mark.parametrize(
    ("engine", "broken"),
    [
        ("yarn", yarn(RICH).replace("The lamp", "The [lamp")),
        ("yarn", yarn(RICH).replace("<<endif>>", "<<end if>>", 1)),
        ("twee", twee(RICH).replace("The lamp", "The $lamp")),
        ("renpy", renpy(RICH).replace("The lamp", "The [lamp")),
        ("renpy", renpy(RICH).replace("menu:", "menu")),
    ],
)
def test_the_grammars_refuse_what_is_not_escaped_or_not_known(engine: str, broken: str) -> None:
    with pytest.raises(grammars.Refused):
        ENGINES[engine].read(broken)


@pytest.mark.parametrize("document", [RICH, hostile()], ids=["rich", "hostile"])
def test_the_json_follows_its_schema_and_keeps_every_word(assets: Path, document: DialogueDocument) -> None:
    schema = json.loads((assets / "game" / "dialogue.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    told: dict[str, Any] = json.loads(json.dumps(dialogue_json(document)))
    jsonschema.validate(told, schema)
    assert [line["text"] for node in told["nodes"].values() for line in node["lines"]] == [n.text for d in document.nodes for n in d.lines]
    del told["nodes"][document.nodes[0].id]["lines"][0]["id"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, schema)


def test_the_table_of_strings_holds_every_line_and_choice_once_with_who_says_it_and_when() -> None:
    rows = list(csv.DictReader(io.StringIO(string_table(RICH), newline="")))
    assert tuple(rows[0]) == COLUMNS
    by_id = {row["id"]: row for row in rows}
    assert len(by_id) == len(rows) == 8
    assert by_id["l_2"]["context"] == "after: The lamp is out. | only if has_oil == true"
    assert list(by_id["l_3"].values()) == ["l_3", "line", "守塔人", "灯灭了。", "answer to: Not my lamp.", "n2", "en"]
    assert by_id["c_1"]["kind"] == "choice"
    hostile_rows = list(csv.DictReader(io.StringIO(string_table(hostile()), newline="")))
    assert [row["text"] for row in hostile_rows if row["kind"] == "line"] == list(HOSTILE)


def test_all_files_of_a_scene_say_how_they_are_checked_and_two_scenes_do_not_share_names() -> None:
    one, other = game_files(RICH, "The Lamp"), game_files(RICH, "守塔")
    assert [file.name.split(".", 1)[1] for file in one] == ["ink", "yarn", "twee", "rpy", "game.json", "csv"]
    assert [file.checked for file in one][:4] == ["compiled", "syntax-checked", "syntax-checked", "syntax-checked"]
    assert "=== the_lamp_n1 ===" in one[0].text
    assert "=== scene_n1 ===" in other[0].text
    assert game_files(RICH, "The Lamp") == one


def test_node_variable_and_character_never_share_a_name() -> None:
    """Ink has knots and variables in one space of names, Ren'Py characters and variables."""
    nodes = (
        DialogueNode(id="n1", lines=(DialogueLine(id="l_1", speaker="Ann", text="x"),), goto="N 1"),
        DialogueNode(id="N 1", lines=(DialogueLine(id="l_2", speaker="ann", text="y"),)),
    )
    variables = tuple(Variable(name=name) for name in ("scene_n1", "scene_ann"))
    document = DialogueDocument(language="en", characters=("Ann", "ann"), variables=variables, nodes=nodes)
    names = Names(document, "scene")
    given = [
        names.node("n1"),
        names.node("N 1"),
        *(names.variable(v.name) for v in variables),
        names.character("Ann"),
        names.character("ann"),
    ]
    assert len(set(given)) == 6
