"""VITS with the real classes at a tiny random configuration, saved to a folder and pulled by the real store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from domain.errors import InputError, ModelUnusable
from domain.progress import Silent
from pipelines.audio.networks import NetworkPipeline
from pipelines.audio.vits import Vits
from pipelines.devices import Devices
from pipelines.models.store import ModelStore
from tests.pipelines.audio.sounds import heard, speech_work

MODEL = "mms-tts-eng"


def save_tiny_vits(folder: Path, **tokenizer: bool) -> Path:
    import torch
    from transformers import VitsConfig, VitsModel, VitsTokenizer

    folder.mkdir(parents=True)
    config = VitsConfig(
        vocab_size=32,
        hidden_size=16,
        num_hidden_layers=1,
        ffn_dim=16,
        flow_size=16,
        spectrogram_bins=9,
        upsample_initial_channel=16,
        resblock_kernel_sizes=(3,),
        resblock_dilation_sizes=((1, 3),),
        duration_predictor_filter_channels=16,
        prior_encoder_num_flows=1,
        prior_encoder_num_wavenet_layers=1,
        posterior_encoder_num_wavenet_layers=1,
    )
    torch.manual_seed(0)
    VitsModel(config).save_pretrained(folder)
    letters = {letter: number for number, letter in enumerate("_abcdefghijklmnopqrstuvwxyz '", start=0)}
    (folder / "vocab.json").write_text(json.dumps({**letters, "<unk>": 29}), encoding="utf-8")
    given = {"phonemize": False, "is_uroman": False, **tokenizer}
    VitsTokenizer(str(folder / "vocab.json"), pad_token="_", **given).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def shelf(store: ModelStore, tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    own = tmp_path_factory.mktemp("folder")
    save_tiny_vits(own / MODEL)
    made = ModelStore(store.catalogue, tmp_path_factory.mktemp("cache"), models_folder=own, offline=True)
    made.pull(MODEL, Silent())
    return made


def pipeline(shelf: ModelStore, assets: Path) -> NetworkPipeline:
    return NetworkPipeline(shelf, Devices(4 << 30), assets, MODEL, Vits(), lambda path, language, progress: "")


def test_a_vits_network_speaks_from_a_folder_of_safetensors(shelf: ModelStore, assets: Path) -> None:
    vits = pipeline(shelf, assets)
    capability = vits.capability()
    assert capability is not None
    assert capability.languages == ("en",)
    slow, fast, again, other = (
        vits.generate([speech_work("Hello there. Good evening.", speed=speed, seed=seed)], Silent())[0]
        for speed, seed in ((0.5, 1), (2.0, 1), (0.5, 1), (0.5, 2))
    )
    assert heard(slow)[1] == 24_000
    assert len(heard(slow)[0]) > len(heard(fast)[0])
    assert slow.main.data == again.main.data
    assert slow.main.data != other.main.data
    assert (slow.facts["voice"], slow.facts["sentences"]) == ("mms_eng", 2)


def test_what_it_cannot_speak_is_refused(shelf: ModelStore, assets: Path) -> None:
    vits = pipeline(shelf, assets)
    with pytest.raises(InputError, match="does not speak"):
        vits.generate([speech_work("bonjour", language="fr")], Silent())
    with pytest.raises(InputError):
        vits.generate([speech_work("...")], Silent())


def test_a_network_that_needs_a_phonemizer_is_refused(store: ModelStore, tmp_path: Path, assets: Path) -> None:
    save_tiny_vits(tmp_path / "own" / MODEL, phonemize=True)
    shelf = ModelStore(store.catalogue, tmp_path / "cache", models_folder=tmp_path / "own", offline=True)
    shelf.pull(MODEL, Silent())
    with pytest.raises(ModelUnusable, match="phonemizer"):
        pipeline(shelf, assets).generate([speech_work("hello")], Silent())
