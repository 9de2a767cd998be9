"""Files that came with a message: long ones are searched, the passages used are named with their place, later messages can mean them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from agents.director import Director, DirectorState, Routed, TextDelta
from agents.jobs.given import joined, place
from agents.jobs.passages import pieces, sections
from agents.jobs.retrieval import Finder
from agents.planner import Planner
from domain.chat import ChatRequest
from domain.context import AttachedText
from domain.conversation import Intent
from domain.recipe import ModelRef
from pipelines.devices import Devices
from pipelines.models.store import ModelStore
from pipelines.worker import embedder_for
from tests.agents.scripted import ScriptedChat, brief, capabilities

FILLER = "The harbour office keeps a record of every boat that passes the breakwater in the morning.\n"
CODE = "The code of the north gate is 7731.\n"
LONG = FILLER * 150 + CODE + FILLER * 150


@pytest.fixture(scope="module")
def planner(assets: Path) -> Planner:
    return Planner(assets)


def reader_of_codes(request: ChatRequest) -> str | None:
    """A model that finds the sentence with the code among the numbered ones it is shown."""
    if request.json_schema is None:
        return "words"
    shown = request.messages[-1].content
    fields = request.json_schema["properties"]
    assert isinstance(fields, dict)
    if "states" in fields:
        return json.dumps({"states": "yes"})
    if "sentences" in fields:
        return json.dumps({"sentences": [f"Note on {shown.count('boat')} boats."]})
    at = next((line.split("]")[0][1:] for line in shown.splitlines() if "7731" in line and line.startswith("[")), "0")
    return json.dumps({"sentence": int(at), "answer": "7731" if at != "0" else ""})


def said(planner: Planner, assets: Path, chat: ScriptedChat, message: str, *attached: str, files: Sequence[AttachedText] = ()) -> str:
    state = DirectorState(files=tuple(files), capabilities=capabilities())
    parts = list(Director(chat, assets, planner).respond(brief(message, *attached), state, plan_id="p", seed=3))
    assert isinstance(parts[0], Routed)
    assert parts[0].intent is Intent.ANSWER
    return "".join(p.text for p in parts if isinstance(p, TextDelta))


def test_a_question_on_a_long_file_is_answered_with_the_place_it_stands_at(planner: Planner, assets: Path) -> None:
    answer = said(planner, assets, ScriptedChat(reader_of_codes), "What is the code of the north gate?", LONG)
    assert "7731" in answer
    assert "— note-0.txt, line 151" in answer
    assert "Read for this: note-0.txt, lines" in answer


def test_no_call_is_given_more_than_its_context_holds(planner: Planner, assets: Path) -> None:
    chat = ScriptedChat(reader_of_codes)
    said(planner, assets, chat, "Summarise this file.", LONG)
    assert len(chat.requests) > 3
    assert all(sum(len(m.content) for m in r.messages) < 4 * chat.context_tokens for r in chat.requests)


def test_a_later_message_can_ask_about_a_file_of_an_earlier_one(planner: Planner, assets: Path) -> None:
    files = (AttachedText(name="harbour.txt", text=LONG), AttachedText(name="menu.txt", text="Soup costs 4 pounds.\n" * 6))
    asked = (
        "What is the code of the north gate?",
        "What does the attached file say about the north gate?",
        "What is the code in harbour.txt?",
    )
    for message in asked:
        assert "harbour.txt, line 151" in said(planner, assets, ScriptedChat(reader_of_codes), message, files=files), message


def test_a_message_that_means_no_file_is_not_answered_from_one(planner: Planner, assets: Path) -> None:
    files = (AttachedText(name="harbour.txt", text=LONG),)
    answer = said(planner, assets, ScriptedChat(reader_of_codes), "What is 6 times 7?", files=files)
    assert "42" in answer
    assert "harbour.txt" not in answer


def test_chapters_are_summarised_one_by_one_under_their_headings(planner: Planner, assets: Path) -> None:
    book = "# Spring\n" + "The boats are painted. " * 80 + "\n# Autumn\n" + "The boats are stored. " * 80
    answer = said(planner, assets, ScriptedChat(reader_of_codes), "Summarise each chapter of this.", book)
    assert answer.index("**Spring**") < answer.index("**Autumn**")


def test_sections_joined_are_the_text_and_carry_their_headings() -> None:
    text = "Before.\n# One\nText.\n## Two\nMore.\nChapter 3: Three\nEnd."
    assert "".join(body for _, body in sections(text)) == text
    assert [title for title, _ in sections(text)] == ["", "One", "Two", "Chapter 3: Three"]
    assert [title for title, _ in sections("前言。\n第一章 春\n花开。\n第二章 夏\n花落。")] == ["", "第一章 春", "第二章 夏"]


def test_a_place_is_said_in_lines_of_its_own_file_and_as_a_share_of_one_long_line() -> None:
    text, given = joined([AttachedText(name="a.txt", text="1\n2\n3\n4\n5\n6\n"), AttachedText(name="b.txt", text="x" * 400)])
    say = lambda key, **values: f"{key} {sorted(values.items())}"  # noqa: E731
    assert place(text, given, 4, 8, say) == "place_lines [('first', 3), ('last', 4), ('name', 'a.txt')]"
    assert "('share', 50)" in place(text, given, given[1].start + 200, given[1].start + 210, say)


class Meanings:
    """An embedder of two meanings: what is about water, and the rest."""

    model = ModelRef(id="meanings")

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.asked += len(texts)
        return [[1.0, 0.0] if any(w in text for w in ("river", "rain", "wet")) else [0.0, 1.0] for text in texts]


def test_what_shares_no_word_with_the_question_is_found_by_meaning_and_embedded_once() -> None:
    meanings = Meanings()
    finder = Finder(lambda _language: meanings)
    parts = ["The mill is old.", "After days of rain the meadow was gone.", "A loaf costs two pounds."]
    assert finder.best("Why is everything wet?", parts, 1) == [1]
    asked = meanings.asked
    finder.best("Where does the river go?", parts, 1)
    assert meanings.asked == asked + 1


def test_without_an_embedder_pairs_of_characters_decide() -> None:
    assert Finder().best("北门的密码是多少？", ["鹅在春天过马路。", "北门的密码是7731。"], 1) == [1]


@pytest.mark.models
@pytest.mark.parametrize(
    ("question", "passage", "language"),
    [
        ("How long may a dog stay without company?", "Animals should not be left alone for more than four hours.", "en"),
        ("宠物能独自待多久？", "动物单独在家不宜超过四个小时。", "zh"),
    ],
)
def test_the_real_embedder_finds_a_passage_that_says_it_in_other_words(
    store: ModelStore, question: str, passage: str, language: str
) -> None:
    devices = Devices(2 << 30)
    others = (
        ["The kitchen opens at seven.", "Parking costs three pounds a day.", "Our cook comes from Lyon.", "The roof was mended in May."]
        if language == "en"
        else ["厨房七点开门。", "停车每天三十元。", "厨师来自里昂。", "屋顶五月修好了。"]
    )
    finder = Finder(lambda tongue: embedder_for(store, devices, tongue or "zh"))
    assert finder.best(question, [*others, passage], 1) == [4]


def test_pieces_of_a_long_file_fit_and_lose_nothing() -> None:
    assert "".join(pieces(LONG, 160)) == LONG
