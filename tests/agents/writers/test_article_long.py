"""Long texts are written section by section within a small context, and every form keeps its rules."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from agents.checks.forms import Written, form_findings
from agents.writers.article import write_article
from agents.writers.calls import Desk
from agents.writers.outline import outline
from agents.writers.render import render
from domain.chat import ChatReply, ChatRequest
from domain.context import StepContext
from domain.documents import ArticleDocument
from domain.errors import LimitError
from domain.progress import CancelToken, Silent
from domain.specs import ArticleSpec
from tests.agents.writers.desk_chat import Speaker

HIVES = ("north", "south", "east", "west", "upper", "lower", "old", "new")
FACTS = [f"The {HIVES[n % 8]} hive gave {n} kg of honey in week {n}." for n in range(2, 42)]
BRIEF = "Write about city bees. Facts:\n" + "\n".join(f"- {fact}" for fact in FACTS)
NOUNS = ("roof", "lamp", "door", "river", "stone", "paper", "garden", "bell", "window", "market",
         "bridge", "letter", "shadow", "kettle", "ladder", "harbour", "winter", "engine", "mirror", "thread")  # fmt: skip
VERBS = ("turns", "waits", "opens", "hums", "glows", "settles", "answers", "drifts", "listens", "carries")


class Strict(Speaker):
    """A model that refuses what does not fit, counting tokens as the writers do and what the template adds."""

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        spent = sum(_tokens(m.content) + 8 for m in request.messages)
        if spent + request.max_tokens > self.context_tokens:
            raise LimitError(f"{spent:.0f} tokens and {request.max_tokens} for the reply.", hint="")
        return super().complete(request, cancel)


def _tokens(text: str) -> float:
    chinese = len(re.findall(r"[\u4e00-\u9fff]", text))
    return chinese * 0.8 + (len(text) - chinese) / 3.2


class Author:
    """Sentences of its own, as long as asked."""

    def __init__(self) -> None:
        self.count = 0

    def sentence(self) -> str:
        self.count += 1
        n = self.count
        a, b, c = NOUNS[n % 20], NOUNS[(n // 3 + n * 7) % 20], NOUNS[(n * 11 + n // 20) % 20]
        return f"{('The', 'A', 'Every', 'This')[n % 4]} {a} {VERBS[n % 10]} beside the {b} while the {c} {VERBS[(n // 7) % 10]} again."

    def __call__(self, request: ChatRequest) -> Any:
        properties: Any = (request.json_schema or {}).get("properties", {})
        if "lines" in properties:
            most = properties["lines"]["items"]["maxLength"]
            count = properties["lines"]["maxItems"]
            if most == 60:  # headings
                return {"lines": [f"{NOUNS[n]} and {NOUNS[-n - 1]}".capitalize() for n in range(count)]}
            return {"lines": [self.sentence()[: most - 1].rsplit(" ", 1)[0].rstrip(".") for _ in range(count)]}
        least = properties["text"]["minLength"] if "text" in properties else 60
        text = ""
        while len(text) < least * 1.4:
            text += self.sentence() + " "
        return {"text": text.strip()} if "text" in properties else text.strip()


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


def written(desk: Desk, chat: Speaker, material: str = BRIEF, **spec: Any) -> ArticleDocument:
    wanted = StepContext(spec=ArticleSpec(**({"about": "city bees", "words": 300} | spec)), material=material)
    return write_article(wanted, chat, 3, Silent(), desk)


@pytest.mark.parametrize("form", ["blog", "lore", "newsletter", "product_page", "treatment", "news"])
def test_1500_words_never_overflow_a_context_of_4096(desk: Desk, form: str) -> None:
    chat = Strict(Author())
    document = written(desk, chat, form=form, words=1500)
    assert document.paragraphs
    assert max(len(request.messages) for request in chat.requests) > 3


def test_a_long_text_in_chinese_fits_too(desk: Desk) -> None:
    def author(request: ChatRequest) -> Any:
        properties: Any = (request.json_schema or {}).get("properties", {})
        if "lines" in properties:
            return {"lines": ["夜里的光", "雨后的门", "旧的桥", "远处的钟", "山上的路", "水边的石"][: properties["lines"]["maxItems"]] * 3}
        n = author.count = author.count + 1  # type: ignore[attr-defined]
        return {
            "text": "".join(
                f"第{chr(0x4E00 + n * 31 + k * 7)}座桥边的灯在雨里亮着，等着第{chr(0x5E00 + n * 17 + k * 5)}个人。" for k in range(4)
            )
        }

    author.count = 0  # type: ignore[attr-defined]
    chat = Strict(author)
    assert written(desk, chat, material="写一段世界观。", about="一座灯塔", language="zh", form="lore", words=1500).paragraphs


def test_the_last_sections_are_shown_to_the_next_and_old_ones_are_forgotten(desk: Desk) -> None:
    chat = Strict(Author())
    written(desk, chat, form="lore", words=1500)
    asked = [request for request in chat.requests if "text" in (request.json_schema or {}).get("properties", {})]  # type: ignore[operator]
    shown = [sum(m.role == "assistant" for m in request.messages) for request in asked]
    assert max(shown) > shown[0] + 3
    assert any(later < earlier for earlier, later in pairwise(shown))


def test_a_long_blog_stands_under_headings_and_a_short_one_does_not(desk: Desk) -> None:
    long, short = written(desk, Speaker(Author()), form="blog", words=800), written(desk, Speaker(Author()), form="blog", words=200)
    assert 2 <= sum(p.startswith("## ") for p in long.paragraphs) <= 5
    assert not long.paragraphs[0].startswith("## ")
    assert not any(p.startswith("## ") for p in short.paragraphs)


def test_sections_make_up_for_what_was_too_short(desk: Desk) -> None:
    def brief_author(request: ChatRequest) -> Any:
        reply = author(request)
        return {"text": reply["text"][: len(reply["text"]) // 2].rsplit(".", 1)[0] + "."} if "text" in reply else reply

    author = Author()
    chat = Speaker(brief_author)
    written(desk, chat, form="lore", words=600)
    sizes = [int(m[1]) for text in chat.asked if (m := re.search(r"About (\d+) words", text))]
    assert sizes[-1] > sizes[0]


def test_a_poem_has_stanzas_of_four_lines(desk: Desk) -> None:
    document = written(desk, Speaker(Author()), form="poem", words=84)
    assert [len(p.splitlines()) for p in document.paragraphs] == [4, 4, 4]
    assert not [f for f in document.findings if f.rule in ("stanza", "line_length")]
    assert "  \n" in render(document)


def test_a_press_release_opens_and_ends_as_one(desk: Desk) -> None:
    def reporter(request: ChatRequest) -> Any:
        told = [row[2:] for row in request.messages[-1].content.splitlines() if row.startswith("- ")]
        return {"lines": ["City bees give honey"] * 3} if request.json_schema else " ".join(told)

    document = written(desk, Speaker(reporter), "Dateline: Leeds, 12 May\n" + BRIEF, form="press_release", words=80)
    assert document.paragraphs[0] == "For immediate release"
    assert document.paragraphs[1].startswith("Leeds, 12 May — ")
    assert document.paragraphs[-1] == "###"
    assert not [f for f in document.findings if f.rule == "dateline"]


def findings(desk: Desk, checks: list[str], story: str, material: str, dateline: str = "", language: str = "en") -> list[str]:
    form = {"checks": checks, **{k: desk.forms["poem"][k] for k in ("lines", "line_most")}}
    written = Written(tuple(story.split("\n\n")), material, form, language, dateline, desk.signs)
    return [f"{f.severity.value} {f.rule}" for f in form_findings(written)]


TOLD = "The council approved it in Leeds on Monday because of rain."
QUOTE = "“We never thought the bees would like it here,” said Ines Okafor."
PLANTED = [
    (["quotes"], QUOTE, f"Facts: {QUOTE}", "", []),
    (["quotes"], QUOTE.replace("never", "always"), f"Facts: {QUOTE}", "", ["error quote_changed"]),
    (["quotes"], "They call it “Agatha” and laugh.", "The hive.", "", []),
    (["dateline"], "Leeds, 12 May — The council met.", "x", "Leeds, 12 May", []),
    (["dateline"], "The council met.", "x", "Leeds, 12 May", ["error dateline"]),
    (["dateline"], "Paris, 3 June — The council met.", "x", "", ["error dateline"]),
    (["dateline"], "The council met.", "x", "", ["note dateline"]),
    (["five_w"], TOLD, TOLD, "", []),
    (["five_w"], TOLD.replace("on Monday ", ""), TOLD, "", ["warning five_w"]),
    (["five_w"], "The council approved it in Leeds on Monday.", "The council approved it in Leeds on Monday.", "", ["note five_w"]),
    (["stanzas"], "one\ntwo\nthree\nfour", "", "", []),
    (["stanzas"], "one\ntwo\nthree", "", "", ["error stanza"]),
    (["stanzas"], f"one\ntwo\nthree\n{'long ' * 16}", "", "", ["error line_length"]),
    (["stanzas"], "the same line here\ntwo of them\nthe same line here\nfour", "", "", ["warning near_duplicate"]),
]  # fmt: skip


@pytest.mark.parametrize(("checks", "story", "material", "place", "found"), PLANTED)
def test_planted_faults_are_found_and_clean_texts_pass(
    desk: Desk, checks: list[str], story: str, material: str, place: str, found: list[str]
) -> None:
    assert findings(desk, checks, story, material, place) == found


def test_five_w_reads_chinese(desk: Desk) -> None:
    material = "5月12日，滨江市议会在港口街通过方案，旨在减少事故。"
    assert findings(desk, ["five_w"], material, material, language="zh") == []
    assert findings(desk, ["five_w"], "滨江市议会在港口街通过方案，旨在减少事故。", material, language="zh") == ["warning five_w"]


@pytest.mark.parametrize("words_asked", [20, 60, 150, 400, 900, 1500])
@pytest.mark.parametrize("form", ["news", "press_release", "blog", "newsletter", "product_page", "poem", "treatment", "script", "lore"])
def test_every_form_has_an_outline_at_every_length(desk: Desk, form: str, words_asked: int) -> None:
    for language in ("en", "zh"):
        spec = ArticleSpec.model_validate({"about": "x", "form": form, "words": words_asked, "language": language})
        sections = outline(desk.forms[form], spec, BRIEF, language)
        assert sections
        assert sum(s.words for s in sections) <= words_asked * 1.6 + 60
        assert [s.chapter for s in sections if s.chapter] == sorted(s.chapter for s in sections if s.chapter)
