from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.checks.numbers import numbers
from agents.checks.text import cjk, words
from agents.writers.article import write_article
from agents.writers.calls import Desk
from agents.writers.sources import condensed, dateline, sentences, statements
from domain.brand import BrandKit
from domain.chat import ChatModel, ChatRequest
from domain.context import StepContext
from domain.documents import ArticleDocument
from domain.errors import InputError
from domain.finding import Severity
from domain.progress import Silent
from domain.specs import ArticleSpec, CopySpec
from pipelines.devices import Devices
from pipelines.models.store import ModelStore
from pipelines.text.llamacpp import LlamaCppChat
from tests.agents.writers.desk_chat import Speaker

QUOTE = '"My daughter will finally be able to cycle to school," said Ana Ruiz, a parent who campaigned for the lane.'
BRIEF = f"""Write a news brief of about 90 words about the new bike lane. Facts:
- Riverside City Council approved a protected bike lane on Harbor Street on 12 May, by 6 votes to 3.
- The lane runs 2.4 km from Union Square to the ferry terminal.
- Construction starts in September and costs $1.8 million.
- The street loses 74 parking spaces.
- {QUOTE}"""
ZH_QUOTE = "家长李敏说：“我女儿终于可以骑车上学了。”"
ZH_BRIEF = f"""写一篇关于新自行车道的新闻，约100字。事实：
- 5月12日，滨江市议会以6票对3票通过港口街自行车道方案。
- 车道全长2.4公里，从联合广场到渡轮码头。
- {ZH_QUOTE}"""


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


def context(material: str = BRIEF, **spec: Any) -> StepContext:
    return StepContext(spec=ArticleSpec(**{"about": "new bike lane on Harbor Street", "words": 90, **spec}), material=material)


def reporter(request: ChatRequest, add: str = "") -> Any:
    """A faithful reporter: it gives back the facts it was handed, and what a test adds."""
    asked = request.messages[-1].content
    told = [row[2:] for row in asked.splitlines() if row.startswith("- ")]
    if request.json_schema and "lines" in request.json_schema["properties"]:  # type: ignore[operator]
        return {"lines": ["Council approves bike lane on Harbor Street", "Harbor Street gets a bike lane"]}
    return " ".join([*told, add]).strip()


def written(desk: Desk, chat: Speaker, wanted: StepContext) -> ArticleDocument:
    return write_article(wanted, chat, 3, Silent(), desk)


def test_facts_are_told_from_requests() -> None:
    told = [fact.text for fact in statements(BRIEF)]
    assert len(told) == 5
    assert told[1] == "The lane runs 2.4 km from Union Square to the ferry terminal."
    assert [fact.quoted for fact in statements(BRIEF)] == [False, False, False, False, True]
    assert [fact.text for fact in statements(ZH_BRIEF)][-1] == ZH_QUOTE


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Dr. Ruiz arrived at 7:30 a.m. on 2.5 wheels. She left.", 2),
        ("He said: “Wait. It works.” Then he went.", 2),
        ("今天开工。市长说：“很好。我来了。”大家鼓掌！", 3),
        ("No end here", 1),
    ],
)
def test_sentences_end_where_they_end(text: str, count: int) -> None:
    assert len(sentences(text)) == count
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_a_dateline_is_found_and_never_made_up() -> None:
    assert dateline("LEEDS, May 12 — The council met.") == "LEEDS, May 12"
    assert dateline("Dateline: Leeds, 12 May") == "Leeds, 12 May"
    assert dateline(BRIEF) == ""


def test_long_material_is_condensed_to_whole_sentences_in_order() -> None:
    material = "\n".join(f"Sentence number {n} says something of its own." for n in range(400))
    short = condensed(material, 300)
    assert len(short) < 1200
    assert all(row in material.splitlines() for row in short.splitlines())
    assert condensed("Short.", 300) == "Short."


def test_news_tells_every_fact_and_leaves_the_quotation_untouched(desk: Desk) -> None:
    document = written(desk, Speaker(reporter), context())
    assert QUOTE in document.paragraphs
    assert {n.value for n in numbers(document.plain_text)} >= {12, 6, 3, 2.4, 1_800_000, 74}
    assert document.headline == "Council approves bike lane on Harbor Street"
    assert not [f for f in document.findings if f.severity is not Severity.NOTE]


@pytest.mark.parametrize(
    "invented",
    [
        "The mayor expects 5,000 riders a day.",
        "Work will end in December.",
        "Officials in Chicago praised the plan.",
        "“This is a great day for the whole city,” the mayor said.",
        "Residents expressed enormous enthusiasm regarding improved neighbourhood wellbeing.",
    ],
)
def test_what_the_model_invents_is_never_in_the_news(desk: Desk, invented: str) -> None:
    document = written(desk, Speaker(lambda request: reporter(request, invented)), context())
    assert invented not in document.plain_text
    assert {f.rule for f in document.findings} & {"dropped_sentence", "set_from_brief"}


def test_a_model_that_loses_a_number_is_asked_again_and_then_overruled(desk: Desk) -> None:
    def forgetful(request: ChatRequest) -> Any:
        said = reporter(request)
        return said if isinstance(said, dict) else "The council approved a protected bike lane on Harbor Street."

    chat = Speaker(forgetful)
    document = written(desk, chat, context())
    assert "“$1.8 million” is missing." in "\n".join(chat.asked)
    assert "costs $1.8 million" in document.plain_text
    assert "set_from_brief" in {f.rule for f in document.findings}


