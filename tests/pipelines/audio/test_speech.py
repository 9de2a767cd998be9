from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from domain.errors import Cancelled, InputError, LimitError
from domain.progress import Silent
from pipelines.audio.hibari import HibariPipeline
from pipelines.audio.kokoro import KokoroPipeline
from pipelines.audio.recognition import Recogniser
from pipelines.devices import Devices
from pipelines.media import sound
from pipelines.models.store import ModelStore
from tests.pipelines.audio.sounds import Recorder, characters, error_rate, heard, speech_work, words

pytestmark = pytest.mark.models

SPOT = "Slow mornings deserve better coffee. Our cold brew is steeped for eighteen hours and served over ice."
CHINESE_SPOT = "早上好，欢迎收听今天的新闻。明天北京天气晴朗，最高气温二十五度。"


@pytest.fixture(scope="module")
def hibari(store: ModelStore, devices: Devices, assets: Path) -> HibariPipeline:
    return HibariPipeline(store, devices, assets)


@pytest.fixture(scope="module")
def kokoro(store: ModelStore, devices: Devices, assets: Path) -> KokoroPipeline:
    return KokoroPipeline(store, devices, assets)


@pytest.fixture(scope="module")
def recogniser(store: ModelStore, devices: Devices) -> Recogniser:
    return Recogniser(store, devices)


def test_what_hibari_says_is_understood(hibari: HibariPipeline, recogniser: Recogniser) -> None:
    [output] = hibari.generate([speech_work(SPOT)], Silent())
    transcript = recogniser.transcribe(output.main.data)
    assert transcript.language == "en"
    assert error_rate(words(SPOT.replace("eighteen", "18")), words(transcript.text)) <= 0.12
    assert transcript.words[0].start < transcript.words[-1].end <= transcript.seconds + 0.5


def test_a_voice_over_is_24_khz_mono_at_minus_16_lufs(hibari: HibariPipeline) -> None:
    [output] = hibari.generate([speech_work(SPOT)], Silent())
    samples, rate = heard(output)
    assert (rate, samples.ndim, output.main.name) == (24_000, 1, "speech.wav")
    assert sound.loudness(samples, rate) == pytest.approx(-16.0, abs=0.5)
    assert sound.true_peak(samples) <= -1.0
    assert output.facts["seconds"] == pytest.approx(len(samples) / rate, abs=0.001)
    assert (output.facts["voice"], output.facts["words"]) == ("heart", 17)


def test_the_same_recipe_gives_the_same_bytes_and_another_seed_others(hibari: HibariPipeline) -> None:
    first, again, other = hibari.generate([speech_work(SPOT), speech_work(SPOT), speech_work(SPOT, seed=2)], Silent())
    assert first.main.data == again.main.data
    assert first.main.data != other.main.data


def test_twice_the_speed_is_about_half_the_length(hibari: HibariPipeline) -> None:
    slow, fast = hibari.generate([speech_work(SPOT, speed=0.8), speech_work(SPOT, speed=1.6)], Silent())
    assert float(slow.facts["seconds"]) / float(fast.facts["seconds"]) == pytest.approx(2.0, abs=0.3)


def test_the_lexicon_is_heard(hibari: HibariPipeline, recogniser: Recogniser) -> None:
    [output] = hibari.generate([speech_work("Please welcome our host, Xqz.", Xqz="Peter")], Silent())
    assert "peter" in recogniser.transcribe(output.main.data, "en").text.lower()


@pytest.mark.parametrize("text", ["🎉🎉🎉", "", "\n\n"])
def test_nothing_to_speak_is_refused(hibari: HibariPipeline, text: str) -> None:
    with pytest.raises(InputError):
        hibari.generate([speech_work(text)], Silent())


def test_an_endless_text_is_refused_at_once(hibari: HibariPipeline) -> None:
    with pytest.raises(LimitError):
        hibari.generate([speech_work("a" * 50_000)], Silent())


def test_hibari_refuses_chinese_and_languages_it_does_not_speak(hibari: HibariPipeline) -> None:
    with pytest.raises(InputError, match="script"):
        hibari.generate([speech_work(CHINESE_SPOT)], Silent())
    with pytest.raises(InputError, match="speaks en"):
        hibari.generate([speech_work("Bonjour", language="fr")], Silent())


def test_a_wrong_speed_is_refused_by_name(hibari: HibariPipeline) -> None:
    with pytest.raises(InputError) as caught:
        hibari.generate([speech_work("Hello", speed=9.0)], Silent())
    assert caught.value.field == "speed"


