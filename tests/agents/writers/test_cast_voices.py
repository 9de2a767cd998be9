from __future__ import annotations

from pathlib import Path

import pytest

from agents.writers.calls import Desk
from agents.writers.cast_voices import parts_of, propose_cast
from agents.writers.spoken import Voice
from domain.brand import CastMember
from domain.dialogue import Character
from domain.errors import InputError
from pipelines.audio.voices import VoiceCatalogue
from studio.media_makers import voices_of


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


@pytest.fixture(scope="module")
def voices(assets: Path) -> tuple[Voice, ...]:
    return voices_of(VoiceCatalogue.read(assets / "voices.toml"), frozenset({"kokoro"}))


def test_voices_fit_the_characters_and_differ(desk: Desk, voices: tuple[Voice, ...]) -> None:
    people = [
        Character(name="Mira", voice="a young, soft-spoken apprentice, she hums"),
        Character(name="Old Tom", voice="a playful old fisherman"),
        Character(name="The Captain", voice="deep and dark, he rarely speaks"),
        Character(name="Anna"),
    ]
    found = propose_cast(people, "en", voices, (), desk)
    by_name = {voice.name: voice for voice in voices}
    cast = [by_name[member.voice] for member in found]
    assert [member.name for member in found] == ["Mira", "Old Tom", "The Captain", "Anna"]
    assert len({member.voice for member in found}) == 4
    assert [voice.gender for voice in cast] == ["female", "male", "male", "female"]
    assert (cast[0].age, cast[1].age) == ("young", "old")
    assert "deep" in cast[2].tone
    assert found[0].note == "a young, soft-spoken apprentice, she hums"


def test_chinese_characters_are_read_too(desk: Desk, voices: tuple[Voice, ...]) -> None:
    found = propose_cast(
        [Character(name="阿强", voice="年轻的士兵，男"), Character(name="王奶奶", voice="慈祥的老人")], "zh", voices, (), desk
    )
    by_name = {voice.name: voice for voice in voices}
    assert [by_name[member.voice].gender for member in found] == ["male", "female"]
    assert all(by_name[member.voice].language == "zh-CN" for member in found)


def test_who_is_cast_stays_and_nobody_else_gets_their_voice(desk: Desk, voices: tuple[Voice, ...]) -> None:
    sheet = (CastMember(name="mira", voice="af_heart"),)
    found = propose_cast([Character(name="Mira"), Character(name="Ivy", voice="a warm, friendly woman")], "en", voices, sheet, desk)
    assert [member.name for member in found] == ["Ivy"]
    assert found[0].voice != "af_heart"


def test_more_people_than_voices_still_sound_different(desk: Desk, voices: tuple[Voice, ...]) -> None:
    people = [Character(name=f"女{number}", voice="女") for number in range(7)]
    found = propose_cast(people, "zh", voices, (), desk)
    assert len({member.voice for member in found}) == 7
    assert all(part in {voice.name for voice in voices} for member in found for part in parts_of(member.voice))


def test_a_language_without_voices_is_refused(desk: Desk, voices: tuple[Voice, ...]) -> None:
    with pytest.raises(InputError, match="en, zh"):
        propose_cast([Character(name="Ida")], "fr", voices, (), desk)
