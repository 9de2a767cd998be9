from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from agents.writers.calls import Desk
from agents.writers.spoken import Spoken, Voice, prepare_speech
from domain.brand import BrandKit, CastMember
from domain.capability import StepKind
from domain.context import InputText, StepContext
from domain.documents import (
    ArticleDocument,
    CopyDocument,
    CopyLine,
    CopySlot,
    DialogueDocument,
    DialogueLine,
    DialogueNode,
    ScriptDocument,
    ScriptLine,
    ScriptPart,
)
from domain.errors import InputError
from domain.finding import Finding, Severity
from domain.specs import SpeechSpec
from domain.value import Value
from pipelines.audio.voices import VoiceCatalogue


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


@pytest.fixture(scope="module")
def voices(assets: Path) -> tuple[Voice, ...]:
    fields = set(Voice.model_fields)
    catalogue = VoiceCatalogue.read(assets / "voices.toml")
    return tuple(Voice.model_validate(v.model_dump(include=fields)) for v in catalogue.voices if v.engine != "bark")


class Prepare(Protocol):
    def __call__(
        self, note: str = "", maker: str = "", brand: BrandKit | None = None, inputs: tuple[InputText, ...] = (), **spec: object
    ) -> Spoken: ...


@pytest.fixture
def prepare(desk: Desk, voices: tuple[Voice, ...]) -> Prepare:
    def prepared(
        note: str = "", maker: str = "", brand: BrandKit | None = None, inputs: tuple[InputText, ...] = (), **spec: object
    ) -> Spoken:
        context = StepContext(spec=SpeechSpec.model_validate(spec), note=note, maker=maker, brand=brand or BrandKit(), inputs=inputs)
        return prepare_speech(context, voices, desk)

    return prepared


def given(kind: StepKind, document: Value) -> tuple[InputText, ...]:
    return (InputText(role="text", step=f"{kind}-1", kind=kind, text="", document=document.model_dump(mode="json")),)


DIALOGUE = DialogueDocument(
    language="en",
    characters=("Mara", "Guard"),
    nodes=(
        DialogueNode(
            id="a", lines=(DialogueLine(id="1", speaker="Guard", text="Halt!"), DialogueLine(id="2", speaker="Mara", text="Let me pass."))
        ),
        DialogueNode(id="b", lines=(DialogueLine(id="3", speaker="Guard", text="Never."),)),
    ),
)


def test_the_text_of_the_step_is_spoken_as_it_is(prepare: Prepare) -> None:
    spoken = prepare(text=" Hello there. ")
    assert spoken.parameters == {"text": "Hello there.", "voice": "af_heart", "language": "en", "speed": 1.0, "lexicon": {}}


def test_of_a_copy_item_the_voice_over_is_spoken(prepare: Prepare) -> None:
    failing = Finding(rule="x", severity=Severity.ERROR, message="no")
    copy = CopyDocument(
        language="en",
        slots=(
            CopySlot(name="headline", max_chars=30, lines=(CopyLine(text="Headline"),)),
            CopySlot(name="Voice-over", max_chars=200, lines=(CopyLine(text="Bad", findings=(failing,)), CopyLine(text="Say this."))),
        ),
    )
    assert prepare(inputs=given(StepKind.COPY, copy)).text == "Say this."


def test_of_a_script_neither_headings_nor_directions_are_spoken(prepare: Prepare) -> None:
    article = ArticleDocument(
        language="en", form="script", headline="Title", paragraphs=("## Scene", "[music up] VO: Good morning.", "(pause)", "旁白：Again.")
    )
    assert prepare(inputs=given(StepKind.ARTICLE, article)).text == "Good morning.\n\nAgain."


def test_of_a_two_column_script_what_is_heard_is_spoken(prepare: Prepare) -> None:
    parts = tuple(
        ScriptPart(seconds=5, picture="A tray.", lines=(ScriptLine(speaker="VO", text=text),)) for text in ("At five.", "Still warm.")
    )
    script = ScriptDocument(language="en", form="ad", title="Bread", seconds=10, parts=parts)
    assert prepare(inputs=given(StepKind.SCRIPT, script)).text == "At five.\nStill warm."


def test_of_a_dialogue_one_character_speaks(prepare: Prepare) -> None:
    assert prepare(inputs=given(StepKind.DIALOGUE, DIALOGUE), character="mara").text == "Let me pass."
    unnamed = prepare(inputs=given(StepKind.DIALOGUE, DIALOGUE))
    assert unnamed.text == "Halt!\nNever."
    assert "Guard" in str(unnamed.notes[0])


