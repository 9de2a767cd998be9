"""Sentence embeddings on the real models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from domain.errors import InputError, ModelCorrupt, ModelMissing
from domain.recipe import ModelRef
from pipelines.devices import Devices
from pipelines.text.embedder import E5Embedder, MiniLmEmbedder

GB = 1024**3


@pytest.fixture(scope="module")
def english(model_folder: Callable[[str], Path]) -> MiniLmEmbedder:
    return MiniLmEmbedder(model_folder("all-minilm-l6-v2"), ModelRef(id="all-minilm-l6-v2"), Devices(GB))


@pytest.fixture(scope="module")
def multilingual(model_folder: Callable[[str], Path]) -> E5Embedder:
    return E5Embedder(model_folder("multilingual-e5-small-q4"), ModelRef(id="multilingual-e5-small-q4"), Devices(GB))


@pytest.mark.models
def test_related_sentences_are_closer_than_unrelated_ones(english: MiniLmEmbedder) -> None:
    fox, animal, tax = english.embed_array(["a red fox in the snow", "a wild animal in winter", "the quarterly tax report"])
    assert fox @ animal > 0.4
    assert fox @ animal > fox @ tax + 0.3


@pytest.mark.models
def test_the_vectors_are_those_of_the_reference_implementation(english: MiniLmEmbedder, model_folder: Callable[[str], Path]) -> None:
    import torch
    from transformers import AutoTokenizer, BertModel

    folder = str(model_folder("all-minilm-l6-v2"))
    texts = ["A cat sits on the mat.", "", "冷萃 cold brew", "word " * 400]
    tokens = AutoTokenizer.from_pretrained(folder)(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
    with torch.no_grad():
        hidden = BertModel.from_pretrained(folder).eval()(**tokens).last_hidden_state
    mask = tokens["attention_mask"][..., None]
    pooled = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1)).numpy()
    np.testing.assert_allclose(english.embed_array(texts), pooled, atol=1e-5)


@pytest.mark.models
def test_the_same_words_in_chinese_and_english_are_close(multilingual: E5Embedder) -> None:
    chinese, same, other = multilingual.embed_array(["冷萃咖啡的发布会", "Cold brew coffee launch event", "Quarterly tax report"])
    assert chinese @ same > 0.83
    assert chinese @ same > chinese @ other + 0.05


@pytest.mark.models
def test_a_question_finds_its_passage(multilingual: E5Embedder) -> None:
    question = multilingual.embed_array(["咖啡要冲泡多久?"])[0]
    passages = multilingual.embed_array(
        ["Cold brew steeps for eighteen hours.", "The office is in Lisbon.", "Our logo is a blue whale."], role="passage"
    )
    assert int(np.argmax(passages @ question)) == 0


@pytest.mark.models
@pytest.mark.parametrize("name", ["english", "multilingual"])
def test_vectors_are_unit_length_and_do_not_depend_on_their_batch(name: str, request: pytest.FixtureRequest) -> None:
    embedder: MiniLmEmbedder | E5Embedder = request.getfixturevalue(name)
    texts = [
        "short",
        "a somewhat longer sentence about banners and coffee",
        "",
        "  Ｆｕｌｌ　width ﬁ  ",
        "狐狸 🦊",
        "long " * 700,
        "a\x00b",
    ]
    together = embedder.embed_array(texts)
    assert together.shape == (7, 384)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(together, np.concatenate([embedder.embed_array([text]) for text in texts]), atol=1e-5)
    np.testing.assert_allclose(embedder.embed(texts[:2]), together[:2], atol=1e-5)


@pytest.mark.models
@pytest.mark.parametrize("name", ["english", "multilingual"])
def test_nothing_gives_nothing_and_half_a_character_is_refused(name: str, request: pytest.FixtureRequest) -> None:
    embedder: MiniLmEmbedder | E5Embedder = request.getfixturevalue(name)
    assert embedder.embed([]) == []
    with pytest.raises(InputError, match="Text 2 holds half a character"):
        embedder.embed(["fine", "a\ud800"])


@pytest.mark.models
@pytest.mark.parametrize("keep", [4, 100, 500_000, 20_000_000, 71_000_000])
def test_a_cut_off_multilingual_model_is_named(tmp_path: Path, model_folder: Callable[[str], Path], keep: int) -> None:
    with (model_folder("multilingual-e5-small-q4") / "e5-small-q4.bin").open("rb") as whole:
        (tmp_path / "e5-small-q4.bin").write_bytes(whole.read(keep))
    with pytest.raises(ModelCorrupt, match=r"e5-small-q4\.bin"):
        E5Embedder(tmp_path, ModelRef(id="e5"), Devices(GB)).embed(["hello"])


@pytest.mark.parametrize("content", [b"", b"not a model", b"\xff" * 64])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    for name in ("model.safetensors", "tokenizer.json", "e5-small-q4.bin"):
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelCorrupt, match=r"model\.safetensors"):
        MiniLmEmbedder(tmp_path, ModelRef(id="minilm"), Devices(GB)).embed(["hello"])
    with pytest.raises(ModelCorrupt, match=r"e5-small-q4\.bin"):
        E5Embedder(tmp_path, ModelRef(id="e5"), Devices(GB)).embed(["hello"])


def test_a_missing_file_says_how_to_get_it(tmp_path: Path) -> None:
    for make in (MiniLmEmbedder, E5Embedder):
        with pytest.raises(ModelMissing, match="models pull"):
            make(tmp_path, ModelRef(id="none"), Devices(GB))