def test_speech_is_cancelled_between_sentences(hibari: HibariPipeline) -> None:
    progress = Recorder(cancel_after=2)
    with pytest.raises(Cancelled):
        hibari.generate([speech_work("One sentence. " * 50)], progress)
    assert len(progress.reports) <= 3


@pytest.mark.parametrize("voice", ["af_heart", "bm_george", "af_heart*0.5+bm_george*0.5"])
def test_what_kokoro_says_in_english_is_understood(kokoro: KokoroPipeline, recogniser: Recogniser, voice: str) -> None:
    [output] = kokoro.generate([speech_work(SPOT, voice=voice)], Silent())
    understood = recogniser.transcribe(output.main.data, "en").text
    assert error_rate(words(SPOT.replace("eighteen", "18")), words(understood)) <= 0.15
    assert output.facts["voice"] == voice


@pytest.mark.parametrize("voice", ["zf_xiaoxiao", "zm_yunxi"])
def test_what_kokoro_says_in_mandarin_is_understood(kokoro: KokoroPipeline, recogniser: Recogniser, voice: str) -> None:
    [output] = kokoro.generate([speech_work(CHINESE_SPOT, voice=voice, language="zh")], Silent())
    transcript = recogniser.transcribe(output.main.data)
    assert transcript.language == "zh"
    said = characters(CHINESE_SPOT.replace("二十五", ""))
    assert error_rate(said, characters(transcript.text)) <= 0.25


def test_english_words_inside_chinese_are_spoken(kokoro: KokoroPipeline) -> None:
    plain, mixed = kokoro.generate(
        [speech_work("欢迎来到今天", language="zh"), speech_work("欢迎来到Northwind Coffee House今天", language="zh")], Silent()
    )
    assert float(mixed.facts["seconds"]) > float(plain.facts["seconds"]) + 0.6


def test_voices_sound_different(kokoro: KokoroPipeline) -> None:
    one, other = kokoro.generate([speech_work("Good evening.", voice="af_bella"), speech_work("Good evening.", voice="am_onyx")], Silent())
    length = min(len(heard(one)[0]), len(heard(other)[0]))
    assert abs(np.corrcoef(heard(one)[0][:length], heard(other)[0][:length])[0, 1]) < 0.5


def test_a_sentence_longer_than_the_network_holds_is_spoken_whole(kokoro: KokoroPipeline) -> None:
    text = "and then we walked over the hill, " * 16
    [output] = kokoro.generate([speech_work(text, speed=1.8)], Silent())
    assert int(output.facts["sentences"]) >= 2
    assert float(output.facts["seconds"]) > 10


def test_an_unknown_voice_names_near_ones(kokoro: KokoroPipeline) -> None:
    with pytest.raises(InputError, match="af_heart"):
        kokoro.generate([speech_work("Hello", voice="af_hart")], Silent())


def test_capabilities_name_languages_and_models(hibari: HibariPipeline, kokoro: KokoroPipeline) -> None:
    for pipeline, languages in ((hibari, ("en",)), (kokoro, ("en", "zh"))):
        capability = pipeline.capability()
        assert capability is not None
        assert capability.languages == languages
        assert {voice.language.split("-")[0] for voice in pipeline.voices()} == set(languages)
        assert pipeline.models({})[0].id == capability.models[0]
        assert len(pipeline.models({})[0].sha256) == 64


def test_without_its_model_kokoro_offers_nothing(store: ModelStore, devices: Devices, assets: Path, tmp_path: Path) -> None:
    assert KokoroPipeline(ModelStore(store.catalogue, tmp_path), devices, assets).capability() is None


def test_stretches_spoken_side_by_side_are_the_same_bytes(
    kokoro: KokoroPipeline, store: ModelStore, devices: Devices, assets: Path
) -> None:
    works = [speech_work("Good evening.", voice="af_bella"), speech_work("The bridge is gone.", voice="bm_george")]
    together = KokoroPipeline(store, devices, assets, threads=2).generate(works, Silent())
    alone = [kokoro.generate([work], Silent())[0] for work in works]
    assert [output.main.data for output in together] == [output.main.data for output in alone]
    company = KokoroPipeline(store, devices, assets, threads=2).company({})
    assert company is not None
    assert company.most > 1


def test_another_seed_is_another_take_by_the_same_voice(kokoro: KokoroPipeline) -> None:
    first, again, other = kokoro.generate([speech_work("Good evening.", seed=seed) for seed in (7, 7, 8)], Silent())
    assert first.main.data == again.main.data
    assert first.main.data != other.main.data
    assert float(first.facts["seconds"]) == pytest.approx(float(other.facts["seconds"]), rel=0.25)
