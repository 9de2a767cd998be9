"""What code knows exactly is not left to a model, and stays when it is disputed."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.director import Director, DirectorState, TextDelta
from agents.jobs.exact import ExactReader
from agents.planner import Planner
from domain.conversation import Intent, Turn
from tests.agents.scripted import WHEN, ScriptedChat, brief, capabilities


@pytest.fixture(scope="module")
def reader(assets: Path) -> ExactReader:
    return ExactReader.load(assets)


@pytest.mark.parametrize(
    ("message", "phrase", "key"),
    [
        ("How many r's are in strawberry?", "letters", "3"),
        ("How many times does the letter “s” appear in the word “Mississippi”?", "letters", "4"),
        ("strawberry里有几个r？", "letters", "3"),
        ("How many z are there in apple?", "letters_none", "0"),
        ("How many letters are in Wednesday?", "length", "9"),
        ("Which is larger, 9.9 or 9.11?", "larger", "9.9"),
        ("Is 9.11 bigger than 9.9?", "larger", "9.9"),
        ("3.7和3.12哪个小？", "smaller", "3.12"),
        ("What day of the week was 20 July 1969?", "weekday_6", "6"),
        ("2026年10月1日是星期几？", "weekday_3", "3"),
        ("How many days are between 1 March 2024 and 1 March 2025?", "between", "365"),
        ("Was 1900 a leap year?", "leap_not", "365"),
        ("2000年是闰年吗？", "leap", "366"),
    ],
)
def test_a_question_is_answered_exactly(reader: ExactReader, message: str, phrase: str, key: str) -> None:
    found = reader.read(message)
    assert found is not None
    assert (found.phrase, found.key) == (phrase, key)


@pytest.mark.parametrize(
    "message",
    [
        "How many letters did she write?",
        "Which is larger, France or Spain?",
        "What day of the week was 31 June 2026?",
        "What day is it today?",
        "How many days are between the two holidays?",
    ],
)
def test_what_code_does_not_know_is_left_alone(reader: ExactReader, message: str) -> None:
    assert reader.read(message) is None


def said(assets: Path, message: str, *before: str) -> str:
    turns = tuple(
        Turn(
            id=str(n), project_id="p", role="assistant" if n % 2 else "user", text=text,
            intent=Intent.ANSWER if n % 2 else None, created=WHEN,
        )
        for n, text in enumerate(before)
    )  # fmt: skip
    chat = ScriptedChat()
    parts = Director(chat, assets, Planner(assets)).respond(
        brief(message), DirectorState(turns=turns, capabilities=capabilities()), plan_id="p", seed=1
    )
    answer = "".join(p.text for p in parts if isinstance(p, TextDelta))
    assert chat.requests == []
    return answer


def test_a_wrong_correction_does_not_move_what_code_knows_and_a_right_one_does(assets: Path) -> None:
    asked = "How many r's are in strawberry?"
    assert said(assets, asked).startswith("**3**")
    assert "**3**" in said(assets, "No, that is wrong, there are 2.", asked, "**3**: s-t-r-a-w-b-e-r-r-y")
    assert "You are right" in said(assets, "No, that is wrong, there are 3.", asked, "There are 2.")
