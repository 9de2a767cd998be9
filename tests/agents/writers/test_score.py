from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.writers.calls import Desk
from agents.writers.score import prepare_score
from domain.chat import ChatReply, ChatRequest
from domain.context import StepContext
from domain.errors import Cancelled, InputError, InvalidOutput
from domain.music import Mood, Score
from domain.progress import CancelToken
from domain.recipe import ModelRef
from domain.specs import CopySpec, MusicSpec
from pipelines.audio.composing import LEADS


class Chooser:
    """A chat model that answers what it was given, and remembers what it was asked."""

    model = ModelRef(id="chooser")
    context_tokens = 4096
    strong = False

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.requests: list[ChatRequest] = []

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        self.requests.append(request)
        return ChatReply(text=self.answer, finish="stop")

    def stream(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str]:
        yield self.answer


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


def scored(desk: Desk, note: str = "", chat: Chooser | None = None, **spec: object) -> Score:
    context = StepContext(spec=MusicSpec.model_validate({"about": "music", **spec}), note=note)
    return prepare_score(context, chat, CancelToken(), desk)


@pytest.mark.parametrize(
    ("about", "mood"),
    [
        ("Warm acoustic bed for the cold-brew spot", Mood.WARM),
        ("Boss battle theme", Mood.BATTLE),
        ("An 8-bit tune for the arcade level", Mood.CHIPTUNE),
        ("Music for the village market", Mood.TOWN),
        ("main menu of the game", Mood.MENU),
        ("ambient drone for a museum", Mood.AMBIENT),
        ("爵士酒吧", Mood.JAZZ),
        ("一首民谣", Mood.FOLK),
        ("lo-fi loop for a study stream", Mood.LOFI),
        ("欢快的广告配乐", Mood.UPBEAT),
        ("古风背景音乐，古筝", Mood.GUOFENG),
        ("紧张悬疑的片头", Mood.TENSE),
        ("Not dark: a playful tune for kids", Mood.PLAYFUL),
        ("Bed for our dark roast and dark chocolate", Mood.WARM),
    ],
)
def test_the_words_of_the_wish_decide_the_mood(desk: Desk, about: str, mood: Mood) -> None:
    assert scored(desk, about=about).mood is mood


def test_what_the_spec_says_wins(desk: Desk) -> None:
    score = scored(desk, about="epic battle", mood="calm", tempo=100, key="Am", seconds=17.5)
    assert (score.mood, score.tempo, score.key, score.seconds) == (Mood.CALM, 100, "A minor", 17.5)


@pytest.mark.parametrize(
    ("written", "key"),
    [("C", "C major"), ("am", "A minor"), ("f# minor", "F# minor"), ("B♭", "Bb major"), ("E flat major", "Eb major"), ("G小调", "G minor")],
)
def test_keys_are_read_as_people_write_them(desk: Desk, written: str, key: str) -> None:
    assert scored(desk, mood="upbeat", key=written).key == key


def test_a_key_that_is_none_and_a_tempo_nobody_can_play_are_refused(desk: Desk) -> None:
    with pytest.raises(InputError, match="not a key"):
        scored(desk, key="H dur")
    with pytest.raises(InputError, match="beats per minute"):
        scored(desk, tempo=12)


def test_a_note_moves_this_take(desk: Desk) -> None:
    before = scored(desk, mood="lofi", about="x")
    after = scored(desk, mood="lofi", about="x", note="slower, sadder, with piano")
    assert after.mood is Mood.LOFI
    assert after.tempo < before.tempo
    assert after.key.endswith("minor")
    assert after.lead == "piano"
    assert scored(desk, mood="lofi", about="x", note="换成史诗的，快一点").mood is Mood.EPIC


def test_fast_slow_big_and_subtle_are_heard(desk: Desk) -> None:
    slow, plain, fast = (scored(desk, mood="epic", about=f"{word} theme") for word in ("slow", "a", "fast"))
    assert slow.tempo < plain.tempo < fast.tempo
    assert scored(desk, mood="epic", about="a big powerful theme").intensity == "high"
    assert scored(desk, mood="warm", about="subtle, under a voice").intensity == "low"


def test_the_same_wish_gives_the_same_score(desk: Desk) -> None:
    assert scored(desk, about="warm bed") == scored(desk, about="warm bed")


def test_the_model_is_asked_only_when_no_word_decides(desk: Desk) -> None:
    chat = Chooser(json.dumps({"mood": "mysterious", "tempo": "slow", "mode": "minor", "intensity": "low"}))
    assert scored(desk, chat=chat, about="warm bed").mood is Mood.WARM
    assert chat.requests == []
    score = scored(desk, chat=chat, about="the lantern keeper opens the well")
    assert (score.mood, score.intensity) == (Mood.MYSTERIOUS, "low")
    assert score.key.endswith("minor")
    [request] = chat.requests
    assert request.json_schema is not None
    assert set(request.json_schema["properties"]["mood"]["enum"]) == {mood.value for mood in Mood}  # type: ignore[index,call-overload]
    assert "lantern keeper" in request.messages[-1].content


def test_a_small_model_cannot_give_a_party_a_minor_key(desk: Desk) -> None:
    chat = Chooser(json.dumps({"mood": "playful", "tempo": "fast", "mode": "minor", "intensity": "high"}))
    assert scored(desk, chat=chat, about="a birthday at the pool").key.endswith("major")
    assert scored(desk, chat=chat, about="a birthday at the pool, in minor").key.endswith("minor")


def test_words_of_the_wish_win_over_the_model(desk: Desk) -> None:
    chat = Chooser(json.dumps({"mood": "dark", "tempo": "slow", "mode": "minor", "intensity": "low"}))
    score = scored(desk, chat=chat, about="a big theme in major for the well")
    assert (score.mood, score.intensity) == (Mood.DARK, "high")
    assert score.key.endswith("major")


@pytest.mark.parametrize("answer", ["", "happy", "[]", '{"mood": "angry", "tempo": "slow", "mode": "minor", "intensity": "low"}'])
def test_an_answer_in_another_form_is_an_error_not_a_guess(desk: Desk, answer: str) -> None:
    with pytest.raises(InvalidOutput):
        scored(desk, chat=Chooser(answer), about="the well")


def test_without_a_model_an_undecided_wish_is_a_warm_bed(desk: Desk) -> None:
    assert scored(desk, about="the well").mood is Mood.WARM


def test_a_cancelled_step_asks_nothing(desk: Desk) -> None:
    chat, token = Chooser("{}"), CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        prepare_score(StepContext(spec=MusicSpec(about="the well")), chat, token, desk)
    assert chat.requests == []


def test_a_step_of_another_kind_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError):
        prepare_score(StepContext(spec=CopySpec(about="x")), None, CancelToken(), desk)


def test_every_lead_the_words_know_can_be_played(desk: Desk) -> None:
    assert set(desk.prompts("score")["lead"]) <= set(LEADS)


def test_every_mood_is_known_to_the_words(desk: Desk) -> None:
    assert set(desk.prompts("score")["moods"]) == {mood.value for mood in Mood}
    for mood in Mood:
        assert scored(desk, mood=mood.value).mood is mood


@pytest.mark.parametrize(
    ("about", "form"),
    [
        ("seamless loop for the village", "loop"),
        ("a stinger when the chest opens", "stinger"),
        ("战斗音乐，循环", "loop"),
        ("a calm bed", "bed"),
    ],
)
def test_words_say_what_the_piece_is_for(desk: Desk, about: str, form: str) -> None:
    assert scored(desk, about=about).form == form
    assert scored(desk, about=about, form="outro").form == "outro"