def test_a_character_without_lines_is_refused_with_those_who_have_some(prepare: Prepare) -> None:
    with pytest.raises(InputError, match="Guard, Mara"):
        prepare(inputs=given(StepKind.DIALOGUE, DIALOGUE), character="Bob")


def test_nothing_to_speak_says_what_to_do(prepare: Prepare) -> None:
    with pytest.raises(InputError, match="connect"):
        prepare(about="a voice-over")


def test_the_cast_speaks_its_characters_and_the_narrator_the_rest(prepare: Prepare) -> None:
    brand = BrandKit(
        cast=(CastMember(name="Narrator", voice="bm_george", speed=0.9), CastMember(name="Mara", voice="af_nicole")),
        lexicon={"Nguyen": "win"},
    )
    narrated = prepare(text="Once upon a time.", brand=brand)
    assert (narrated.voice, narrated.speed, narrated.lexicon) == ("bm_george", 0.9, {"Nguyen": "win"})
    assert prepare(text="Hi.", character="mara", brand=brand).voice == "af_nicole"
    assert prepare(text="Hi.", voice="am_puck", brand=brand).voice == "am_puck"


def test_the_maker_of_the_step_keeps_its_voices_where_it_has_one(prepare: Prepare) -> None:
    assert prepare(text="Hi.", maker="hibari").voice == "heart"
    chinese = prepare(text="你好。", language="zh", maker="hibari")
    assert (chinese.maker, chinese.voice) == ("kokoro", "zf_xiaoxiao")


def test_an_engine_without_named_voices_is_left_to_find_its_speaker(prepare: Prepare) -> None:
    spoken = prepare(text="Hi.", maker="bark")
    assert (spoken.maker, spoken.voice) == ("bark", "")
    assert prepare(text="Hi.", maker="bark", voice="Bella").maker == "kokoro"


@pytest.mark.parametrize(
    ("note", "voice"),
    [
        ("a male voice", "am_michael"),
        ("British accent, please", "bf_emma"),
        ("use Bella", "af_bella"),
        ("whispering, intimate", "af_nicole"),
    ],
)
def test_a_note_changes_the_voice_of_this_take(prepare: Prepare, note: str, voice: str) -> None:
    assert prepare(text="Hello.", maker="kokoro", note=note).voice == voice


def test_a_note_in_chinese_changes_voice_and_speed(prepare: Prepare) -> None:
    spoken = prepare(text="欢迎光临。", language="zh", note="换成男声，慢一点")
    assert spoken.voice.startswith("zm_")
    assert spoken.speed < 1.0
    assert prepare(text="欢迎光临。", language="zh", voice="zm_yunxi", note="换成中文女声").voice.startswith("zf_")


def test_warmer_and_slower_keep_a_chosen_voice(prepare: Prepare) -> None:
    spoken = prepare(text="Hello.", voice="bm_lewis", note="warmer and slower")
    assert spoken.voice == "bm_lewis"
    assert spoken.speed < 0.9


def test_a_voice_cannot_translate_and_says_so(prepare: Prepare) -> None:
    english = prepare(text="Hello", note="换成中文女声")
    assert english.language == "en"
    assert "translate" in str(english.notes[0])
    chinese = prepare(text="你好，世界", language="en", voice="af_bella")
    assert (chinese.language, chinese.voice) == ("zh", "zf_xiaoxiao")
    assert len(chinese.notes) == 2


def test_a_blend_is_kept_as_written(prepare: Prepare) -> None:
    spoken = prepare(text="Hello.", voice="af_heart*0.5+bm_george*0.5")
    assert (spoken.voice, spoken.maker) == ("af_heart*0.5+bm_george*0.5", "kokoro")


def test_an_unknown_voice_names_near_ones(prepare: Prepare) -> None:
    with pytest.raises(InputError, match="af_bella"):
        prepare(text="Hello.", voice="af_bela")


def test_a_language_without_a_voice_is_refused(prepare: Prepare) -> None:
    with pytest.raises(InputError, match="en, es, fr, zh"):
        prepare(text="Hej", language="sv")


def test_a_text_too_long_for_its_seconds_is_reported_and_never_cut(prepare: Prepare) -> None:
    text = "word " * 100
    spoken = prepare(text=text, seconds=20)
    assert spoken.text == text.strip()
    assert "33 s" in str(spoken.notes[0])
    assert "40 words" in str(spoken.notes[0])
    assert prepare(text="word " * 50, seconds=20).notes == ()


def test_speed_stays_within_what_engines_do(prepare: Prepare) -> None:
    assert prepare(text="Hello.", speed=0.5, note="slower").speed == 0.5
    assert prepare(text="Hello.", speed=2.0, note="faster").speed == 2.0
