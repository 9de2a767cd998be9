"""SpeechT5, CSM and Dia with the real classes at tiny random configurations, saved to folders and pulled by the real store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from domain.errors import Cancelled, InputError, LimitError, ModelCorrupt, ModelUnusable
from domain.model import Task
from domain.progress import CancelToken, Silent
from domain.recipe import InputFile, Output, Work
from pipelines.audio.letters import Letters
from pipelines.audio.networks import NetworkPipeline
from pipelines.audio.speecht5 import speaker_of
from pipelines.audio.voices import VoiceCatalogue, taken_over
from pipelines.devices import Devices
from pipelines.media.sound import wav_bytes
from pipelines.models.store import ModelStore
from pipelines.worker import NETWORKS
from tests.pipelines.audio.sounds import Recorder, heard, speech_work
from tests.pipelines.audio.tiny_networks import LETTERS, save_letters, save_tiny_csm, save_tiny_dia, save_tiny_speecht5

SAVED: dict[str, Callable[[Path], Path]] = {"speecht5-tts": save_tiny_speecht5, "csm-1b": save_tiny_csm, "dia-1.6b": save_tiny_dia}
KEY = "0123456789ab"


@pytest.fixture(scope="module")
def shelf(store: ModelStore, tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    own = tmp_path_factory.mktemp("folder")
    made = ModelStore(store.catalogue, tmp_path_factory.mktemp("cache"), models_folder=own, offline=True)
    for model, save in SAVED.items():
        save(own / model)
        made.pull(model, Silent())
    return made


@pytest.fixture
def engine(shelf: ModelStore, assets: Path) -> Callable[[str], NetworkPipeline]:
    def build(model: str) -> NetworkPipeline:
        family = shelf.catalogue.get(model).family
        return NetworkPipeline(shelf, Devices(4 << 30), assets, model, NETWORKS[family], lambda path, language, progress: "some words")

    return build


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tone(tmp_path_factory.mktemp("voice") / "voice.wav", 2.0)


def tone(file: Path, seconds: float) -> Path:
    """Something with the loudness of a voice."""
    draw = np.random.default_rng(1)
    file.write_bytes(wav_bytes((0.1 * draw.normal(size=int(seconds * 24_000))).astype(np.float32), 24_000))
    return file


def with_recording(work: Work, recording: Path) -> Work:
    return Work(work.recipe, (InputFile(role="reference", path=recording, media_type="audio/wav"),))


def spoken(pipeline: NetworkPipeline, work: Work) -> Output:
    return pipeline.generate([work], Silent())[0]


@pytest.mark.parametrize("model", SAVED)
def test_a_network_speaks_from_a_folder_the_same_for_a_seed(engine: Callable[[str], NetworkPipeline], model: str) -> None:
    pipeline = engine(model)
    capability = pipeline.capability()
    assert capability is not None and capability.languages == ("en",)
    first, again, other = (spoken(pipeline, speech_work("Hi.", seed=seed)) for seed in (1, 1, 2))
    assert heard(first)[1] == 24_000 and len(heard(first)[0]) > 2_000
    assert first.main.data == again.main.data != other.main.data
    assert first.facts["voice"] == pipeline.voices()[0].name or model == "speecht5-tts"


def test_each_speaker_of_speecht5_is_a_file_and_one_without_it_is_refused(engine: Callable[[str], NetworkPipeline]) -> None:
    pipeline = engine("speecht5-tts")
    slt, bdl = (spoken(pipeline, speech_work("Hi.", voice=f"speecht5_{name}")) for name in ("slt", "bdl"))
    assert slt.main.data != bdl.main.data
    with pytest.raises(InputError, match=r"speakers/awb\.npy") as caught:
        spoken(pipeline, speech_work("Hi.", voice="speecht5_awb"))
    assert "bdl, slt" in caught.value.hint
    with pytest.raises(InputError, match="does not take over"):
        spoken(pipeline, speech_work("Hi.", voice=f"speecht5-tts@{KEY}"))


@pytest.mark.parametrize("model", ["csm-1b", "dia-1.6b"])
def test_a_voice_is_taken_over_from_the_recording_that_comes_with_the_work(
    engine: Callable[[str], NetworkPipeline], model: str, recording: Path, tmp_path: Path
) -> None:
    pipeline = engine(model)
    asked = speech_work("Hi.", voice=f"{model}@{KEY}")
    with pytest.raises(InputError, match="is not here"):
        spoken(pipeline, asked)
    cloned = spoken(pipeline, with_recording(asked, recording))
    assert cloned.facts["voice"] == f"{model}@{KEY}"
    assert cloned.main.data == spoken(pipeline, with_recording(asked, recording)).main.data
    assert cloned.main.data != spoken(pipeline, with_recording(asked, tone(tmp_path / "longer.wav", 3.0))).main.data
    for seconds in (0.4, 31.0):
        with pytest.raises(LimitError, match="1 to 30 s"):
            spoken(pipeline, with_recording(asked, tone(tmp_path / "wrong.wav", seconds)))


def test_a_recording_without_words_gives_no_voice(shelf: ModelStore, assets: Path, recording: Path) -> None:
    deaf = NetworkPipeline(shelf, Devices(4 << 30), assets, "csm-1b", NETWORKS["csm"], lambda path, language, progress: " ")
    with pytest.raises(InputError, match="No words"):
        spoken(deaf, with_recording(speech_work("Hi.", voice=f"csm-1b@{KEY}"), recording))


@pytest.mark.parametrize("model", ["csm-1b", "dia-1.6b"])
def test_a_cancel_is_heard_within_an_utterance(engine: Callable[[str], NetworkPipeline], model: str) -> None:
    pipeline, token = engine(model), CancelToken()
    spoken(pipeline, speech_work("Hi."))  # loaded

    class Cancelling(Recorder):
        def report(self, fraction: float, message: str = "") -> None:
            token.cancel()

        def check(self) -> None:
            token.check()

    with pytest.raises(Cancelled):
        pipeline.generate([speech_work("Hi.")], Cancelling())


def test_a_folder_without_its_parts_is_refused(store: ModelStore, tmp_path: Path, assets: Path) -> None:
    folder = save_tiny_speecht5(tmp_path / "own" / "speecht5-tts")
    (folder / "spm_char.model").write_bytes(b"no list of letters")
    shelf = ModelStore(store.catalogue, tmp_path / "cache", models_folder=tmp_path / "own", offline=True)
    shelf.pull("speecht5-tts", Silent())
    pipeline = NetworkPipeline(shelf, Devices(4 << 30), assets, "speecht5-tts", NETWORKS["speecht5"], lambda *_: "")
    with pytest.raises(ModelUnusable, match="cannot be loaded as SpeechT5"):
        spoken(pipeline, speech_work("Hi."))


def test_letters_are_those_of_the_list_with_a_space_before_and_one_unknown_for_many(tmp_path: Path) -> None:
    letters = Letters.read(save_letters(tmp_path / "spm_char.model"))
    assert [LETTERS[number] for number in letters.ids(" he  sat ")] == ["\u2581", "h", "e", "\u2581", "s", "a", "t"]
    assert [LETTERS[number] for number in letters.ids("a€€b")] == ["\u2581", "a", "<unk>", "b"]
    assert letters.ids("€ 七") == letters.ids("  ") == []
    for damaged in (b"", b"\x0a\x7fshort", save_letters(tmp_path / "words", (*LETTERS, "ab")).read_bytes()):
        (tmp_path / "damaged").write_bytes(damaged)
        with pytest.raises(ValueError):
            Letters.read(tmp_path / "damaged")


def test_a_speaker_file_is_an_array_of_numbers_and_nothing_else(tmp_path: Path) -> None:
    np.save(tmp_path / "good.npy", np.array([3.0, 4.0]))
    assert speaker_of(tmp_path, "good", 2).tolist() == pytest.approx([0.6, 0.8])
    np.save(tmp_path / "pickled.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "zero.npy", np.zeros(2))
    (tmp_path / "text.npy").write_text("no array")
    for name in ("pickled", "zero", "text"):
        with pytest.raises(ModelCorrupt):
            speaker_of(tmp_path, name, 2)
    with pytest.raises(ModelCorrupt, match="3 numbers"):
        speaker_of(tmp_path, "good", 3)


@pytest.mark.parametrize(
    ("name", "found"),
    [(f"csm-1b@{KEY}", ("csm-1b", KEY)), (f"dia-1.6b@{'a' * 64}", ("dia-1.6b", "a" * 64)), ("af_heart", None), ("csm-1b@xyz", None)],
)
def test_a_voice_of_a_recording_is_named_by_engine_and_hash(name: str, found: tuple[str, str] | None) -> None:
    assert taken_over(name) == found


def test_every_model_of_these_families_has_voices_with_its_licence(store: ModelStore, assets: Path) -> None:
    voices = VoiceCatalogue.read(assets / "voices.toml")
    models = [model for model in store.catalogue.of(Task.SPEECH) if model.family in NETWORKS]
    assert {model.family for model in models} == set(NETWORKS)
    for model in models:
        own = voices.of(model.id)
        assert {voice.language.split("-")[0] for voice in own} == set(model.languages)
        assert {voice.licence for voice in own} == {model.licence}
