from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import InputError
from pipelines.audio.voices import VoiceCatalogue


@pytest.fixture(scope="module")
def voices(assets: Path) -> VoiceCatalogue:
    return VoiceCatalogue.read(assets / "voices.toml")


def test_kokoro_has_its_28_english_and_8_mandarin_voices(voices: VoiceCatalogue) -> None:
    assert len(voices.of("kokoro", "en")) == 28
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
    assert found[-1].language == "en-US"
