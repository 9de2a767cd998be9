"""The words of the interface: the same keys in every language, every key that code asks for, and none that nothing asks for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from domain.capability import StepKind
from domain.job import JobState
from domain.model import ModelState, Task
from domain.review import Verdict
from domain.scene import Relation
from domain.settings import PROFILES
from domain.specs import SPECS
from web.api.board import SCENE_OPTIONS
from web.ui.pages import head
from web.ui.words import LANGUAGES, Words, finding_words

ROOT = Path(__file__).resolve().parents[2]
LITERAL = re.compile(r"""\b(?:t|words|title|part)\(\s*["\']([a-z_]+(?:\.[a-z0-9_]+)*)["\']""")
PREFIXED = re.compile(r"""(?:\bt\(`|words\(f["'])([a-z_]+(?:\.[a-z_]+)*)\.[${]""")
NAMED = re.compile(r'\bnamed\("([a-z]+)"')


def sources() -> dict[str, str]:
    files = [*(ROOT / "assets" / "theme").glob("*.js"), *(ROOT / "web" / "ui").glob("*.py")]
    return {file.name: file.read_text(encoding="utf-8") for file in files}


@pytest.fixture
def tables(assets: Path) -> dict[str, dict[str, str]]:
    return {language: Words.read(assets, language).table for language in LANGUAGES}


def test_every_language_has_the_same_keys(tables: dict[str, dict[str, str]]) -> None:
    assert set(tables["en"]) == set(tables["zh"])


def test_a_text_has_the_same_places_to_fill_in_every_language(tables: dict[str, dict[str, str]]) -> None:
    places = {language: {key: sorted(re.findall(r"\{(\w+)\}", text)) for key, text in table.items()} for language, table in tables.items()}
    assert places["en"] == places["zh"]


def test_every_key_that_code_asks_for_exists(tables: dict[str, dict[str, str]]) -> None:
    table = tables["en"]
    asked = {(name, key) for name, text in sources().items() for key in LITERAL.findall(text) if "." in key or name.endswith(".js")}
    parts = {
        "cast", "lines", "mixes", "music", "effects", "recordings", "board", "pictures", "library", "models", "brand", "project",
        "people", "engine", "check", "inspect", "keeping",
    }  # fmt: skip
    assert {(name, key) for name, key in asked if key not in table and key not in parts} == set()


def test_every_key_is_asked_for(tables: dict[str, dict[str, str]]) -> None:
    text = "\n".join(sources().values())
    prefixes = {*PREFIXED.findall(text), *NAMED.findall(text), "option", "chat.example", "mail"}  # mail: studio/mailing.py
    quoted = set(re.findall(r"""["\']([a-z_]+(?:\.[a-z0-9_]+)*)["\']""", text))
    idle = {key for key in tables["en"] if key not in quoted and not any(key.startswith(f"{prefix}.") for prefix in prefixes)}
    assert idle == set()


def test_what_the_studio_can_say_of_a_step_has_words(tables: dict[str, dict[str, str]]) -> None:
    wanted = {f"kind.{kind}" for kind in SPECS}
    wanted |= {f"state.{state}" for state in JobState} | {"state.planned", "state.changed"}
    wanted |= {f"verdict.{verdict}" for verdict in Verdict}
    wanted |= {f"task.{task}" for task in Task} | {f"model.{state}" for state in ModelState}
    wanted |= {f"commercial.{word}" for word in ("yes", "no", "terms", "unknown")}
    wanted |= {f"profile.{profile}" for profile in PROFILES if profile != "auto"}
    assert wanted - set(tables["en"]) == set()


def test_every_choice_of_a_spec_has_words(tables: dict[str, dict[str, str]]) -> None:
    options = {
        option
        for spec in SPECS.values()
        for field in spec.model_json_schema()["properties"].values()
        for option in field.get("enum", [])
        if option not in set(StepKind)
    }
    assert {f"option.{option}" for option in options} - set(tables["en"]) == set()


def test_the_fields_of_a_card_are_fields_of_the_spec() -> None:
    source = sources()["board.js"]
    block = source[source.index("const EDITABLE") : source.index("};", source.index("const EDITABLE"))]
    rows = {kind: re.findall(r'"(\w+)"', fields) for kind, fields in re.findall(r"(\w+): \[([^\]]*)\]", block)}
    assert set(rows) == {kind.value for kind in SPECS}
    assert {kind: [f for f in fields if f not in SPECS[StepKind(kind)].model_fields] for kind, fields in rows.items()} == {
        k: [] for k in rows
    }


def test_no_words_are_missing_for_the_fields_of_a_card(tables: dict[str, dict[str, str]]) -> None:
    source = sources()["board.js"]
    block = source[source.index("const EDITABLE") : source.index("};", source.index("const EDITABLE"))]
    fields = {field for _, row in re.findall(r"(\w+): \[([^\]]*)\]", block) for field in re.findall(r'"(\w+)"', row)}
    assert {f"field.{field}" for field in fields} - set(tables["en"]) == set()


def test_every_choice_in_a_scene_has_words(tables: dict[str, dict[str, str]]) -> None:
    values = {value for options in SCENE_OPTIONS.values() for value in options}
    kinds = set(Relation.model_json_schema()["properties"]["kind"]["enum"])
    wanted = {f"scene.option.{value}" for value in values} | {f"scene.relation.{kind}" for kind in kinds}
    wanted |= {f"scene.{name}" for name in SCENE_OPTIONS}
    assert wanted - set(tables["en"]) == set()


def test_the_chinese_page_carries_what_findings_say_and_the_english_one_needs_no_table(assets: Path) -> None:
    chinese = finding_words(assets, "zh")
    assert chinese["{used} {units}; the limit is {limit}."] == "共 {used} {units}，上限是 {limit}。"
    assert "上限是 {limit}。" in head(Words.read(assets, "zh"), assets)
    assert finding_words(assets, "en") == {}