def test_a_thin_brief_gives_a_short_article_that_says_so(desk: Desk) -> None:
    document = written(desk, Speaker(reporter), context("The library opens on Sundays from 4 June.", words=400))
    assert words(document.plain_text) < 60
    assert "short" in {f.rule for f in document.findings}


def test_few_words_tell_only_the_first_facts(desk: Desk) -> None:
    document = written(desk, Speaker(reporter), context(words=25))
    assert "6 votes to 3" in document.plain_text
    assert "74 parking" not in document.plain_text


def test_a_dateline_stands_before_the_lead(desk: Desk) -> None:
    document = written(desk, Speaker(reporter), context("Dateline: Riverside, 12 May\n" + BRIEF))
    assert document.paragraphs[0].startswith("Riverside, 12 May — Riverside City Council")


def test_a_press_release_opens_as_one(desk: Desk) -> None:
    assert written(desk, Speaker(reporter), context(form="press_release")).paragraphs[0] == "For immediate release"


def prose(request: ChatRequest) -> Any:
    """Different words for every part: small models repeat themselves, this one does not."""
    if request.json_schema and "lines" in request.json_schema["properties"]:  # type: ignore[operator]
        return {"lines": ["The Paper Boat", "Stairs", "Light"]}
    part = sum(m.role == "assistant" for m in request.messages)
    parts = (
        "The keeper counts stairs at dawn. Salt covers the rail.",
        "A folded boat waits below his boots.",
        "Wind takes the lamp out. He swears softly.",
        "He hears singing under the floor.",
        "So he carries the little thing to the water.",
        "Far out, somebody lights a match.",
    )
    return {"text": parts[part % len(parts)]}


def test_a_treatment_has_four_to_six_scenes_and_may_invent(desk: Desk) -> None:
    for size, low, high in ((120, 4, 4), (300, 5, 5), (600, 6, 6)):
        document = written(desk, Speaker(prose), context("A short film about a lighthouse keeper.", form="treatment", words=size))
        assert low <= len(document.paragraphs) <= high
    assert document.headline == "The Paper Boat"


def test_a_scene_that_only_repeats_stays_and_says_so(desk: Desk) -> None:
    chat = Speaker(
        lambda request: {"lines": ["The Boat"]} if "lines" in str(request.json_schema) else {"text": "The keeper counts stairs."}
    )
    document = written(desk, chat, context("A short film about a lighthouse keeper.", form="treatment", words=120))
    assert len(document.paragraphs) == 4
    assert "near_duplicate" in {f.rule for f in document.findings}


def test_a_script_is_only_what_is_spoken(desk: Desk) -> None:
    document = written(desk, Speaker(prose), context("A radio spot for Northwind.", form="script", words=60))
    assert document.headline == ""
    assert document.paragraphs


def test_free_forms_drop_invented_facts_too(desk: Desk) -> None:
    chat = Speaker(
        lambda request: (
            {"lines": ["Slow Mornings"]}
            if "lines" in str(request.json_schema)
            else {"text": "Mornings can be slow. Over 90% of people agree."}
        )
    )
    document = written(desk, chat, context("Blog for Northwind, a cold-brew coffee.", form="blog", words=60))
    assert "90%" not in document.plain_text
    assert "dropped_sentence" in {f.rule for f in document.findings}


def test_a_forbidden_word_is_left_out(desk: Desk) -> None:
    wanted = context("Blog for Northwind, a cold-brew coffee.", form="blog", words=40).model_copy(
        update={"brand": BrandKit(forbidden_words=("cheap",))}
    )
    chat = Speaker(
        lambda request: {"lines": ["Slow Mornings"]} if "lines" in str(request.json_schema) else {"text": "It is slow. It is cheap."}
    )
    assert "cheap" not in written(desk, chat, wanted).plain_text


def test_a_step_of_another_kind_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError):
        write_article(StepContext(spec=CopySpec(about="x")), Speaker(reporter), 1, Silent(), desk)


@pytest.fixture(scope="module")
def real(store: ModelStore) -> Iterator[ChatModel]:
    model = "qwen2.5-coder-1.5b-instruct-q4"
    devices = Devices(6 << 30)
    yield LlamaCppChat(next(store.folder(model).glob("*.gguf")), store.ref(model), devices, slots=1, context_tokens=3072)
    devices.release_idle()


@pytest.mark.models
def test_the_real_model_writes_news_with_nothing_but_the_facts(real: ChatModel, desk: Desk) -> None:
    document = write_article(context(), real, 1, Silent(), desk)
    given = {n.value for n in numbers(BRIEF)}
    assert QUOTE in document.paragraphs
    assert {2.4, 1_800_000, 74} <= {n.value for n in numbers(document.plain_text)} <= given
    assert document.headline


@pytest.mark.models
def test_the_real_model_writes_chinese_news_with_nothing_but_the_facts(real: ChatModel, desk: Desk) -> None:
    document = write_article(context(ZH_BRIEF, language="zh", about="港口街自行车道", words=100), real, 1, Silent(), desk)
    assert cjk(document.plain_text)
    assert ZH_QUOTE in document.paragraphs
    assert {n.value for n in numbers(document.plain_text) if n.certain} <= {n.value for n in numbers(ZH_BRIEF)}
