"""Copy that its seconds do not hold is asked for again in fewer words, and taken only when it fits and keeps to the figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.writers.calls import Desk
from agents.writers.shorter import fitted
from agents.writers.spoken import Spoken, count_units
from domain.context import StepContext
from domain.progress import CancelToken
from domain.said import Said
from domain.specs import SpeechSpec
from tests.agents.scripted import ScriptedChat

LONG = "North Pier is a cold brew that is made slowly in Leeds for 18 hours. " * 3  # 45 words: 15 s
SHORT = "North Pier: cold brew, made slowly for 18 hours, in Leeds. Try one today, near you."  # 16 words
WRONG = "North Pier: cold brew, made slowly for 24 hours, in Leeds. Try one today, near you."


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


def ask(desk: Desk, *replies: str, seconds: float = 6.0, typed: str = "") -> tuple[Spoken, ScriptedChat]:
    said: Iterator[str] = iter(replies)
    chat = ScriptedChat(lambda request: json.dumps({"text": next(said)}))
    spoken = Spoken(text=LONG.strip(), voice="heart", language="en", speed=1.0, lexicon={}, maker="hibari", notes=(Said.of("kept"),))
    context = StepContext(spec=SpeechSpec(seconds=seconds, text=typed))
    return fitted(spoken, context, lambda: chat, CancelToken(), desk), chat


def test_a_version_that_fits_is_spoken_and_said(desk: Desk) -> None:
    spoken, chat = ask(desk, SHORT)
    assert spoken.text == SHORT
    assert tuple(str(note) for note in spoken.notes) == (
        "kept",
        f"The copy was shortened from 45 to {count_units(SHORT, 'en')} words, so that it fits 6 s.",
    )
    assert len(chat.requests) == 1
    assert "at most 16 words" in chat.requests[0].messages[-1].content


@pytest.mark.parametrize("bad", [LONG, "Cold brew.", WRONG])
def test_what_does_not_fit_or_brings_a_figure_of_its_own_is_not_taken(desk: Desk, bad: str) -> None:
    spoken, chat = ask(desk, bad, bad)
    assert spoken.text == LONG.strip()
    assert len(chat.requests) == 2
    spoken, _ = ask(desk, bad, SHORT)
    assert spoken.text == SHORT


def test_nobody_is_asked_where_it_fits_or_a_person_typed_it(desk: Desk) -> None:
    for seconds, typed in ((14.0, ""), (0.0, ""), (6.0, "typed")):
        spoken, chat = ask(desk, seconds=seconds, typed=typed)
        assert (spoken.text, chat.requests) == (LONG.strip(), [])
