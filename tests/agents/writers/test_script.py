"""A script runs the seconds asked for, says no more than fits, and reads back from Fountain, PDF and Word as it was written."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from agents.writers.calls import Desk
from agents.writers.render import render, render_file
from agents.writers.screenplay import fountain, printed
from agents.writers.script import parts_of, write_script
from domain.chat import ChatRequest
from domain.context import StepContext
from domain.documents import SCRIPT_MEDIA_TYPE, ScriptDocument, ScriptLine, ScriptPart
from domain.errors import InputError
from domain.progress import Silent
from domain.specs import ArticleSpec, ScriptSpec
from pipelines.layout.word_file import word_file
from tests.agents.writers.desk_chat import Speaker
from tests.agents.writers.fountain_reader import read_fountain

ASSETS = Path(__file__).resolve().parents[3] / "assets"
FORMS = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in (ASSETS / "forms").glob("*.toml")}
ADS = ("Steam curls over a dark counter.", "A baker lifts the tray.", "Hands break the loaf open.", "The street lamp goes out.",
       "A child waits at the door.", "The sign is turned around.", "Crumbs lie on the wood.", "A bicycle leans on the wall.")  # fmt: skip
SAID = ("Bread is ready early.", "Warm as a morning.", "Come as you are.", "Five o'clock, every day.",
        "We kept one for you.", "Follow the good smell.", "Still warm at six.", "See you at dawn.")  # fmt: skip


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk(ASSETS)


class Crew:
    """Writes parts that pass: a new sentence each time."""

    def __init__(self) -> None:
        self.at = -1

    def __call__(self, request: ChatRequest) -> Any:
        wanted: Any = request.json_schema["properties"]  # type: ignore[index]
        self.at += 1
        picture, said = ADS[self.at % len(ADS)], SAID[self.at % len(SAID)]
        if "words" in wanted:
            return {"picture": picture, "words": said}
        if "action" in wanted:
            speaker = wanted["lines"]["items"]["properties"]["speaker"]["enum"][0]
            shots = [{"size": "wide", "move": "static", "what": picture}]
            return {
                "inside": "EXT", "place": "the old pier", "time": "DAWN", "action": picture,
                "lines": [{"speaker": speaker, "text": said}], "shots": shots,
            }  # fmt: skip
        count = wanted["lines"]["maxItems"]
        return {"lines": [SAID[(self.at + n) % len(SAID)] for n in range(count)]}


def written(desk: Desk, say: Any = None, **spec: Any) -> ScriptDocument:
    wanted = StepContext(spec=ScriptSpec(**({"about": "a bakery that opens at five"} | spec)), material="A bakery opens at five.")
    return write_script(wanted, Speaker(say or Crew()), 3, Silent(), desk)


@given(form=st.sampled_from(["ad", "podcast", "film"]), seconds=st.integers(5, 1800))
def test_the_parts_always_sum_to_the_length(form: str, seconds: int) -> None:
    parts = parts_of(FORMS[form], seconds, "en")
    assert sum(part.seconds for part in parts) == seconds
    assert all(part.seconds > 0 for part in parts)
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))


def test_an_ad_has_two_columns_and_its_rows_last_the_spot(desk: Desk) -> None:
    document = written(desk, seconds=30)
    assert [part.seconds for part in document.parts] == [5] * 6
    assert document.heads == ("SECONDS", "VIDEO", "AUDIO")
    assert all(part.picture and part.lines[0].speaker == "VO" for part in document.parts)
    assert not document.findings
    assert "| 5 | Steam curls over a dark counter. | VO: " in render(document)


def test_words_that_do_not_fit_their_seconds_are_asked_again_and_never_cut(desk: Desk) -> None:
    endless = "We bake the bread while the whole long street still sleeps and dreams of morning and of warm loaves in paper bags."
    chat = Crew()

    def say(request: ChatRequest) -> Any:
        reply = chat(request)
        return reply | {"words": endless} if "words" in reply else reply

    document = written(desk, say, seconds=10)
    assert all(part.lines[0].text == endless for part in document.parts)
    assert {f.rule for f in document.findings} >= {"too_long"}
    assert document.findings[0].suggestion.startswith("Use at most")


def test_a_podcast_is_spoken_by_turns_under_titles(desk: Desk) -> None:
    document = written(desk, form="podcast", seconds=240, speakers=("Ada", "Ben"))
    assert [line.speaker for part in document.parts for line in part.lines][:4] == ["Ada", "Ben", "Ada", "Ben"]
    assert document.parts[0].heading == "Opening"
    assert document.parts[-1].heading == "Goodbye"
    assert sum(part.seconds for part in document.parts) == 240


def test_a_film_reads_back_from_fountain_as_it_was_written(desk: Desk) -> None:
    document = written(desk, form="film", seconds=120, speakers=("MARA", "TOM"))
    back = read_fountain(fountain(document))
    assert back.title["Title"] == document.title
    assert back.of("heading") == [part.heading for part in document.parts]
    assert back.of("heading")[0] == "EXT. THE OLD PIER - DAWN"
    assert back.of("action") == [part.picture for part in document.parts]
    assert back.of("character") == [line.speaker for part in document.parts for line in part.lines]
    assert back.of("dialogue") == [line.text for part in document.parts for line in part.lines]
    assert len(back.of("note")) == sum(len(part.shots) for part in document.parts)
    assert [shot.number for part in document.parts for shot in part.shots] == list(range(1, len(document.parts) + 1))


@pytest.mark.parametrize(
    "action", ["BOOM!", "INT. is what he says", "@home again", "* a star *", "> fade", "CUT TO:", "she _runs_ [[now]]"]
)
def test_what_looks_like_syntax_stays_text(action: str) -> None:
    line = ScriptLine(speaker="阿青", text="(quietly) *No* one.", manner="off screen")
    part = ScriptPart(seconds=5, heading="EXT. 渡口 - 清晨", picture=action, lines=(line,))
    back = read_fountain(fountain(ScriptDocument(language="zh", form="film", title="T", seconds=5, parts=(part,))))
    assert back.of("action") == [action.replace("[[", "[ [").replace("]]", "] ]")]
    assert back.of("character") == ["阿青"]
    assert back.of("parenthetical") == ["(off screen)"]
    assert back.of("dialogue") == ["(quietly) *No* one."]


def test_word_opens_the_script_and_the_same_script_gives_the_same_bytes(desk: Desk) -> None:
    document = written(desk, form="film", seconds=60, speakers=("MARA", "TOM"))
    data = word_file(printed(document))
    assert data == word_file(printed(document))
    opened = Document(io.BytesIO(data))
    told = [paragraph.text for paragraph in opened.paragraphs]
    assert told[0] == document.title
    assert [part.heading for part in document.parts] == [text for text in told if text.startswith("EXT.")]
    assert [cell.text for cell in opened.tables[0].rows[0].cells] == ["Shot", "Scene", "Size", "Camera", "What it shows"]
    assert len(opened.tables[0].rows) == 1 + sum(len(part.shots) for part in document.parts)


def test_a_stored_script_renders_for_people(desk: Desk) -> None:
    document = written(desk, form="podcast", seconds=60)
    assert "**HOST**" in str(render_file(SCRIPT_MEDIA_TYPE, document.model_dump_json().encode()))


def test_a_script_writer_wants_a_script_step(desk: Desk) -> None:
    with pytest.raises(InputError):
        write_script(StepContext(spec=ArticleSpec(about="x")), Speaker(Crew()), 1, Silent(), desk)
