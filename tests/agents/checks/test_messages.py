"""What a finding says: its templates are all in the table of the other language, with the same places; a stored one without any is read."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.checks.forms import read_signs
from agents.checks.reading import MEASURES
from agents.checks.words import WordLists
from agents.telling import templates
from domain.finding import Finding, Severity
from domain.said import Said
from domain.specs import SPECS

ROOT = Path(__file__).resolve().parents[3]
MAKERS = {"of", "fault", "_fault", "_warn", "_found", "_clash"}


@pytest.fixture(scope="module")
def table(assets: Path) -> dict[str, str]:
    words: dict[str, str] = tomllib.loads((assets / "checks" / "messages.toml").read_text(encoding="utf-8"))["zh"]
    return words


def modules() -> Iterator[tuple[str, ast.Module]]:
    for folder in ("agents", "studio", "domain", "pipelines"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            if "domain.finding import" in source or "domain.said import" in source or path.name == "finding.py":
                yield str(path.relative_to(ROOT)), ast.parse(source)


def texts(node: ast.expr, scope: ast.AST, module: ast.Module, deep: int = 2) -> Iterator[str]:
    """Every text an expression may be: constants, either branch, values of a table, what a name was given."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for part in [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values if isinstance(node, ast.Dict) else []:
        yield from texts(part, scope, module, deep)
    if isinstance(node, ast.Subscript):
        yield from texts(node.value, scope, module, deep)
    if isinstance(node, ast.Name) and deep:
        for target, value in [*assigned(ast.walk(scope)), *assigned(iter(module.body))]:
            if isinstance(target, ast.Name) and target.id == node.id:
                yield from texts(value, scope, module, deep - 1)


def assigned(nodes: Iterator[ast.AST]) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in nodes:
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            yield node.target, node.value
        for target in node.targets if isinstance(node, ast.Assign) else []:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                yield from zip(target.elts, node.value.elts, strict=True)
            else:
                yield target, node.value


def told(module: ast.Module) -> Iterator[str]:
    """The templates that a module gives to findings, and the terms it fills them with."""
    for scope in [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]:
        for call in [node for node in ast.walk(scope) if isinstance(node, ast.Call)]:
            name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""
            if name in MAKERS:
                given = [*call.args, *(word.value for word in call.keywords if word.arg in ("message", "suggestion"))]
                for text in (text for argument in given for text in texts(argument, scope, module)):
                    if "{" in text or (" " in text and text[-1] in ".…”)!?"):
                        yield text
            if name == "Said":
                yield from (t for word in call.keywords if word.arg == "message_id" for t in texts(word.value, scope, module))


def terms(assets: Path) -> set[str]:
    """Templates that come from data: claims, who, when, where, why, measures of reading, what is not drawn, kinds of steps."""
    candour = tomllib.loads((assets / "prompts" / "scene_candour.toml").read_text(encoding="utf-8"))
    found = {claim.name for claim in WordLists.load(assets / "checks").claims} | set(read_signs(assets / "checks")) | set(MEASURES.values())
    return found | {*candour["said"].values(), *candour["able"].values()} | {kind.value for kind in SPECS}


def test_every_finding_has_its_words_in_both_languages_and_no_words_are_idle(assets: Path, table: dict[str, str]) -> None:
    used = {text for _, module in modules() for text in told(module)} | terms(assets)
    assert len(used) > 150
    assert used - set(templates(assets)["zh"]) == set()
    assert set(table) - used == set()


def test_the_words_have_the_same_places_and_are_chinese(table: dict[str, str]) -> None:
    for english, chinese in table.items():
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", chinese)), english
        wordless = not re.search(r"[A-Za-z]", re.sub(r"\{\w+\}", "", english))
        assert wordless or re.search(r"[\u4e00-\u9fff]", chinese), english


def test_no_finding_is_made_of_words_that_have_no_template() -> None:
    for name, module in modules():
        for call in [node for node in ast.walk(module) if isinstance(node, ast.Call)]:
            callee = call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""
            assert callee != "Finding", f"{name}:{call.lineno} makes a finding without a template"
            if callee in MAKERS:
                woven = [a for a in call.args if isinstance(a, ast.JoinedStr) and re.search(r"\w \w.*[.”]$", ast.unparse(a)[2:-1])]
                assert not woven, f"{name}:{call.lineno} weaves values into its words"


def test_a_finding_fills_its_templates_and_keeps_them() -> None:
    why = Finding.of("length", Severity.ERROR, "{used} {units}; the limit is {limit}.", used=40, units=Said(message_id="words"), limit=30)
    assert why.message == "40 words; the limit is 30."
    outer = Finding.of("x", Severity.NOTE, "Left out: {sentences}", sentences=[why.said, why.said], suggestion="Write {name}.")
    assert outer.message == "Left out: 40 words; the limit is 30., 40 words; the limit is 30."
    assert outer.suggestion == "Write {name}."
    assert Finding.model_validate_json(outer.model_dump_json()) == outer


def test_a_value_that_looks_like_a_place_is_not_filled_again() -> None:
    found = Finding.of("placeholder_lost", Severity.ERROR, "“{text}” is missing.", text="{other}", other="nothing")
    assert found.message == "“{other}” is missing."


def test_a_finding_stored_before_there_were_templates_still_has_its_message() -> None:
    old = Finding.model_validate({"rule": "length", "severity": "error", "message": "31 characters; the limit is 30.", "span": [30, 31]})
    assert (old.message_id, old.values) == ("", {})
    assert str(old.said) == old.message
