"""What an error says: every template of the covered floors stands in the table of the other language, and the web edge tells it."""

from __future__ import annotations

import ast
import inspect
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain import errors

ROOT = Path(__file__).resolve().parents[2]
COVERED = ("web", "studio", "agents", "domain", "library")
KINDS = {name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.MaquetteError)}
Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef


@pytest.fixture(scope="module")
def table(assets: Path) -> dict[str, str]:
    words: dict[str, str] = tomllib.loads((assets / "i18n" / "errors.toml").read_text(encoding="utf-8"))["zh"]
    return words


def sources() -> Iterator[tuple[str, ast.Module]]:
    for folder in COVERED:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def told(node: ast.expr, scopes: tuple[Scope, ...], deep: int = 2) -> Iterator[ast.expr]:
    """Every expression a message may be: either branch, every value of a table, what a name was given."""
    if isinstance(node, ast.IfExp):
        yield from (found for part in (node.body, node.orelse) for found in told(part, scopes, deep))
    elif isinstance(node, ast.Dict):
        yield from (found for part in node.values for found in told(part, scopes, deep))
    elif isinstance(node, ast.Subscript):
        yield from told(node.value, scopes, deep)
    elif isinstance(node, ast.Name) and deep:
        for scope in scopes:
            for given in (n for n in ast.walk(scope) if isinstance(n, ast.Assign | ast.AnnAssign) and n.value is not None):
                targets = given.targets if isinstance(given, ast.Assign) else [given.target]
                for target in targets:
                    pairs = (
                        zip(target.elts, given.value.elts, strict=True)
                        if isinstance(target, ast.Tuple) and isinstance(given.value, ast.Tuple)
                        else [(target, given.value)]
                    )
                    for name, value in pairs:
                        if isinstance(name, ast.Name) and name.id == node.id:
                            yield from told(value, scopes, deep - 1)
    else:
        yield node


def messages() -> Iterator[tuple[str, ast.expr]]:
    """(where, what) of every message and hint that is given to an error, and of every term that fills one."""
    for name, module in sources():
        for scope in (n for n in ast.walk(module) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)):
            for call in (n for n in ast.walk(scope) if isinstance(n, ast.Call)):
                callee = ast.unparse(call.func)
                if callee in KINDS or callee == "Said.of":
                    for text in [*call.args[:1], *(word.value for word in call.keywords if word.arg == "hint")]:
                        yield from ((f"{name}:{call.lineno}", found) for found in told(text, (scope, module)))


def templates() -> dict[str, str]:
    return {n.value: where for where, n in messages() if isinstance(n, ast.Constant) and isinstance(n.value, str) and n.value}


def test_every_error_has_its_words_in_both_languages_and_no_words_are_idle(table: dict[str, str]) -> None:
    used = templates()
    assert len(used) > 400
    assert {text: where for text, where in used.items() if text not in table} == {}


def test_no_error_weaves_values_into_its_words() -> None:
    assert sorted({where for where, found in messages() if isinstance(found, ast.JoinedStr)}) == []
