"""Prompts of CLIP families: weights, parts of 75 tokens, and what the library itself would have made of a plain prompt."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import DiffusionPipeline
from PIL import Image

from pipelines.image.clip_words import PART, Piece, encode, parts, pieces
from pipelines.image.words import Remembered, clip_arguments
from tests.pipelines.image.tiny_models import save_flux, save_sd15, save_sdxl

SAVERS = {"sd15": save_sd15, "sdxl": save_sdxl, "flux": save_flux}


@pytest.fixture(scope="module")
def pipes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found = {}
    for name, save in SAVERS.items():
        root = tmp_path_factory.mktemp(name)
        found[name] = DiffusionPipeline.from_pretrained(save(root / "model", root / "scratch"), local_files_only=True)
    return found


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a red fox", [("a red fox", 1.0)]),
        ("a (red) fox", [("a ", 1.0), ("red", 1.1), (" fox", 1.0)]),
        ("((red)) fox", [("red", 1.21), (" fox", 1.0)]),
        ("[red] fox", [("red", 1 / 1.1), (" fox", 1.0)]),
        ("(red:1.4) fox", [("red", 1.4), (" fox", 1.0)]),
        ("(a (red:2) fox:0.5)", [("a ", 0.5), ("red", 1.0), (" fox", 0.5)]),
        (r"a \(red\) fox", [("a (red) fox", 1.0)]),
        ("a (red fox", [("a ", 1.0), ("red fox", 1.1)]),
        ("time 10:30, Big Ben", [("time 10:30, Big Ben", 1.0)]),
        ("a) fox] (:-", [("a) fox] ", 1.0), (":-", 1.1)]),
        ("", [("", 1.0)]),
    ],
)
def test_weights_are_read_as_people_write_them(prompt: str, expected: list[tuple[str, float]]) -> None:
    found = pieces(prompt)
    assert [piece.text for piece in found] == [text for text, _ in expected]
    assert [piece.weight for piece in found] == pytest.approx([weight for _, weight in expected])


def test_a_break_begins_a_part(pipes: dict[str, Any]) -> None:
    assert pieces("a fox BREAK snow") == [Piece("a fox "), Piece(" snow", new_part=True)]
    assert len(parts(pipes["sd15"], pipes["sd15"].tokenizer, "a fox BREAK snow")) == 2


@pytest.mark.parametrize("prompt", ["a red fox", "", "a red fox, at night, in the snow"])
@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_a_plain_prompt_is_what_the_library_makes_of_it(pipes: dict[str, Any], family: str, prompt: str) -> None:
    pipe, mine = pipes[family], encode(pipes[family], prompt)
    theirs = pipe.encode_prompt(prompt, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False)
    assert torch.equal(mine.embeds, theirs[0])
    assert family == "sd15" or torch.equal(mine.pooled, theirs[2])


def test_an_empty_negative_prompt_is_what_the_library_takes_for_none(pipes: dict[str, Any]) -> None:
    for family in ("sd15", "sdxl"):
        pipe = pipes[family]
        theirs = pipe.encode_prompt("a fox", device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=True)
        mine = clip_arguments(pipe, Remembered(), ["a fox"], [""], True)
        assert torch.equal(mine["negative_prompt_embeds"], theirs[1])


def test_a_weight_makes_a_word_count_more_and_keeps_the_mean(pipes: dict[str, Any]) -> None:
    pipe = pipes["sd15"]
    plain, heavy = encode(pipe, "a red fox").embeds, encode(pipe, "a (red:1.5) fox").embeds
    assert plain.mean().item() == pytest.approx(heavy.mean().item(), abs=1e-6)
    ratio = (heavy / plain).mean(dim=-1)[0].tolist()
    assert ratio[2] == pytest.approx(1.5 * ratio[1], rel=1e-4), "start, a, red"
    assert ratio[0] == pytest.approx(ratio[1], rel=1e-4)


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_a_long_prompt_is_encoded_part_by_part_to_its_end(pipes: dict[str, Any], family: str) -> None:
    pipe = pipes[family]
    words = "fox and owl " * 20
    cut = parts(pipe, pipe.tokenizer, words)
    assert [len(ids) for ids, _ in cut[:-1]] == [PART] * (len(cut) - 1)
    long = encode(pipe, words).embeds
    assert long.shape[1] == 77 * len(cut)
    assert not torch.equal(long, encode(pipe, words + "asleep").embeds)


def test_a_prompt_is_encoded_once(pipes: dict[str, Any]) -> None:
    kept = Remembered(most=3)
    for text in ("a", "b", "a"):
        clip_arguments(pipes["sd15"], kept, [text], [""], True)
    assert kept.hits == 3, "a once more, and the empty negative prompt twice"
    kept.adapters = ("lora:1.0",)
    clip_arguments(pipes["sd15"], kept, ["a"], [""], False)
    assert kept.hits == 3, "what lies on the encoder is part of the key"


def test_the_librarys_own_encoding_is_asked_once_for_the_same_texts(pipes: dict[str, Any]) -> None:
    pipe, kept = pipes["flux"], Remembered()
    plain = pipe.encode_prompt(prompt=["a fox"], prompt_2=None, device=None, num_images_per_prompt=1, max_sequence_length=64)
    kept.watch(pipe)
    for _ in range(2):
        again = pipe.encode_prompt(prompt=["a fox"], prompt_2=None, device=None, num_images_per_prompt=1, max_sequence_length=64)
        assert all(torch.equal(one, other) for one, other in zip(plain, again, strict=True))
    pipe.encode_prompt(prompt=["an owl"], prompt_2=None, device=None, num_images_per_prompt=1, max_sequence_length=64)
    assert kept.hits == 1


def test_words_beside_a_picture_are_encoded_each_time() -> None:
    """Two pictures may come to lie at one place in memory: their words are not each other's."""
    asked: list[object] = []

    class Pipe:
        def encode_prompt(self, prompt: str, image: object = None) -> str:
            asked.append(image)
            return f"{prompt} {len(asked)}"

    pipe, kept = Pipe(), Remembered()
    kept.watch(pipe)
    assert pipe.encode_prompt("a fox") == pipe.encode_prompt("a fox") == "a fox 1"
    picture = Image.new("RGB", (8, 8))
    assert [pipe.encode_prompt("a fox", image=picture), pipe.encode_prompt("a fox", image=[picture])] == ["a fox 2", "a fox 3"]
    assert kept.hits == 1
