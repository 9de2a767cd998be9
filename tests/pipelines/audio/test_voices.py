from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import InputError
from pipelines.audio.voices import VoiceCatalogue


@pytest.fixture(scope="module")
def voices(assets: Path) -> VoiceCatalogue:
    return VoiceCatalogue.read(assets / "voices.toml")


def test_kokoro_has_its_54_voices(voices: VoiceCatalogue) -> None:
    """28 English and 8 Mandarin ones, and 18 of other languages, which speak English here."""
    assert len(voices.of("kokoro")) == 54
    assert len([voice for voice in voices.of("kokoro", "en") if not voice.origin]) == 28
    assert len(voices.of("kokoro", "zh")) == 8
    assert {voice.licence for voice in voices.of("kokoro")} == {"Apache-2.0"}


def test_a_voice_answers_to_its_short_name_in_any_case(voices: VoiceCatalogue) -> None:
    assert voices.get("Bella").id == "af_bella"
    assert voices.get("ZM_YUNXI").language == "zh-CN"


def test_an_unknown_voice_names_the_nearest(voices: VoiceCatalogue) -> None:
    with pytest.raises(InputError, match="af_bella"):
        voices.get("af_bela", "kokoro")


@pytest.mark.parametrize(("language", "name"), [("en", "heart"), ("en-GB", "bf_emma"), ("zh", "zf_xiaoxiao"), ("zh-CN", "zf_xiaoxiao")])
def test_each_language_has_a_default_voice(voices: VoiceCatalogue, language: str, name: str) -> None:
    assert voices.default(language).name == name


def test_a_language_nobody_speaks_is_refused_with_those_that_are_spoken(voices: VoiceCatalogue) -> None:
    with pytest.raises(InputError, match="en, zh"):
        voices.default("fr", "kokoro")


def test_the_exact_accent_comes_first(voices: VoiceCatalogue) -> None:
    found = voices.of("kokoro", "en-GB")
    assert found[0].language == "en-GB"
    assert "en-US" in {voice.language for voice in found[8:]}


def test_every_voice_says_what_is_needed_to_choose_it(voices: VoiceCatalogue) -> None:
    for voice in voices.of("kokoro"):
        assert voice.gender in ("female", "male")
        assert voice.age in ("child", "young", "adult", "old")
        assert voice.tone
        assert voice.pitch > 60


def test_voices_are_found_by_what_is_known_of_them(voices: VoiceCatalogue) -> None:
    found = voices.of("kokoro", "en", "female", age="young", tone="soft", licence="Apache-2.0")
    assert [voice.name for voice in found] == ["bf_lily"]
    assert voices.of(age="old", gender="female") == ()


@pytest.mark.parametrize("name", ["af_heart*0.25+bm_george*0.75", "af_heart+bm_george*3", " heart * 1 + George*3 "])
def test_a_blend_weighs_its_voices(voices: VoiceCatalogue, name: str) -> None:
    blend = voices.blend(name, "kokoro")
    assert [(voice.name, weight) for voice, weight in blend] == [("af_heart", 0.25), ("bm_george", 0.75)]


@pytest.mark.parametrize(
    ("name", "why"),
    [("af_hart", "af_heart"), ("a b", "not a voice"), ("af_heart*0", "add up"), ("", "not a voice"), ("af_heart*1+", "not a voice")],
)
def test_a_blend_that_is_none_is_refused_at_the_voice(voices: VoiceCatalogue, name: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        voices.blend(name, "kokoro")
    assert caught.value.field == "voice"


def test_voices_of_two_engines_do_not_blend(voices: VoiceCatalogue) -> None:
    with pytest.raises(InputError, match="different engines"):
        voices.blend("heart+af_bella")
