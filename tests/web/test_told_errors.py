"""What an error says: every template of the covered floors stands in the table of the other language, and the web edge tells it."""

from __future__ import annotations

import ast
import inspect
import json
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from agents.telling import templates as templates_of
from domain import errors
from domain.job import Job, JobState
from pipelines.executors.wire import error_from_json, error_to_json
from web.errors import Speaking, body_of, status_of, words_of

ROOT = Path(__file__).resolve().parents[2]
COVERED = ("web", "studio", "agents", "domain", "library", "pipelines/audio", "pipelines/image", "pipelines/models", "pipelines/sandbox")
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


def test_every_error_has_its_words_in_both_languages(assets: Path) -> None:
    used, known = templates(), templates_of(assets)["zh"]
    assert len(used) > 400
    assert {text: where for text, where in used.items() if text not in known} == {}


def test_no_error_weaves_values_into_its_words() -> None:
    assert sorted({where for where, found in messages() if isinstance(found, ast.JoinedStr)}) == []


def test_no_words_are_idle(table: dict[str, str]) -> None:
    assert set(table) - set(templates()) == set()


def test_the_words_have_the_same_places_and_are_chinese(table: dict[str, str]) -> None:
    for english, chinese in table.items():
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", chinese)), english
        wordless = not re.search(r"[A-Za-z]", re.sub(r"\{\w+\}", "", english))
        assert wordless or re.search(r"[\u4e00-\u9fff]", chinese), english


def test_an_error_is_told_in_the_language_that_a_page_asks_for_and_else_in_english(assets: Path) -> None:
    app = FastAPI()

    async def known(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, errors.MaquetteError)
        return JSONResponse(body_of(error, words_of(request)), status_code=status_of(error))

    app.add_exception_handler(errors.MaquetteError, known)
    app.add_middleware(Speaking, tables=templates_of(assets))

    @app.get("/")
    def refuse() -> None:
        raise errors.NotFound(
            "This plan has no step {step_id}.", hint="Its steps are {known}.", field="step", step_id="'{known}'", known="a, b"
        )

    client = TestClient(app)
    told = {language: client.get("/", headers={"accept-language": language}).json() for language in ("zh-CN,en;q=0.8", "en-GB", "fr", "")}
    english = {"code": "not_found", "message": "This plan has no step '{known}'.", "hint": "Its steps are a, b.", "field": "step"}
    assert told["en-GB"] == told["fr"] == told[""] == english
    assert told["zh-CN,en;q=0.8"] == {**english, "message": "这个计划没有步骤 '{known}'。", "hint": "它的步骤有 a, b。"}


def test_an_error_of_a_worker_is_told_in_the_same_words(assets: Path) -> None:
    words = templates_of(assets)["zh"]
    error = errors.InputError(
        "{text} is not a colour.", hint="Use #rrggbb or a word such as {some}.", field="palette", text="'x'", some="red"
    )
    crossed = error_from_json(json.loads(json.dumps(error_to_json(error))))
    assert (type(crossed), crossed.field, str(crossed)) == (errors.InputError, "palette", str(error))
    assert crossed.told(words) == error.told(words) == "'x' 不是颜色。 请用 #rrggbb，或 red 这样的词。"
    refused = errors.ContentRefused("{brand} is a brand; its products, figures and marks are not drawn here.", reason="brand", brand="N")
    again = error_from_json(error_to_json(refused))
    assert isinstance(again, errors.ContentRefused)
    assert (again.reason, again.told(words)) == ("brand", refused.told(words))


def test_why_a_job_failed_is_told_from_what_was_stored(assets: Path) -> None:
    words = templates_of(assets)["zh"]
    hint = "Open Models and pull one, or drop the step."
    error = errors.ModelMissing("Nothing installed can make {kind} ({step}).", hint=hint, kind="music", step="m")
    new = {"plan_id": "p", "step_id": "m", "state": JobState.FAILED, "created": datetime(2026, 1, 1, tzinfo=UTC)}
    job = Job.model_validate({**new, "error": str(error), "error_said": error.said})
    stored = Job.model_validate_json(job.model_dump_json())
    assert stored.error_told({}) == str(error)
    assert stored.error_told(words) == "已安装的里面没有能做 music 的（m）。 请打开模型页拉取一个，或去掉这一步。"
    old = job.model_copy(update={"error_said": ()})
    assert old.error_told(words) == str(error)
