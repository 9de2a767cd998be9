"""The Director and planner with the real default chat LLM: a handful of short messages in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.director import Director, DirectorState, PlanProposed, TextDelta
from agents.planner import Planner
from domain.brand import BrandKit
from domain.chat import ChatModel, ChatRequest, Message
from domain.conversation import Intent
from domain.plan import Plan
from domain.specs import MusicSpec, PictureSpec
from pipelines.devices import Devices
from pipelines.models.store import ModelStore
from pipelines.text.llamacpp import LlamaCppChat
from tests.agents.scripted import brief, capabilities

pytestmark = pytest.mark.models
MODEL = "qwen2.5-coder-1.5b-instruct-q4"


@pytest.fixture(scope="module")
def chat(store: ModelStore) -> Iterator[ChatModel]:
    gguf = next(store.folder(MODEL).glob("*.gguf"))
    yield LlamaCppChat(gguf, store.ref(MODEL), Devices(6 << 30), slots=1, context_tokens=3072)


@pytest.fixture(scope="module")
def planner(assets: Path) -> Planner:
    return Planner(assets)


@pytest.fixture(scope="module")
def director(chat: ChatModel, assets: Path, planner: Planner) -> Director:
    return Director(chat, assets, planner)


@pytest.fixture(scope="module")
def campaign(chat: ChatModel, planner: Planner) -> Plan:
    text = "Launch campaign for a cold-brew coffee called Northwind, warm and honest, for young professionals"
    return planner.plan(brief(text), capabilities(), chat, BrandKit(), plan_id="plan-1", seed=1)


def test_the_main_job_is_planned_with_pictures_of_its_product(campaign: Plan) -> None:
    assert len(campaign.steps) == 10
    shown = [s.spec.about for s in campaign.steps if isinstance(s.spec, PictureSpec)]
    assert "coffee" in shown[0].lower()
    assert shown[0] != shown[1]
    assert all(len(about) <= 90 and "logo" not in about.lower() for about in shown)


def test_a_chinese_brief_gets_chinese_names(chat: ChatModel, planner: Planner) -> None:
    plan = planner.plan(brief("三个NPC，港口小镇"), capabilities(), chat, BrandKit(), plan_id="plan-1", seed=1)
    titles = [s.title for s in plan.steps]
    assert len(plan.steps) == 9
    assert len(set(titles)) == 9
    assert not any("a" <= c.lower() <= "z" for title in titles for c in title)


def test_twelve_items_have_twelve_names(chat: ChatModel, planner: Planner) -> None:
    plan = planner.plan(brief("12 items for a fantasy shop"), capabilities(), chat, BrandKit(), plan_id="plan-1", seed=1)
    names = [s.spec.about for s in plan.steps if isinstance(s.spec, PictureSpec)]
    assert len({n.lower() for n in names}) == 12


def test_the_model_picks_a_mood_where_the_brief_names_none(chat: ChatModel, planner: Planner) -> None:
    plan = planner.plan(
        brief("30 second radio spot for a dentist, no pictures"), capabilities(), chat, BrandKit(), plan_id="plan-1", seed=1
    )
    assert [s.kind.value for s in plan.steps] == ["article", "speech", "music", "mix"]
    assert next(s.spec.mood for s in plan.steps if isinstance(s.spec, MusicSpec)) in ("calm", "warm", "upbeat", "corporate", "playful")


@pytest.mark.parametrize(
    ("message", "intents"),
    [
        ("we are opening a noodle bar next week", {Intent.PLAN}),
        ("I sell handmade candles", {Intent.PLAN, Intent.ASK}),
        ("the colours are wrong", {Intent.EDIT}),
        ("which palette suits autumn?", {Intent.ANSWER}),
        ("我们要开一家面馆", {Intent.PLAN}),
    ],
)
def test_what_rules_leave_open_is_routed_by_the_model(director: Director, campaign: Plan, message: str, intents: set[Intent]) -> None:
    assert director.route(message, DirectorState(plan=campaign, capabilities=capabilities())) in intents


def test_an_answer_streams_in_the_language_of_the_question(director: Director) -> None:
    parts = list(director.respond(brief("秋天用什么颜色好？"), DirectorState(language="zh"), plan_id="p", seed=1))
    text = "".join(p.text for p in parts if isinstance(p, TextDelta))
    assert any("\u4e00" <= c <= "\u9fff" for c in text)
    assert not any(isinstance(p, PlanProposed) for p in parts)


def test_the_prefix_is_evaluated_once(chat: LlamaCppChat, director: Director) -> None:
    chat.warm(director.prefix())
    messages = (*director.prefix(), Message(role="user", content="which font is friendly?"))
    reply = chat.complete(ChatRequest(messages=messages, max_tokens=4))
    assert reply.cached_tokens > 0.9 * (reply.prompt_tokens - 20)
